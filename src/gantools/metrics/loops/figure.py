"""The figure of a report on loops: loop scores, likeness to real phrases, distances from what was learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gantools.metrics.coverage.balls import FIGURES
from gantools.report.plots import ACCENT, QUIET, add_legend, dress, new_axes, new_panels

_LEAST_SCORE = 1e-6


def draw(result: dict[str, Any], ink: str) -> Figure:
    """Return the figure of a result; of generated loops alone only their scores."""
    if "real" not in result:
        figure, scores = new_axes(ink, "loop score", "share of phrases")
        _curves(scores, result["scores"], ink, _score_edges(result["scores"]), result["threshold"])
        scores.set_xscale("log")
        return figure
    figure, (scores, likeness, distances) = new_panels(3)
    dress(scores, ink, "loop score", "share of phrases")
    _curves(scores, result["scores"], ink, _score_edges(result["scores"]), result["threshold"])
    scores.set_xscale("log")
    add_legend(scores, ink)
    dress(likeness, ink, "", "")
    _bars(likeness, result, ink)
    dress(distances, ink, "cells to the nearest learned phrase", "share of phrases")
    known = {name: values for name, values in result["distances"].items() if values}
    most = max(np.percentile(values, 99) for values in known.values())
    _curves(distances, known, ink, np.linspace(0, max(most, 2 * result["bar_cells"]), 41), result["bar_cells"])
    return figure


def _style(name: str, ink: str) -> dict[str, Any]:
    """Return how the curve of a set looks."""
    colour = {"generated": ACCENT, "real": ink}.get(name, QUIET)
    return {"color": colour, "ls": ":" if name == "noise" else "-", "lw": 1.8 if name == "generated" else 1.2}


def _score_edges(scores: dict[str, list[float]]) -> np.ndarray:
    every = np.maximum(np.concatenate([np.asarray(values) for values in scores.values()]), _LEAST_SCORE)
    return np.geomspace(every.min() * 0.9, every.max() * 1.1, 41)


def _curves(axes: Axes, sets: dict[str, list[float]], ink: str, edges: np.ndarray, limit: float) -> None:
    """Draw the share of each set's values between edges, and a limit as a dotted line."""
    for name, values in sets.items():
        inside = np.clip(values, edges[0], edges[-1])
        axes.stairs(np.histogram(inside, edges)[0] / len(inside), edges, label=name, **_style(name, ink))
    axes.axvline(limit, color=ink, lw=0.8, ls=":")


def _bars(axes: Axes, result: dict[str, Any], ink: str) -> None:
    """Draw the four figures of likeness side by side for each set, with their spread over networks."""
    places = np.arange(len(FIGURES))
    shown = ["generated", *(name for name in ("real", "shuffled", "noise") if "precision" in result[name])]
    for number, name in enumerate(shown):
        figures = result if name == "generated" else result[name]
        offsets = places + (number - (len(shown) - 1) / 2) * 0.2
        colour = {"generated": ACCENT, "real": ink}.get(name, QUIET)
        alpha = 0.45 if name == "noise" else 1.0
        heights, spread = [figures[one] for one in FIGURES], [figures[f"{one}_sd"] for one in FIGURES]
        axes.bar(offsets, heights, 0.18, yerr=spread, color=colour, alpha=alpha, ecolor=QUIET, label=name)
    axes.set_xticks(places, FIGURES)
