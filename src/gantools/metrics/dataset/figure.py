"""Histograms of a folder of music."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from gantools.metrics.metric import Result
from gantools.report.plots import ACCENT, dress, new_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 30


def draw(result: Result, ink: str) -> Figure | None:
    """Return histograms of lengths (logarithmic where they span more than a factor of 10), loudness and silence."""
    figure, axes = new_panels(3)
    for place, (name, label) in zip(axes, _PANELS.items(), strict=True):
        dress(place, ink, label, "files")
        values = np.array([row[name] for row in result["rows"]], np.float64)
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        count = min(_BINS, 2 * int(np.sqrt(len(values))) + 4)
        bins: int | list[float] = count
        if name == "silent_share":
            values, bins = 100 * values, np.linspace(0, 100, 21).tolist()
        elif name == "seconds" and values.max() > 10 * values.min() > 0:
            bins = np.geomspace(values.min(), values.max(), count + 1).tolist()
            place.set_xscale("log")
        place.hist(values, bins=bins, color=ACCENT)
        place.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


_PANELS = {"seconds": "length in s", "lufs": "loudness in LUFS", "silent_share": "silence in %"}
