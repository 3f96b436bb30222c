"""How long a run is: a number of steps, or whatever a budget of time allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gantools.training.config import TrainConfig

_MOST_VALIDATIONS = 10
#: Least seconds between two saves that no option asks for, and least multiple of what a save takes.
_SAVE_INTERVAL_SECONDS = 60.0
_SAVES_APART = 20
#: Validations take at most so much of a budget, all together.
_VALIDATION_SHARE = 0.1
#: A validation hears less where the budget would not pay for so many of them.
_WANTED_VALIDATIONS = 3
#: Parts of the validation set. The last one is for the untrained networks, which are only a baseline.
_PARTS = (1.0, 0.5, 0.25, 0.125)
#: What costs were last, by mistake or in a stall, must not end a run long before its time.
_MOST_RESERVE = 0.25
# A step counts as at most so many times the mean.
_MOST_OF_MEAN = 4.0
_STEP_MEMORY = 0.02


@dataclass
class RunLength:
    """The length of a run, and what its parts cost.

    A run of a given number of steps ends after them. A budget run ends when its time is up, however fast the machine
    was, became or stalled: no measurement of its speed decides how long it goes on. Its learning rates and weights of
    losses follow the share of the time that is spent. They are functions of step and `total`, so `total` is set anew
    after each step, to the number of steps for which step / total is that share.

    Parameters
    ----------
    total : int
        Steps of the whole run, which schedules scale to; of a budget run, how many there will be at the speed so far, 0
        before its first step.
    budget_seconds : float
        Time for everything; 0 for a run of a given number of steps.
    begun_seconds : float
        Time after which the first step began.
    step_seconds, validate_seconds, setup_seconds, save_seconds : float
        What a step, a validation and a save took lately, and what the first validation of a process takes in addition.
    steps_noted : int
        Steps in the running mean.
    spent_seconds : float
        Time that validations took so far.
    part : float
        Part of the validation set that validations take, so that the budget can pay for them.
    next_share : float
        Share of the time after which the next validation is due.
    cold : bool
        Whether the next validation is the first one of this process with this part.
    """

    total: int = 0
    budget_seconds: float = 0.0
    begun_seconds: float = 0.0
    step_seconds: float = 0.0
    validate_seconds: float = 0.0
    setup_seconds: float = 0.0
    save_seconds: float = 0.0
    steps_noted: int = 0
    spent_seconds: float = 0.0
    part: float = 1.0
    next_share: float = 1 / _MOST_VALIDATIONS
    cold: bool = True

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> RunLength:
        """Take the fields back from a checkpoint, in a process that has validated nothing yet."""
        return cls(**{**state, "cold": True})

    def give(self, seconds: float, step: int, validated: bool) -> bool:
        """Set the budget of a run, new or extended; return whether earlier scores no longer compare with later ones.

        The validation of the untrained networks takes the smallest part of the validation set.
        """
        before, self.budget_seconds = self.part, seconds
        self.total = max(self.total, step + 1) if step else 0
        if validated:
            self._choose_part()
        else:
            self.part = _PARTS[-1]
        return self.part != before

    def count(self, steps: int) -> bool:
        """Set the number of steps instead of a budget; return as `give` does."""
        before = self.part
        self.total, self.budget_seconds, self.part = steps, 0.0, 1.0
        return self.part != before

    # What things cost

    def note_step(self, seconds: float) -> None:
        """Take the time of a step into the running mean; a machine that stalls once must not shorten the run.

        The first step of a process does not belong here: it imports what the others only use.
        """
        self.steps_noted += 1
        if self.step_seconds:
            seconds = min(seconds, _MOST_OF_MEAN * self.step_seconds)
        self.step_seconds += max(_STEP_MEMORY, 1 / self.steps_noted) * (seconds - self.step_seconds)

    def note_baseline(self, first: float, again: float) -> None:
        """Take the times of the first validation and of its repetition, and choose how much the others hear."""
        self.validate_seconds, self.setup_seconds, self.cold = again, max(0.0, first - again), False
        self.spent_seconds += first + again
        self._choose_part()

    def note_validation(self, seconds: float, elapsed_seconds: float) -> None:
        """Take the time of a validation, and place the next one so that the rest of their time is used evenly."""
        # The first validation of a process also loads and makes what the later ones only use. How long that takes is
        # known from the start of the run, so what is more than expected is taken for the validation's own time only
        # where it is much more.
        expected = self.validate_seconds + (self.setup_seconds if self.cold else 0.0)
        if not self.cold:
            self.validate_seconds = _eased(self.validate_seconds, seconds)
        elif seconds > 2 * expected:
            self.validate_seconds = seconds - self.setup_seconds
        else:
            self.validate_seconds = min(self.validate_seconds, seconds)
        self.cold = False
        self.spent_seconds += seconds
        self._place_next(self.share(elapsed_seconds))

    def note_save(self, seconds: float) -> None:
        """Take the time of a save."""
        self.save_seconds = _eased(self.save_seconds, seconds)

    @property
    def check_seconds(self) -> float:
        """What the next validation takes, with the save after it."""
        return self.validate_seconds + self.save_seconds + (self.setup_seconds if self.cold else 0.0)

    @property
    def reserve_seconds(self) -> float:
        """Time to leave for the end of a budget run: a validation, a save and the step under way."""
        return min(_MOST_RESERVE * self.budget_seconds, 1.2 * self.check_seconds + self.step_seconds + 0.1)

    # How a budget is spent

    def share(self, elapsed_seconds: float) -> float:
        """Return how much of a budget's time for steps is spent, 0 to 1."""
        whole = self.budget_seconds - self.reserve_seconds - self.begun_seconds
        return min(1.0, max(0.0, (elapsed_seconds - self.begun_seconds) / whole)) if whole > 0 else 1.0

    def follow_time(self, step: int, elapsed_seconds: float) -> None:
        """Set `total` of a budget run after `step` updates; the run is over where no time is left."""
        if not self.budget_seconds:
            return
        # The schedules ask for step / total: with total = step / share it is the share of the time that is spent.
        share = self.share(elapsed_seconds)
        if self.exhausted(elapsed_seconds):
            self.total = step
        elif step and share:
            self.total = max(step + 1, round(step / share))

    def exhausted(self, elapsed_seconds: float) -> bool:
        """Return whether a budget run has to end now so that its last validation and save fit."""
        return bool(self.budget_seconds) and elapsed_seconds + self.reserve_seconds >= self.budget_seconds

    def due(self, step: int, elapsed_seconds: float, config: TrainConfig) -> bool:
        """Return whether a validation belongs after `step` updates; one does at the start and at the end."""
        # The first validation is the baseline that tells what one costs, the last one judges what is kept.
        if step in (0, self.total):
            return True
        if self.budget_seconds and not self._affords_validation(elapsed_seconds):
            return False
        if config.validate_every:
            return step % config.validate_every == 0
        if self.budget_seconds:
            return self.share(elapsed_seconds) >= self.next_share
        return step * _MOST_VALIDATIONS // self.total > (step - 1) * _MOST_VALIDATIONS // self.total

    def save_due(self, step: int, seconds_since_last: float, config: TrainConfig) -> bool:
        """Return whether a save belongs after `step` updates, between validations, which save by themselves."""
        if config.save_every:
            return step % config.save_every == 0
        return seconds_since_last > max(_SAVE_INTERVAL_SECONDS, _SAVES_APART * self.save_seconds)

    def _affords_validation(self, elapsed_seconds: float) -> bool:
        """Return whether a validation now leaves room for the last one, in the budget and in the validations' share."""
        warm = self.validate_seconds + self.save_seconds
        in_share = self.spent_seconds + self.check_seconds + warm <= _VALIDATION_SHARE * self.budget_seconds
        return in_share and elapsed_seconds + self.check_seconds + self.reserve_seconds < self.budget_seconds

    def _choose_part(self) -> None:
        """Take as much of the validation set as leaves time for some validations."""
        # What is known was measured with the present part; with another one everything must be loaded and made anew.
        for part in _PARTS:
            factor = part / self.part
            setup = 0.0 if factor == 1 and not self.cold else factor * self.setup_seconds
            left = _VALIDATION_SHARE * self.budget_seconds - self.spent_seconds - setup
            if left >= _WANTED_VALIDATIONS * (factor * self.validate_seconds + self.save_seconds):
                break
        self.cold = self.cold or factor != 1
        self.part, self.validate_seconds, self.setup_seconds = part, factor * self.validate_seconds, setup
        self._place_next(0.0)

    def _place_next(self, share: float) -> None:
        """Spread the validations that the rest of their time pays for evenly over the rest of the run."""
        left = _VALIDATION_SHARE * self.budget_seconds - self.spent_seconds
        left -= self.setup_seconds if self.cold else 0.0
        count = int(left / max(1e-9, self.validate_seconds + self.save_seconds))
        self.next_share = share + max(1 / _MOST_VALIDATIONS, (1.0 - share) / max(1, count))


def _eased(before: float, seconds: float) -> float:
    """Return what is expected of something that took `before` and now `seconds`: half-way, a stall counts as double."""
    return (before + min(seconds, 2 * before)) / 2 if before else seconds
