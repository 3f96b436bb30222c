"""How long a run is: a number of steps, or as many as fit into a budget of time."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from gantools.training.config import TrainConfig

_MOST_VALIDATIONS = 10
_VALIDATION_SHARE = 0.2
# A step counts as at most so many times the mean.
_MOST_OF_MEAN = 4.0
# The number of steps follows the real speed at these shares of the budget. Later it stays, for the learning rate's
# sake.
_REPLAN_SHARES = (0.08, 0.25, 0.5)


@dataclass
class Plan:
    """The length of a run, and what its parts cost.

    Parameters
    ----------
    total : int
        Steps of the whole run, which schedules scale to; 0 while a budget run has not measured its speed.
    validations : int
        Validations spread evenly over the run, where `validate_every` is 0.
    budget_seconds : float
        Time for everything; 0 for a run of a given number of steps.
    step_seconds, validate_seconds, save_seconds : float
        What one of each took lately.
    replans : int
        How many of the corrections of `total` are done.
    """

    total: int = 0
    validations: int = _MOST_VALIDATIONS
    budget_seconds: float = 0.0
    step_seconds: float = 0.0
    validate_seconds: float = 0.0
    save_seconds: float = 0.0
    replans: int = 0

    def state(self) -> dict[str, float]:
        """Return the fields as JSON values."""
        return asdict(self)

    def note_step(self, seconds: float) -> None:
        """Take the time of a step into the running mean; a machine that stalls once must not shorten the run."""
        if not self.step_seconds:
            self.step_seconds = seconds
        self.step_seconds += 0.02 * (min(seconds, _MOST_OF_MEAN * self.step_seconds) - self.step_seconds)

    def note_validation(self, seconds: float) -> None:
        """Take the time of a validation; a slow one counts at once, a fast one by half."""
        self.validate_seconds = max(seconds, (self.validate_seconds + seconds) / 2)

    def note_save(self, seconds: float) -> None:
        """Take the time of a save; a slow one counts at once, a fast one by half."""
        self.save_seconds = max(seconds, (self.save_seconds + seconds) / 2)

    @property
    def reserve_seconds(self) -> float:
        """Time to leave for the end of a budget run: a validation, a save and the step under way."""
        return 1.2 * self.validate_seconds + 1.5 * self.save_seconds + 1.5 * self.step_seconds + 0.1

    def choose_total(self, step: int, elapsed_seconds: float, config: TrainConfig) -> None:
        """Set how many steps fit, from the measured costs; at least one more than are done."""
        allowed = int(_VALIDATION_SHARE * self.budget_seconds / max(self.validate_seconds, 1e-9))
        self.validations = max(1, min(_MOST_VALIDATIONS, allowed))
        left = self.budget_seconds - elapsed_seconds - self.reserve_seconds
        per_check = self.validate_seconds + self.save_seconds
        if config.validate_every:
            steps = left / (self.step_seconds + per_check / config.validate_every)
        else:
            ahead = self.validations * max(0.0, 1.0 - elapsed_seconds / self.budget_seconds)
            steps = (left - max(0.0, ahead - 1.0) * per_check) / self.step_seconds
        self.total = step + max(1, int(steps))

    def replan(self, step: int, elapsed_seconds: float, config: TrainConfig) -> bool:
        """Correct the number of steps if it is time to; return whether it was."""
        if not self.budget_seconds or self.replans >= len(_REPLAN_SHARES):
            return False
        if elapsed_seconds < _REPLAN_SHARES[self.replans] * self.budget_seconds:
            return False
        self.replans += 1
        self.choose_total(step, elapsed_seconds, config)
        return True

    def lose(self, step: int, elapsed_seconds: float, config: TrainConfig) -> None:
        """Fit a budget run that has gone back to `step` to the time that is left; nothing, if none is."""
        if self.exhausted(elapsed_seconds):
            self.total = step
        elif self.budget_seconds:
            self.choose_total(step, elapsed_seconds, config)

    def exhausted(self, elapsed_seconds: float) -> bool:
        """Return whether a budget run has to end now so that its last validation and save fit."""
        return bool(self.budget_seconds) and elapsed_seconds + self.reserve_seconds >= self.budget_seconds

    def affords_validation(self, elapsed_seconds: float) -> bool:
        """Return whether a validation now leaves room for the last one."""
        if not self.budget_seconds:
            return True
        cost = self.validate_seconds + self.save_seconds
        return elapsed_seconds + cost + self.reserve_seconds < self.budget_seconds

    def due(self, step: int, config: TrainConfig) -> bool:
        """Return whether a validation belongs after `step` updates; one does at the start and at the end."""
        if step in (0, self.total):
            return True
        if config.validate_every:
            return step % config.validate_every == 0
        return step * self.validations // self.total > (step - 1) * self.validations // self.total
