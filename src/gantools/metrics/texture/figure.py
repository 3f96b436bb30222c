"""The figure of a report on texture: durations of partials, and the likeness of bars."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gantools.metrics.texture.partials import DURATION_EDGES_MS, HELD_MS
from gantools.report.plots import ACCENT, QUIET, add_legend, dress, new_panels


def draw(result: dict[str, Any], ink: str) -> Figure:
    """Return the figure of a result; lines and letters have the colour `ink`."""
    sets = result["drawn"]
    shown = {name: sets[name] for name in ("generated", "real") if name in sets and len(sets[name]["matrix"]) > 1}
    figure, panels = new_panels(1 + max(1, len(shown)))
    axes = panels[0]
    dress(axes, ink, "ms that a partial lasts", "share of energy")
    colours = {"generated": ACCENT, "real": ink, "noise": QUIET}
    for name, colour in colours.items():
        if name in sets:
            axes.stairs(sets[name]["durations"], DURATION_EDGES_MS, color=colour, lw=1.4, label=name)
    axes.axvline(HELD_MS, color=ink, lw=0.8, ls=":")
    axes.set_xscale("log")
    add_legend(axes, ink)
    for axes, (name, one) in zip(panels[1:], shown.items(), strict=False):
        _matrix(axes, np.array(one["matrix"]), f"bar, {name}", ink)
    if not shown:
        panels[1].set_axis_off()
    return figure


def _matrix(axes: Axes, likeness: np.ndarray, label: str, ink: str) -> None:
    """Draw how alike bars are: dark is alike."""
    dress(axes, ink, label, "bar")
    bars = len(likeness)
    axes.imshow(likeness, cmap="magma_r", vmin=0.0, vmax=1.0, extent=(0.5, bars + 0.5, bars + 0.5, 0.5))
