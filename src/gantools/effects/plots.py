"""Picture of one stem: spectrum and panning before, after, and those of the target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gantools.effects.features import GRID_HZ
from gantools.files.atomic import atomic_path
from gantools.files.readable import readable

_BEFORE, _AFTER, _TARGET = "#7c8a9a", "#e8590c", "#1d2125"
_TICKS_HZ = (31.5, 125, 500, 2000, 8000)


def write_curves_png(
    path: Path, title: str, spectra_db: dict[str, np.ndarray], similarities: dict[str, np.ndarray]
) -> None:
    """Write a PNG of two panels.

    Parameters
    ----------
    path : Path
    title : str
    spectra_db : dict
        ``before``, ``after``, ``target`` -> levels on `GRID_HZ` in dB; each is shown with its median at 0.
    similarities : dict
        The same of the stereo similarity psi (1 is the centre); empty for mono.
    """
    figure = Figure(figsize=(6.4, 4.8 if similarities else 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2 if similarities else 1, 1, sharex=True, squeeze=False)[:, 0]
    # The band in which the equaliser aligns the levels: the curves differ in shape only.
    middle = (GRID_HZ > 80) & (GRID_HZ < 8000)
    _panel(panels[0], {name: db - np.median(db[middle]) for name, db in spectra_db.items()}, "level, dB")
    # A dollar sign in the name of a file begins no formula.
    panels[0].set_title(readable(title), fontsize=9, color=_TARGET, loc="left", parse_math=False)
    panels[0].legend(frameon=False, fontsize=8, ncols=3)
    low = min(float(np.min(db[middle] - np.median(db[middle]))) for db in spectra_db.values())
    panels[0].set_ylim(max(low - 25, -90), 40)
    if similarities:
        _panel(panels[1], similarities, "stereo similarity")
        panels[1].set_ylim(min(float(np.min(psi)) for psi in similarities.values()) - 0.05, 1.02)
    panels[-1].set_xlabel("Hz", fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=144, facecolor="white")


def _panel(axes: Axes, curves: dict[str, np.ndarray], label: str) -> None:
    style = {"before": (_BEFORE, "-"), "after": (_AFTER, "-"), "target": (_TARGET, ":")}
    for name, curve in curves.items():
        colour, line = style[name]
        axes.semilogx(GRID_HZ, curve, line, color=colour, lw=1.2, label=name)
    axes.set_xticks(_TICKS_HZ, [f"{hz:g}" for hz in _TICKS_HZ], minor=False)
    axes.set_xticks([], minor=True)
    axes.tick_params(labelsize=8)
    axes.set_ylabel(label, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
