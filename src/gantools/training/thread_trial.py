"""With how many CPU threads a system trains fastest, found in the first steps of a run."""

from __future__ import annotations

from collections.abc import Sequence

_ROUNDS = 2
_LEAST_STEPS = 3
#: A block ends early, and then the whole comparison, when it has taken so much of the budget.
_BLOCK_SHARE = 0.015
_TRIAL_SHARE = 0.05
_LONGEST_SHARE = 0.15
#: More threads must be clearly faster: what they burn is missing elsewhere.
_GAIN = 0.95


def candidates(cores: int) -> list[int]:
    """Return the numbers of threads worth a try on so many cores: one, two, half of them and all."""
    return sorted({n for n in (1, 2, cores // 2, cores) if 1 <= n <= cores})


class ThreadTrial:
    """Compares numbers of threads in steps that count like all others.

    A first block of steps warms up: it imports, allocates and chooses kernels. Then the numbers take turns twice, so
    that a slow moment of the machine hits all of them. The fastest block of each is what counts.

    Parameters
    ----------
    threads : sequence of int
        Numbers to compare.
    cycle : int
        Steps after which the work repeats (phases that run in each N-th step).
    budget_seconds : float
        Time of the whole run.

    Attributes
    ----------
    threads : int
        With how many the next step shall run; the choice when `done`.
    done : bool
    seconds : dict of int to float
        Seconds of a step for each number that was measured.
    """

    def __init__(self, threads: Sequence[int], cycle: int, budget_seconds: float) -> None:
        self._all = threads[-1]
        self._order = [threads[-1], *sorted(threads) * _ROUNDS]
        self._cycle, self._block = cycle, -(-_LEAST_STEPS // cycle) * cycle
        self._budget, self._spent = budget_seconds, 0.0
        self._times: list[float] = []
        self._warm = self._changed = False
        self.seconds: dict[int, float] = {}
        self.threads, self.done = self._order.pop(0), False

    def note(self, seconds: float) -> None:
        """Take the time of a step that ran with `threads`."""
        self._spent += seconds
        # The first step after a change makes its own batch, as none was made ahead with this number.
        if self._changed:
            self._changed = False
            return
        self._times.append(seconds)
        early = len(self._times) % self._cycle == 0 and sum(self._times) > _BLOCK_SHARE * self._budget
        if len(self._times) < self._block and not early and self._spent < _LONGEST_SHARE * self._budget:
            return
        if not self._warm:
            self._warm, self._spent = True, 0.0  # what warming up took says nothing of what comparing will
        elif len(self._times) % self._cycle == 0:
            mean = sum(self._times) / len(self._times)
            self.seconds[self.threads] = min(mean, self.seconds.get(self.threads, mean))
        self._times = []
        measured_all = self.seconds.keys() >= set(self._order)
        over = self._spent > (_TRIAL_SHARE if measured_all else _LONGEST_SHARE) * self._budget
        if self._order and not over:
            before, self.threads = self.threads, self._order.pop(0)
            self._changed = self.threads != before
            return
        self.done = True
        chosen = 0
        for number, mean in sorted(self.seconds.items()):
            if not chosen or mean < _GAIN * self.seconds[chosen]:
                chosen = number
        self.threads = chosen or self._all
