"""The figure of a listening test: grades of clips, listeners among each other, and sets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gantools.metrics.metric import Result
from gantools.report.plots import ACCENT, QUIET, dress, new_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(result: Result, ink: str) -> Figure | None:
    """Return the histogram of grades, Pearson's matrix and box plots of the first question with several sets."""
    panels = []
    if result["grades"]:
        panels.append(_grades)
    if len(result["raters"]) > 1 and result["questions"]:
        panels.append(_matrix)
    panels += [_boxes] * min(len(result["questions"]), 1)
    if not panels:
        return None
    figure, axes = new_panels(len(panels))
    for panel, place in zip(panels, np.atleast_1d(np.asarray(axes, dtype=object)), strict=True):
        panel(result, place, ink)
    return figure


def _grades(result: Result, axes: Axes, ink: str) -> None:
    dress(axes, ink, "mean grade, rounded", "clips")
    axes.bar(list(result["grades"]), list(result["grades"].values()), color=ACCENT)


def _matrix(result: Result, axes: Axes, ink: str) -> None:
    dress(axes, ink, "", "")
    values, names = np.array(result["agreement"]["pearson"], float), result["raters"]
    axes.imshow(values, vmin=-1, vmax=1, cmap="RdBu_r")
    places = range(len(names))
    if len(names) <= 8:
        for row in places:
            for column in places:
                if row != column and np.isfinite(values[row, column]):
                    colour = "white" if abs(values[row, column]) > 0.6 else "black"
                    text = f"{values[row, column]:.2f}"
                    axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(places, names, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(places, names, parse_math=False)


def _boxes(result: Result, axes: Axes, ink: str) -> None:
    """Draw medians as lines and means as triangles, as the loop paper's figure 6."""
    question = next(iter(result["questions"]))
    names = list(result["questions"][question]["sets"])
    values = [
        [one["answers"][question] for one in result["samples"] if one["set"] == name and question in one["answers"]]
        for name in names
    ]
    dress(axes, ink, "", question)
    line = {"color": ink, "lw": 1.0}
    axes.boxplot(
        values,
        showmeans=True,
        boxprops=line,
        whiskerprops=line,
        capprops=line,
        medianprops={"color": QUIET, "lw": 2},
        meanprops={"marker": "^", "markerfacecolor": ACCENT, "markeredgecolor": ACCENT},
        flierprops={"marker": ".", "markeredgecolor": QUIET},
    )
    axes.set_xticks(range(1, len(names) + 1), names, rotation=30, ha="right", parse_math=False)
