"""Given and learnt grades, and how often a probability comes true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.metric import Result
from gantools.report.plots import ACCENT, QUIET, dress, new_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result, ink: str) -> Figure:
    """Return given against learnt grades of all clips, and the calibration on songs that were new."""
    figure, (left, right) = new_panels(2)
    dress(left, ink, "given grade", "learnt grade")
    given, learnt = ([row[name] for row in result["rows"]] for name in ("given", "grade"))
    left.plot(given, learnt, ".", color=ACCENT, ms=4)
    left.axvline(result["threshold"], color=QUIET, lw=0.8, ls=":")
    left.axline((result["threshold"], result["threshold"]), slope=1, color=QUIET, lw=0.8)
    dress(right, ink, "predicted probability", "share of good clips")
    right.plot([0, 1], [0, 1], color=QUIET, lw=0.8)
    points = result["calibration"]
    right.plot([one[0] for one in points], [one[1] for one in points], "o-", color=ACCENT, ms=5)
    right.set_xlim(0, 1)
    right.set_ylim(0, 1)
    return figure
