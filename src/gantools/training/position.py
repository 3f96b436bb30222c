"""Where a run is: the plain values of its state, beside the tensors."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError
from gantools.models.weights import SCHEMA, first_difference
from gantools.options import to_mapping
from gantools.parsing import duration
from gantools.training.budget import Plan
from gantools.training.config import TrainConfig
from gantools.training.journal import TermMeans
from gantools.training.patience import Patience
from gantools.training.system import System

_WAYS_OUT = "keep it, or use --no-resume to start over"
_NAMED = 5


@dataclass
class Position:
    """How far a run has come.

    Parameters
    ----------
    precision : str
        Arithmetic chosen at the start; a resumed run keeps it, also on another machine.
    step : int
        Steps done.
    averaged_updates : int
        Updates of the moving average; skipped steps do not count.
    validated, published : int
        Steps after which the last validation was and the weights in the folder were written; -1 before the first.
    best_step, best_score : int or None, float or None
        The best validation.
    seconds : float
        Training time over all starts.
    healthy : int
        Steps after which the last healthy validation was, whose state is kept to go back to; -1 before the first.
    rollbacks : int
        Returns to a healthy state so far.
    threads : int
        CPU threads that the run began with or chose, which it keeps; 0 while it has not chosen.
    symptoms : dict
        What the last validation, or the last collapse, showed: name -> sentence.
    started_from : dict or None
        The model whose weights the run began with.
    first_scales : dict
        How large the weights of each network were at the start (`collapse.weight_scales`).
    plan : Plan
        Length of the run.
    patience : Patience
        Count towards an early end.
    means : TermMeans
        Terms since the last line of the journal.
    """

    precision: str
    step: int = 0
    averaged_updates: int = 0
    validated: int = -1
    published: int = 0
    best_step: int | None = None
    best_score: float | None = None
    seconds: float = 0.0
    healthy: int = -1
    rollbacks: int = 0
    threads: int = 0
    symptoms: dict[str, str] = field(default_factory=dict)
    started_from: dict[str, str] | None = None
    first_scales: dict[str, float] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    patience: Patience = field(default_factory=Patience)
    means: TermMeans = field(default_factory=TermMeans)

    @property
    def finished(self) -> bool:
        """Whether all steps are done and validated."""
        return 0 < self.plan.total <= self.step and self.validated == self.step

    def to_meta(self, system: System) -> dict[str, Any]:
        """Return JSON values, with the settings that a resumed run has to share."""
        values = {**asdict(self), "means": self.means.sums}
        return {
            "schema": SCHEMA,
            "system": system.name,
            "config": to_mapping(system.config),
            "data": system.data,
            **values,
        }

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> Position:
        """Take back what `to_meta` gave."""
        nested = ("plan", "means", "patience")
        # A state of an earlier version lacks what came later.
        plain = {name: meta[name] for name in cls.__dataclass_fields__ if name not in nested and name in meta}
        position = cls(**plain, plan=Plan.from_state(meta["plan"]), patience=Patience(**meta.get("patience", {})))
        position.means.load(meta["means"])
        return position

    def return_to(self, meta: dict[str, Any]) -> None:
        """Go back to a saved state; the plan, the time spent and the best weights stay what they are."""
        earlier = Position.from_meta(meta)
        self.step, self.averaged_updates, self.validated = earlier.step, earlier.averaged_updates, earlier.validated
        self.patience, self.means = earlier.patience, earlier.means
        self.patience.go_on()

    def share_done(self, seconds: float) -> float:
        """Return how much of the run's steps or budget is done, 0 to 1."""
        return seconds / self.plan.budget_seconds if self.plan.budget_seconds else self.step / max(1, self.plan.total)

    def set_length(self, config: TrainConfig) -> None:
        """Fit the plan to the configured steps or budget, for a new run or one that is resumed.

        Raises
        ------
        ConfigError
            More steps are done than are asked for.
        """
        plan = self.plan
        if self.patience.stays_ended(config) and (config.budget or self.step <= config.steps):
            plan.total = self.step
            return
        if self.patience.ended:
            self.patience.go_on()
            plan.budget_seconds = 0.0
        if not config.budget:
            if config.steps < self.step:
                done, wanted = self.step, config.steps
                raise ConfigError(
                    f"steps: {done} are done already, {wanted} are asked for; give --steps {done} or more"
                )
            self._compare_anew(plan.count(config.steps))
            return
        budget = duration(config.budget)
        if budget == plan.budget_seconds or (self.finished and budget <= self.seconds + plan.reserve_seconds):
            return
        self._compare_anew(plan.give(budget, self.step, self.validated >= 0))

    def _compare_anew(self, other_set: bool) -> None:
        """Forget the best score where validations hear another part of their set from now on."""
        if other_set:
            self.best_step = self.best_score = self.patience.mark = None


def check_resumable(system: System, meta: dict[str, Any], folder: Path) -> None:
    """Check that a saved run and this one compute the same steps.

    Raises
    ------
    ConfigError
        Naming the first setting or part of the data that differs.
    """
    if meta["system"] != system.name:
        raise ConfigError(f"is a model of {meta['system']}, not of {system.name}; choose another --out", folder)
    for name, here in to_mapping(system.config).items():
        there = meta["config"].get(name, here)
        if name not in system.config.FREE and there != here:
            message = f"cannot go on with {name} {here!r}: the run was started with {there!r}; {_WAYS_OUT}"
            raise ConfigError(message, folder)
    check_same_data(system.data, meta["data"], folder)


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
