"""Early stopping: the end of a run that has nothing more to learn, before its last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gantools.parsing import duration
from gantools.training.config import TrainConfig

_LEAST_GAIN = 0.02
_LEAST_SHARE = 0.25


@dataclass
class EarlyStopping:
    """Counts validations in a row without a clearly better score.

    Parameters
    ----------
    stale : int
        How many there were lately.
    reference : float or None
        The score to better by 2 %.
    stopped : dict or None
        Patience, steps and budget with which the run was stopped early; with these it stays so.
    """

    stale: int = 0
    reference: float | None = None
    stopped: dict[str, Any] | None = None

    def note(self, score: float) -> None:
        """Take the score of a healthy validation; NaN is not better than anything."""
        if score < (float("inf") if self.reference is None else self.reference - _LEAST_GAIN * abs(self.reference)):
            self.reference, self.stale = score, 0
        else:
            self.stale += 1

    def due(self, config: TrainConfig, share: float) -> bool:
        """Return whether to stop now, and if so keep with which settings; `share` is the part of the run, 0 to 1."""
        if not config.patience or self.stale < config.patience or share < _LEAST_SHARE:
            return False
        self.stopped = {"patience": config.patience, "steps": config.steps, "budget": config.budget}
        return True

    def stays(self, config: TrainConfig) -> bool:
        """Return whether the run was stopped early and is asked for nothing more."""
        if self.stopped is None or self.stopped["patience"] != config.patience:
            return False
        if bool(config.budget) != bool(self.stopped["budget"]):
            return False
        if config.budget:
            return duration(config.budget) <= duration(self.stopped["budget"])
        return config.steps <= int(self.stopped["steps"])

    def restart(self) -> None:
        """Count anew in a run that was stopped early and is asked for more."""
        if self.stopped is not None:
            self.stopped, self.stale = None, 0
