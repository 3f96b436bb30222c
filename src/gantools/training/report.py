"""What a run tells: its progress to the caller, lines to the journal, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantools.training.collapse import reasons
from gantools.training.journal import Journal
from gantools.training.run_state import RunState


@dataclass(frozen=True)
class Progress:
    """Where a run is.

    Parameters
    ----------
    activity : str
        ``resume``, ``train``, ``validate``, ``save`` or ``collapse``.
    step, total : int
        Steps done and steps of the whole run; of a budget run the second is an
        estimate, 0 before its first step.
    seconds, eta_seconds : float
        Training time so far, over all starts, and what is left of it.
    values : dict
        Terms of the last step, or the figures of a validation just done.
    message : str
        Of a collapse: what was wrong and where the run goes on.
    """

    activity: str
    step: int
    total: int
    seconds: float
    eta_seconds: float = 0.0
    values: dict[str, float] = field(default_factory=dict)
    message: str = ""


#: Progress callback of a run.
Report = Callable[[Progress], None]
#: Steps from which on a run is expected to have been healthy: fewer only show that it works.
LEAST_STEPS = 100


@dataclass(frozen=True)
class Summary:
    """How a run ended.

    Parameters
    ----------
    status : str
        ``finished``, ``interrupted`` (resumable), or ``skipped`` (it was finished before).
    step, total : int
        Steps done and steps planned.
    best_step, best_score : int or None, float or None
        The validation that the weights in the folder come from.
    seconds : float
        Training time over all starts.
    precision : str
        Arithmetic that the run used.
    healthy_step : int or None
        The last validation without symptoms of a collapse.
    rollbacks : int
        Returns to a healthy checkpoint.
    symptoms : dict
        What was wrong in the last validation, name -> sentence, if none was ever healthy; else empty.
    documented_steps : int
        About how many steps the documentation's figures of such a model took; 0 if not known.
    threads : int
        CPU threads of this rank.
    """

    status: str
    folder: Path
    step: int
    total: int
    best_step: int | None
    best_score: float | None
    seconds: float
    precision: str
    healthy_step: int | None = None
    rollbacks: int = 0
    symptoms: dict[str, str] = field(default_factory=dict)
    documented_steps: int = 0
    threads: int = 0

    @property
    def never_healthy(self) -> str:
        """What was wrong in a run that was never healthy, as a sentence, with what to do; empty for any other."""
        if not self.symptoms:
            return ""
        return f"never healthy ({reasons(self.symptoms)}); the weights are kept; train longer, or with other settings"

    @property
    def failed(self) -> bool:
        """Whether a run is over and was never healthy, though it had the steps that may be expected to get there."""
        return bool(self.symptoms) and self.step >= LEAST_STEPS and self.status != "interrupted"


class Reporter:
    """Reports for a run: progress to the caller, lines to the journal, the time that was spent.

    Parameters
    ----------
    journal : Journal
    report : callable or None
        Called with a `Progress`.
    clock : callable
        Returns seconds that only grow.
    first : bool
        Whether this is the first rank; the others report nothing.
    """

    state: RunState

    def __init__(self, journal: Journal, report: Report | None, clock: Callable[[], float], first: bool) -> None:
        self.journal, self.clock, self.first = journal, clock, first
        self.report = report if first else None
        self._begun = clock()
        self._seconds_before = 0.0

    def follow(self, state: RunState) -> None:
        """Take the state that the run starts from, and changes as it goes."""
        self.state = state
        self._seconds_before = state.seconds

    @property
    def seconds(self) -> float:
        """Training time so far, over all starts."""
        return self._seconds_before + self.clock() - self._begun

    def note(self, terms: dict[str, float]) -> None:
        """Count one step's terms towards the next line."""
        for name, value in terms.items():
            sums = self.state.term_sums.setdefault(name, [0.0, 0])
            sums[0] += value
            sums[1] += 1

    def write_terms(self) -> None:
        """Write the means of the terms since the last line."""
        sums, self.state.term_sums = self.state.term_sums, {}
        if sums:
            self.write("train", {name: total / count for name, (total, count) in sums.items()})

    def write(self, kind: str, values: dict[str, Any]) -> None:
        """Write a line to the journal."""
        if self.first:
            rollbacks = {"rollbacks": self.state.rollbacks} if self.state.rollbacks else {}
            self.journal.write(kind, self.state.step, self.seconds, {**values, **rollbacks})

    def tell(self, activity: str, values: dict[str, float] | None = None, message: str = "") -> None:
        """Report progress to the caller."""
        if self.report:
            step, length = self.state.step, self.state.length
            left = max(0, length.total - step) * length.step_seconds
            if length.budget_seconds and length.total != step:
                left = max(0.0, length.budget_seconds - self.seconds)
            self.report(Progress(activity, step, length.total, self.seconds, left, values or {}, message))
