"""What every training run can be told; each system's configuration adds its own fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from gantools.options import option
from gantools.parsing import duration, names, shares


@dataclass(frozen=True)
class TrainConfig:
    """Fields that the training loop reads. A system's configuration inherits from this class.

    Notes
    -----
    A run is resumed only with the values that it was started with, except for the fields in `FREE`, which do not change
    what one step computes. A system whose configuration has more of these extends the set.
    """

    FREE: ClassVar[frozenset[str]] = frozenset(
        {"steps", "epochs", "budget", "validate_every", "save_every", "log_every", "keep_last", "threads"}
        | {"patience", "rollbacks", "documented_steps"}
    )
    #: Of a preset, the others give way where the first is asked for.
    OVERRIDES: ClassVar[dict[str, tuple[str, ...]]] = {
        "steps": ("epochs", "budget"),
        "epochs": ("budget",),
        "budget": ("epochs",),
    }
    #: Each says the same in another way, so that only one of them can be asked for.
    ALTERNATIVES: ClassVar[tuple[str, ...]] = ("steps", "epochs", "budget")

    steps: int = option(
        1500,
        "Steps of the whole run. Schedules stretch to it, so a longer run is not just a shorter one continued.",
        low=1,
    )
    epochs: int = option(
        0,
        "Passes over the data to train for, in place of --steps. With 0 it is --steps or --budget that counts.",
        low=0,
    )
    budget: str = option(
        "", "Time to train for in place of --steps, everything included, such as 90s, 5m or 2h.", parse=duration
    )
    batch_size: int = option(
        1,
        "Items in each step, over all ranks. More of them make a step slower and its direction surer.",
        low=1,
        group="Optimiser",
    )
    micro_batch: int = option(
        0,
        "Items in each backward pass, whose gradients are summed. Fewer need less memory; 0 takes the whole batch.",
        low=0,
        group="Speed and memory",
    )
    seed: int = option(0, "Seed of weights, data order and noise.", low=0, flag="")
    precision: str = option(
        "auto",
        "Arithmetic of the networks. With auto it is bfloat16 where the hardware has it, which is faster.",
        choices=("auto", "float32", "bfloat16", "float16"),
        group="Speed and memory",
    )
    ema: bool = option(
        True, "Average the generator's weights over the run (EMA), to validate and generate with.", group="Optimiser"
    )
    validate_every: int = option(
        0,
        "Steps from one validation to the next; 0 validates ten times in a run.",
        low=0,
        group="Validating and saving",
    )
    save_every: int = option(
        0,
        "Steps from one save to the next; 0 saves every minute. A validation always saves.",
        low=0,
        group="Validating and saving",
    )
    log_every: int = option(
        20, "Steps that are averaged into one line of metrics.jsonl.", low=1, group="Validating and saving"
    )
    keep_last: int = option(1, "Saved training states to keep.", low=1, group="Validating and saving")
    patience: int = option(
        0,
        "Stop early after so many validations in a row whose score is not 2 % better; 0 never stops early.",
        low=0,
        group="Validating and saving",
    )
    rollbacks: int = option(
        2,
        "Returns to the last healthy state after a collapse. One collapse more ends the run.",
        low=0,
        group="Validating and saving",
    )
    threads: int = option(
        0,
        "CPU threads of each rank; 0 shares out the cores. With a budget, the first steps find the best number.",
        low=0,
        group="Speed and memory",
    )
    documented_steps: int = option(
        0, "Steps behind the documentation's figures; 0 where there are none.", low=0, flag=""
    )


def split_option(default: str) -> Any:
    """Return the option of how whole pieces are split, with its default."""
    return option(
        default,
        "Shares of train, val and test. Whole pieces fall to them by a hash of their names.",
        parse=shares,
        group="Data",
    )


@dataclass(frozen=True)
class PieceConfig(TrainConfig):
    """Options of the systems that learn from pieces in MIDI and split these themselves."""

    split: str = split_option("90/10/0")
    val_songs: str = option("", "Pieces to put in val, separated by commas.", parse=names, group="Data")
    test_songs: str = option("", "Pieces to put in test, separated by commas.", parse=names, group="Data")
