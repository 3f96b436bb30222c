"""Progress on standard error: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from gantools.cli.flags import Run
from gantools.cli.terminal import messages, shown, write_line

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar:
    """A progress bar over `total` units of work.

    It draws only on a terminal, and not with ``--quiet``. Use as a context manager.

    Parameters
    ----------
    run : Run
    total : float
    label : str
    """

    def __init__(self, run: Run, total: float, label: str) -> None:
        self._shown = messages().isatty() and not run.quiet
        self._total, self._label, self._debug = total, label, run.debug
        self._quiet, self._done = run.quiet, 0
        self._progress: Progress | None = None
        self._said = ""

    def __enter__(self) -> Bar:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            # Redirection would swallow the records on stdout.
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(file=messages()),
                redirect_stdout=False,
                redirect_stderr=False,
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._label, total=self._total)
        return self

    def update(self, done: float, label: str | None = None, total: float | None = None) -> None:
        """Move to `done` units; change label or total where given."""
        if self._progress is not None:
            self._progress.update(self._task, completed=done, description=label or self._label, total=total)

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
        self._said = line
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
