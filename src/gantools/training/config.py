"""What every training run can be told; each system's configuration adds its own fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option

_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class TrainConfig:
    """Fields that the training loop reads. A system's configuration inherits from this class.

    Notes
    -----
    A run is resumed only with the values that it was started with, except for the fields in `FREE`, which do not change
    what one step computes. A system whose configuration has more of these extends the set.
    """

    FREE: ClassVar[frozenset[str]] = frozenset(
        {"steps", "budget", "validate_every", "save_every", "log_every", "keep_last", "threads"}
        | {"patience", "rollbacks", "documented_steps"}
    )
    #: Of a preset, the second gives way where the first is asked for.
    OVERRIDES: ClassVar[dict[str, str]] = {"steps": "budget"}

    steps: int = option(1500, "Training steps; schedules scale to them.", low=1)
    budget: str = option("", "Train for so long instead, all included: 90s, 5m, 2h.")
    batch_size: int = option(1, "Items per step, over all ranks.", low=1)
    micro_batch: int = option(0, "Items per backward pass, whose gradients are summed; 0 takes all at once.", low=0)
    seed: int = option(0, "Seed of weights, data order and noise.", low=0, flag="")
    precision: str = option(
        "auto",
        "Arithmetic of the networks; auto takes bfloat16 where the hardware has it.",
        choices=("auto", "float32", "bfloat16", "float16"),
    )
    ema: bool = option(True, "Average the generators' weights over the run, to validate and generate with.")
    validate_every: int = option(0, "Steps between validations; 0 validates ten times.", low=0)
    save_every: int = option(0, "Steps between saves; 0 saves every minute. Each validation saves too.", low=0)
    log_every: int = option(20, "Steps that one line of metrics.jsonl averages.", low=1)
    keep_last: int = option(1, "Saved training states to keep.", low=1)
    patience: int = option(0, "End after so many validations in a row without a score 2 % better; 0 never does.", low=0)
    rollbacks: int = option(
        2, "Returns to the last healthy state after collapses; one collapse more ends the run.", low=0
    )
    threads: int = option(
        0, "CPU threads of each rank; 0 shares out the cores; with a budget, the first steps choose.", low=0
    )
    documented_steps: int = option(0, "Steps behind the documentation's figures; 0: not known.", low=0, flag="")

    def __post_init__(self) -> None:
        if self.budget:
            parse_seconds(self.budget)


def parse_seconds(text: str) -> float:
    """Return a duration in seconds.

    Parameters
    ----------
    text : str
        A number with a unit, ``90s``, ``5m``, ``2h``, ``1d``, several of them, ``1h30m``, or a bare number of seconds.

    Raises
    ------
    ConfigError
        The text is no positive duration.
    """
    compact = text.strip().lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", compact)
    if parts and "".join(number + unit for number, unit in parts) == compact:
        seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    elif re.fullmatch(r"\d+(\.\d+)?", compact):
        seconds = float(compact)
    else:
        seconds = 0.0
    if seconds <= 0:
        raise ConfigError(f"budget: {text!r} is no duration; write for example 90s, 5m or 2h")
    return seconds
