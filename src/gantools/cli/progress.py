"""Progress on standard error: a bar on a terminal, elsewhere a line now and then, as for the log of a queue."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from gantools.cli.flags import Run
from gantools.cli.terminal import messages, shown, write_line

if TYPE_CHECKING:
    from rich.progress import Progress


#: Off a terminal a line is written after so long a time without any.
EVERY_SECONDS = 30.0


class Bar:
    """A progress bar over `total` units of work.

    It draws only on a terminal; elsewhere a line says every `EVERY_SECONDS` how far the work is. Neither with
    ``--quiet``. Use as a context manager.

    Parameters
    ----------
    run : Run
    total : float
    label : str
    clock : bool
        Whether the units are seconds, as of work that ends when its time is up.
    """

    def __init__(self, run: Run, total: float, label: str, *, clock: bool = False) -> None:
        self._shown = messages().isatty() and not run.quiet
        self._total, self._label, self._debug = total, label, run.debug
        self._verb, self._clock = run.verb, clock
        self._told_at = time.monotonic()
        self._first: tuple[float, float] | None = None
        self._quiet, self._done = run.quiet, 0
        self._progress: Progress | None = None
        self._said = ""

    def __enter__(self) -> Bar:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            # Redirection would swallow the records on stdout.
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[place]}", markup=False),
                TimeRemainingColumn(),
                console=Console(file=messages()),
                redirect_stdout=False,
                redirect_stderr=False,
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._label, total=self._total, place=self._place(0, self._total))
        return self

    def update(self, done: float, label: str | None = None, total: float | None = None) -> None:
        """Move to `done` units; change label or total where given."""
        total = self._total = total or self._total
        if self._progress is not None:
            place = self._place(done, total)
            self._progress.update(
                self._task, completed=done, description=label or self._label, total=total, place=place
            )
            return
        now = time.monotonic()
        self._first = self._first or (now, done)
        if not self._quiet and not self._shown and now - self._told_at >= EVERY_SECONDS:
            self.say(f"gantools {self._verb}: {self._line(now, done, label or self._label)}")

    def _place(self, done: float, total: float) -> str:
        if self._clock:
            return f"{in_minutes(done)} of {in_minutes(total)}"
        return f"{int(done)} of {int(total)}"

    def _line(self, now: float, done: float, label: str) -> str:
        """Return how far the work is, in words, and how long the rest will take at the speed so far."""
        what = "" if label == self._verb else f"{' '.join(label.split())}: "
        share = f", {100 * done / self._total:.0f} %" if self._total else ""
        begun, before = self._first or (now, done)
        left = (
            (self._total - done) * (1.0 if self._clock else (now - begun) / (done - before)) if done > before else 0.0
        )
        return f"{what}{self._place(done, self._total)}{share}" + (
            f", about {in_minutes(left)} left" if left > 0 else ""
        )

    def advance(self) -> None:
        """Move on by one unit."""
        self._done += 1
        self.update(self._done)

    def remark(self, line: str) -> None:
        """Print a line that is no error, such as a warning: not with ``--quiet``."""
        if not self._quiet:
            self.say(line)

    def say(self, line: str, trace: str | None = None) -> None:
        """Print a line to standard error without tearing the bar; with ``--debug`` the lines of a traceback too.

        What was said just before is not said again: a bad file is named once, and not for each of its results.
        """
        if line == self._said and not (trace and self._debug):
            return
        self._said, self._told_at = line, time.monotonic()
        for text in (line, *(trace.splitlines() if trace and self._debug else ())):
            if self._progress is not None:
                self._progress.console.print(shown(text), markup=False, highlight=False, soft_wrap=True)
            else:
                write_line(text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()


def in_minutes(seconds: float) -> str:
    """Return a time as a clock shows it: ``0:05``, ``12:30`` or ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
