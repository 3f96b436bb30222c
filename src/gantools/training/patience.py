"""When a run has nothing more to learn: the end before the last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gantools.parsing import duration
from gantools.training.config import TrainConfig

_GAIN = 0.02
_LEAST_SHARE = 0.25


@dataclass
class Patience:
    """Validations in a row without a clearly better score.

    Parameters
    ----------
    stale : int
        How many there were lately.
    mark : float or None
        The score to better by 2 %.
    ended : dict or None
        Patience, steps and budget with which the run ended early; with these it stays ended.
    """

    stale: int = 0
    mark: float | None = None
    ended: dict[str, Any] | None = None

    def note(self, score: float) -> None:
        """Take the score of a healthy validation; NaN is not better than anything."""
        if score < (float("inf") if self.mark is None else self.mark - _GAIN * abs(self.mark)):
            self.mark, self.stale = score, 0
        else:
            self.stale += 1

    def runs_out(self, config: TrainConfig, share: float) -> bool:
        """Return whether to end now, and keep with which settings; `share` is the part of the run that is done."""
        if not config.patience or self.stale < config.patience or share < _LEAST_SHARE:
            return False
        self.ended = {"patience": config.patience, "steps": config.steps, "budget": config.budget}
        return True

    def stays_ended(self, config: TrainConfig) -> bool:
        """Return whether the run ended early and is asked for nothing more."""
        if self.ended is None or self.ended["patience"] != config.patience:
            return False
        if bool(config.budget) != bool(self.ended["budget"]):
            return False
        if config.budget:
            return duration(config.budget) <= duration(self.ended["budget"])
        return config.steps <= int(self.ended["steps"])

    def go_on(self) -> None:
        """Count anew in a run that ended early and was asked for more."""
        if self.ended is not None:
            self.ended, self.stale = None, 0
