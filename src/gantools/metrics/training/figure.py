"""The curves of trainings, for reports and for the picture in a model folder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gantools.errors import InputError
from gantools.metrics.training.reading import Point, describe, journals, labels
from gantools.report.plots import ACCENT, INK, QUIET, add_legend, dress, new_panels, save_png
from gantools.training.folder import PICTURE, drew_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (ACCENT, "#1971c2", "#2f9e44", "#9c36b5", "#e0a800", "#0c8599", "#c2255c", QUIET)
#: Curves of more models or terms than this would not be told apart.
_MOST_CURVES = 8
#: From this ratio of the largest to the smallest value on, the axis is logarithmic.
_WIDE = 30.0
_LONGEST_LABEL = 24


def draw(runs: Sequence[Mapping[str, Any]], figure_name: str, ink: str) -> Figure | None:
    """Return losses and validations of one run, or validations by steps and by time of several side by side.

    Parameters
    ----------
    runs : sequence of mapping
        As `gantools.metrics.training.reading.describe` returns them.
    figure_name : str
        Figure of the validations that is drawn.
    ink : str
        Colour of lines and letters.
    """
    if not any(run["curves"]["terms"] or run["curves"]["figures"] for run in runs):
        return None
    figure, (left, right) = new_panels(2)
    figure.set_size_inches(9.6, 3.6)
    if len(runs) == 1:
        _losses(left, runs[0], ink)
        _validations(right, runs, figure_name, ink, by_time=False)
    else:
        _validations(left, runs, figure_name, ink, by_time=False)
        _validations(right, runs, figure_name, ink, by_time=True)
    return figure


def write_picture(folder: Path) -> bool:
    """Draw the curves of a model folder into it; return whether there was something to draw.

    A picture of that name which gantools did not draw stays.

    Raises
    ------
    OSError
        It cannot be written.
    """
    path, runs = folder / PICTURE, []
    paths = journals(folder)
    for journal, label in zip(paths, labels(paths), strict=True):
        try:
            runs.append(describe(journal, label))
        except InputError:
            continue  # of a run that has not begun
    if path.exists() and not drew_picture(path):
        return False
    figure = draw(runs, "score", INK) if runs else None
    if figure is None:
        return False
    save_png(figure, path)
    return True


def _losses(axes: Axes, run: Mapping[str, Any], ink: str) -> None:
    """Draw the terms of the losses of a run."""
    dress(axes, ink, "step", "losses")
    terms = dict(list(run["curves"]["terms"].items())[:_MOST_CURVES])
    for (name, points), colour in zip(terms.items(), _COLOURS, strict=False):
        _line(axes, points, colour, name, by_time=False)
    _scale(axes, [point for points in terms.values() for point in points])
    if terms:
        add_legend(axes, ink)


def _validations(axes: Axes, runs: Sequence[Mapping[str, Any]], figure_name: str, ink: str, *, by_time: bool) -> None:
    """Draw a figure of the validations of each run, with its best step and its returns to an earlier state."""
    dress(axes, ink, "minutes" if by_time else "step", figure_name)
    drawn: list[Point] = []
    for run, colour in zip(runs[:_MOST_CURVES], _COLOURS, strict=False):
        points = run["curves"]["figures"].get(figure_name, [])
        # Untrained networks can be so far off that the rest would be a flat line.
        points = [point for point in points if point[0]] or points
        drawn += points
        _line(axes, points, colour, run["model"] if len(runs) > 1 else "", by_time=by_time)
        best = [point for point in points if point[0] == run["best_step"]] if figure_name == "score" else []
        if best:
            axes.plot(_place(best[-1], by_time), best[-1][2], "o", color=colour, ms=6, mec=ink)
        for step, _ in run["curves"]["returns"]:
            if len(runs) == 1 and not by_time:
                axes.axvline(step, color=QUIET, lw=0.8, ls=":")
    _scale(axes, drawn)
    if len(runs) > 1 and drawn:
        add_legend(axes, ink)


def _line(axes: Axes, points: Sequence[Point], colour: str, label: str, *, by_time: bool) -> None:
    """Draw one curve: what stands as a line, and what was undone as a faint one of its own."""
    # Matplotlib leaves labels with an underscore before them out, and reads dollars as formulas.
    label = label[-_LONGEST_LABEL:].lstrip("_").replace("$", r"\$")
    for stands, style in ((True, {"lw": 1.2, "label": label or None}), (False, {"lw": 0.8, "alpha": 0.4})):
        chosen = [point for point in points if point[3] == stands]
        if chosen:
            marker = "." if len(chosen) < 40 else ""
            places = [_place(point, by_time) for point in chosen]
            axes.plot(places, [point[2] for point in chosen], color=colour, marker=marker, ms=4, **style)  # type: ignore[arg-type]


def _place(point: Point, by_time: bool) -> float:
    return point[1] / 60 if by_time else float(point[0])


def _scale(axes: Axes, points: Sequence[Point]) -> None:
    """Choose a logarithmic axis for what spans orders of magnitude; else leave outliers out of sight."""
    values = np.array([point[2] for point in points])
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return
    if values.min() > 0 and values.max() > _WIDE * values.min():
        axes.set_yscale("log")
        return
    low, high = np.quantile(values, [0.01, 0.99])
    if math.isfinite(high - low) and high > low:
        axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
