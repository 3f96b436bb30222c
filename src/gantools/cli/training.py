"""Progress of a training run on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.cli.flags import Run
from gantools.cli.progress import Bar
from gantools.cli.records import say

if TYPE_CHECKING:
    from gantools.training.report import Progress

_SHOWN = 4


class Watch:
    """Show the progress of `gantools.training.loop.train`: the bar, and a line per validation.

    Parameters
    ----------
    run : Run
    bar : Bar

    Attributes
    ----------
    begun : bool
        Whether anything was trained or validated.
    """

    def __init__(self, run: Run, bar: Bar) -> None:
        self.run, self.bar, self.begun = run, bar, False

    def __call__(self, progress: Progress) -> None:
        """Take note of a step or a validation."""
        if not self.begun and progress.step:
            say(self.run, f"going on after step {progress.step}")
        self.begun = True
        shown = "  ".join(f"{name} {value:.3g}" for name, value in list(progress.values.items())[:_SHOWN])
        self.bar.update(progress.step, f"{progress.activity}  {shown}", progress.total or None)
        if progress.activity == "validate" and shown and not self.run.quiet:
            self.bar.say(f"gantools {self.run.verb}: step {progress.step} of {progress.total or '?'}: {shown}")
