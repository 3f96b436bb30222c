"""What the loop tells its caller, and what the caller's user tells the loop: progress, the result, a wish to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from gantools.runtime.stopping import PATIENCE_SECONDS, STOPPING


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


Report = Callable[[Progress], None]


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
        Returns to a healthy state.
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


class Interrupts:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into a wish to stop; a second Ctrl-C stops at once.

    A step that takes longer than `gantools.runtime.stopping.PATIENCE_SECONDS` is abandoned, and what is done within
    `at_once` is abandoned at once, by a KeyboardInterrupt. Use as a context manager. Outside the main thread, where
    Python allows no handlers, it does nothing.

    Attributes
    ----------
    wished : bool
        Whether to stop.
    abandoned : bool
        Whether something within `at_once` was abandoned: what was before it is whole.
    """

    def __init__(self) -> None:
        self.wished = self.abandoned = False
        self._at_once = False
        self._old: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._old[number] = signal.signal(number, self._note)
            self._old[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._note)
        return self

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Hold for work that is done again by the next run, such as a validation."""
        self._at_once = True
        try:
            if self.wished:
                self._abandon()
            yield
        finally:
            self._at_once = False

    def _abandon(self) -> None:
        self.abandoned = self._at_once
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._at_once or (self.wished and number in (signal.SIGINT, signal.SIGALRM)):
            self.wished = True
            self._abandon()
        if not self.wished:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)
        self.wished = True

    def __exit__(self, *exc: object) -> None:
        if self._old:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._old.items():
            signal.signal(number, handler)
