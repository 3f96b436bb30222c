"""How figures look: PNG files on white, and SVG for the page, in the colour of its text."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gantools.files.atomic import atomic_path
from gantools.files.readable import readable

ACCENT = "#e8590c"
QUIET = "#7c8a9a"
INK = "#1d2125"
_PAGE_INK = "#010203"  # stands for the text colour of the page until the SVG is put into it
_SIZE_INCHES = (6.4, 3.2)
_PANEL_INCHES = 3.2


def new_axes(ink: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes, with lines and letters in the colour `ink`."""
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    dress(axes, ink, x_label, y_label)
    return figure, axes


def new_panels(count: int, rows: int = 1) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure with several pairs of axes side by side in each row, to be dressed one by one, row by row."""
    figure = Figure(figsize=(_PANEL_INCHES * count, _PANEL_INCHES * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, count, squeeze=False).flat)


def dress(axes: Axes, ink: str, x_label: str, y_label: str) -> None:
    """Give axes their labels and the look of the house."""
    axes.set_xlabel(x_label, color=ink)
    axes.set_ylabel(y_label, color=ink)
    axes.tick_params(colors=ink, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ink)


def add_legend(axes: Axes, ink: str) -> None:
    """Add the legend, without a frame."""
    axes.legend(frameon=False, labelcolor=ink, fontsize=8)


def mel_grid(rows: Sequence[Sequence[tuple[str, np.ndarray]]]) -> Figure:
    """Return pictures in rows: each cell a title and an RGB picture (height, width, 3)."""
    columns = max(len(row) for row in rows)
    figure = Figure(figsize=(3.6 * columns, 1.9 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, places in zip(rows, grid, strict=True):
        for axes in places:
            axes.set_axis_off()
        for (title, picture), axes in zip(row, places, strict=False):
            axes.imshow(picture, aspect="auto", interpolation="nearest")
            # A dollar sign in the name of a file begins no formula.
            axes.set_title(readable(title), fontsize=8, color=INK, loc="left", parse_math=False)
    return figure


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically."""
    with atomic_path(path) as temporary:
        # The maker is how a picture is known for one that may be drawn anew.
        figure.savefig(temporary, format="png", dpi=144, facecolor="white", metadata={"Software": "gantools"})


def as_svg(draw: Callable[[str], Figure | None]) -> str:
    """Return a figure as SVG whose lines and letters take the colour and font of the page; empty for none."""
    buffer = io.StringIO()
    # Without a date and with fixed ids, equal results give equal pages; text stays text, in the font of the page.
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "gantools"}):
        figure = draw(_PAGE_INK)
        if figure is None:
            return ""
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace(_PAGE_INK, "currentColor")
