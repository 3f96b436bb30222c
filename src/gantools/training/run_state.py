"""Where a run is: the plain values of a checkpoint, beside the tensors."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError
from gantools.models.folder import SCHEMA, first_difference
from gantools.options import to_mapping
from gantools.parsing import duration
from gantools.training.config import TrainConfig
from gantools.training.early_stopping import EarlyStopping
from gantools.training.run_length import RunLength
from gantools.training.system import System

_WAYS_OUT = "keep it, or use --no-resume to start over"
_NAMED = 5


@dataclass
class RunState:
    """How far a run has come.

    Parameters
    ----------
    precision : str
        Arithmetic chosen at the start; a resumed run keeps it, also on another machine.
    step : int
        Steps done.
    good_steps : int
        Steps without those that were skipped: so many updates the moving averages have had.
    validated_step, published_step : int
        Steps after which the last validation was, -1 before the first, and after which the weights in the folder were
        written.
    best_step, best_score : int or None, float or None
        The best validation.
    seconds : float
        Training time over all starts.
    healthy_step : int
        Steps after which the last healthy validation was, whose checkpoint is kept to go back to; -1 before the first.
    rollbacks : int
        Returns to a healthy checkpoint so far.
    threads : int
        CPU threads that the run began with or chose, which it keeps; 0 while it has not chosen.
    symptoms : dict
        What the last validation, or the last collapse, showed: name -> sentence.
    started_from : dict or None
        The model whose weights the run began with.
    initial_scales : dict
        How large the weights of each network were at the start (`collapse.weight_scales`).
    length : RunLength
    early_stopping : EarlyStopping
    term_sums : dict
        Logged terms since the last line of the journal: name -> [sum, number of steps].
    """

    precision: str
    step: int = 0
    good_steps: int = 0
    validated_step: int = -1
    published_step: int = 0
    best_step: int | None = None
    best_score: float | None = None
    seconds: float = 0.0
    healthy_step: int = -1
    rollbacks: int = 0
    threads: int = 0
    symptoms: dict[str, str] = field(default_factory=dict)
    started_from: dict[str, str] | None = None
    initial_scales: dict[str, float] = field(default_factory=dict)
    length: RunLength = field(default_factory=RunLength)
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    term_sums: dict[str, list[float]] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether all steps are done and validated."""
        return 0 < self.length.total <= self.step and self.validated_step == self.step

    def to_meta(self, system: System) -> dict[str, Any]:
        """Return JSON values, with the settings that a resumed run has to share."""
        about = {"schema": SCHEMA, "system": system.name, "config": to_mapping(system.config), "data": system.data}
        return {**about, **asdict(self)}

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> RunState:
        """Take back what `to_meta` gave."""
        values = {name: meta[name] for name in cls.__dataclass_fields__}
        values["length"] = RunLength.from_state(meta["length"])
        values["early_stopping"] = EarlyStopping(**meta["early_stopping"])
        # JSON has null for NaN.
        sums = meta["term_sums"].items()
        values["term_sums"] = {name: [math.nan if v is None else v for v in pair] for name, pair in sums}
        return cls(**values)

    def restore(self, meta: dict[str, Any]) -> None:
        """Go back to a checkpoint; the length, the time spent and the best weights stay what they are."""
        earlier = RunState.from_meta(meta)
        self.step, self.good_steps, self.validated_step = earlier.step, earlier.good_steps, earlier.validated_step
        self.early_stopping, self.term_sums = earlier.early_stopping, earlier.term_sums
        self.early_stopping.restart()

    def share_done(self, seconds: float) -> float:
        """Return how much of the run's steps or budget is done, 0 to 1."""
        length = self.length
        return seconds / length.budget_seconds if length.budget_seconds else self.step / max(1, length.total)

    def set_length(self, config: TrainConfig) -> None:
        """Set the length to the configured steps or budget, for a new run or one that is resumed.

        Raises
        ------
        ConfigError
            More steps are done than are asked for.
        """
        length = self.length
        if self.early_stopping.stays(config) and (config.budget or self.step <= config.steps):
            length.total = self.step
            return
        if self.early_stopping.stopped:
            self.early_stopping.restart()
            length.budget_seconds = 0.0
        if not config.budget:
            if config.steps < self.step:
                done, wanted = self.step, config.steps
                raise ConfigError(
                    f"steps: {done} are done already, {wanted} are asked for; give --steps {done} or more"
                )
            self._compare_anew(length.count(config.steps))
            return
        budget = duration(config.budget)
        if budget == length.budget_seconds or (self.finished and budget <= self.seconds + length.reserve_seconds):
            return
        self._compare_anew(length.give(budget, self.step, self.validated_step >= 0))

    def _compare_anew(self, other_set: bool) -> None:
        """Forget the best score where validations hear another part of their set from now on."""
        if other_set:
            self.best_step = self.best_score = self.early_stopping.reference = None


def check_resumable(system: System, meta: dict[str, Any], folder: Path) -> None:
    """Check that a saved run and this one compute the same steps.

    Raises
    ------
    ConfigError
        Naming the first setting or part of the data that differs.
    """
    if meta["system"] != system.name:
        raise ConfigError(f"is a model of {meta['system']}, not of {system.name}; choose another --out", folder)
    check_same_options(system.config, meta["config"], folder)
    check_same_data(system.data, meta["data"], folder)


def check_same_options(config: TrainConfig, there: dict[str, Any], folder: Path) -> None:
    """Check that a run goes on with the options that it was started with, but for those that it is free to change.

    Raises
    ------
    ConfigError
        Naming the first option that differs.
    """
    for name, here in to_mapping(config).items():
        was = there.get(name, here)
        if name not in config.FREE and was != here:
            raise ConfigError(
                f"cannot go on with {name} {here!r}: the run was started with {was!r}; {_WAYS_OUT}", folder
            )


def check_same_data(here: dict[str, Any], there: dict[str, Any], folder: Path, what: str = "other data") -> None:
    """Check that a run goes on with the data that it was started with; `what` says what else it would be.

    Raises
    ------
    ConfigError
        Naming the songs that are new, gone or changed, or the first other part that differs.
    """
    difference = _other_sounds(here, there) or first_difference(here, there, "data")
    if difference:
        raise ConfigError(
            f"cannot go on with {what}: {difference}; give what it was started with, or let a new model begin with "
            f"its weights: --from {folder} and another --out",
            folder,
        )


def _other_sounds(here: dict[str, Any], there: dict[str, Any]) -> str:
    """Return which songs or files differ, or an empty string; a model of an earlier version does not name them."""
    if "sounds" not in here or "sounds" not in there:
        return ""
    mine, old = here["sounds"], there["sounds"]
    kinds = {
        "new": sorted(set(mine) - set(old)),
        "gone": sorted(set(old) - set(mine)),
        "changed": sorted(name for name in set(mine) & set(old) if mine[name] != old[name]),
    }
    parts = []
    for kind, names in kinds.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        parts += [f"{kind}: {', '.join(names[:_NAMED])}{more}"] if names else []
    return ", ".join(parts)
