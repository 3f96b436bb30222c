"""Pictures of results: PNG files on white, and SVG for the page, in the colour of its text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gantools.files.atomic import atomic_path
from gantools.metrics.novelty.figures import COPY_1S

ACCENT = "#e8590c"
QUIET = "#7c8a9a"
_INK = "#1d2125"
_PAGE_INK = "#010203"  # stands for the text colour of the page until the SVG is put into it
_SIZE_INCHES = (6.4, 3.2)


def _axes(ink: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _dress(axes, ink, x_label, y_label)
    return figure, axes


def _dress(axes: Axes, ink: str, x_label: str, y_label: str) -> None:
    axes.set_xlabel(x_label, color=ink)
    axes.set_ylabel(y_label, color=ink)
    axes.tick_params(colors=ink, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ink)


def _legend(axes: Axes, ink: str) -> None:
    axes.legend(frameon=False, labelcolor=ink, fontsize=8)


def fad_line(result: dict[str, Any], ink: str = _INK) -> Figure:
    """Distances at several n over 1/n, and the line to endless material."""
    figure, axes = _axes(ink, "1 / number of vectors", "Fréchet distance")
    inverse = 1.0 / np.array(result["draws"]["sizes"])
    axes.plot(inverse, result["draws"]["distances"], "o", ms=3, color=QUIET, alpha=0.7, label="random draws")
    ends = np.array([0.0, inverse.max()])
    axes.plot(ends, result["fad_infinity"] + result["slope"] * ends, color=ACCENT, lw=1.5, label="line")
    low, high = result["fad_infinity_low"], result["fad_infinity_high"]
    middle = result["fad_infinity"]
    axes.errorbar([0], [middle], [[middle - low], [high - middle]], fmt="o", ms=5, color=ACCENT, capsize=3,
                  label="FAD-infinity, 95 %")  # fmt: skip
    axes.set_xlim(-0.04 * inverse.max(), 1.04 * inverse.max())
    _legend(axes, ink)
    return figure


def alignment_histogram(result: dict[str, Any], ink: str = _INK) -> Figure:
    """Correlations of own pairs against those of all other pairings."""
    figure, axes = _axes(ink, "onset correlation", "density")
    edges = np.linspace(-0.3, 1.0, 40)
    series = [(result["other_values"], QUIET, "all other pairings", 0.45)]
    series.append((result["own_values"], ACCENT, "generated with its own source", 1.0))
    if "real" in result:
        series.append((result["real"]["own_values"], ink, "real with its own source", 0.6))
    for values, colour, label, alpha in series:
        density, _ = np.histogram(np.clip(values, -0.3, 1.0), edges, density=True)
        label = f"{label} (mean {np.mean(values):.2f})"
        axes.stairs(density, edges, fill=alpha < 0.5, color=colour, alpha=alpha, lw=1.5, label=label)
    _legend(axes, ink)
    return figure


def band_curve(result: dict[str, Any], ink: str = _INK) -> Figure:
    """Mean STOI-like feature of each mel band."""
    figure, axes = _axes(ink, "mel band", "S" if result["mode"] != "literal" else "S in dB²")
    axes.axhline(0.0, color=ink, lw=0.6, alpha=0.5)
    axes.plot(result["bands"], color=ACCENT, lw=1.2)
    axes.set_xlim(0, len(result["bands"]) - 1)
    return figure


def novelty_panels(result: dict[str, Any], ink: str = _INK) -> Figure:
    """Spectrum and modulation of the clip and of the generated files, and the correlations of 1 s windows."""
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    spectrum, modulation, copies = figure.subplots(1, 3)
    curves = result["curves"]
    for axes, name, label in ((spectrum, "ltas_db", "mean level"), (modulation, "modulation_db", "level sd in time")):
        _dress(axes, ink, "Hz", f"{label}, dB")
        made = curves[name]["generated"]
        axes.fill_between(curves["hz"], made["low"], made["high"], color=ACCENT, alpha=0.25, lw=0)
        axes.plot(curves["hz"], made["mean"], color=ACCENT, lw=1.5, label="generated")
        axes.plot(curves["hz"], curves[name]["real"], color=ink, lw=1.2, label="clip")
        axes.set_xscale("log")
    _legend(spectrum, ink)
    _dress(copies, ink, "best correlation, 1 s", "share of windows")
    edges = np.linspace(0.0, 1.0, 26)
    for key, colour, fill in (("halves", QUIET, True), ("generated", ACCENT, False)):
        values = result["correlations"][key]
        if values:
            shares = np.histogram(values, edges)[0] / len(values)
            copies.stairs(shares, edges, fill=fill, color=colour, alpha=0.45 if fill else 1.0, lw=1.5, label=key)
    copies.axvline(COPY_1S, color=ink, lw=0.8, ls=":", label="copy")
    _legend(copies, ink)
    return figure


def pitch_histogram(result: dict[str, Any], ink: str = _INK) -> Figure:
    """Voiced pitches of the generated files, and of the real ones."""
    figure, axes = _axes(ink, "Hz", "density per octave")
    edges = np.linspace(np.log2(30.0), 11.0, 73)
    series = [("real", result["real"]["pitches"], QUIET, True)] if "real" in result else []
    for label, values, colour, fill in [*series, ("generated", result["pitches"], ACCENT, False)]:
        if values:
            density, _ = np.histogram(np.log2(values), edges, density=True)
            axes.stairs(density, 2.0**edges, fill=fill, color=colour, alpha=0.45 if fill else 1.0, lw=1.5, label=label)
    axes.set_xscale("log", base=2)
    ticks = [31.25 * 2**octave for octave in range(7)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    _legend(axes, ink)
    return figure


def mel_grid(rows: Sequence[Sequence[tuple[str, np.ndarray]]]) -> Figure:
    """Pictures in rows: each cell a title and an RGB picture (height, width, 3)."""
    columns = max(len(row) for row in rows)
    figure = Figure(figsize=(3.6 * columns, 1.9 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, places in zip(rows, grid, strict=True):
        for axes in places:
            axes.set_axis_off()
        for (title, picture), axes in zip(row, places, strict=False):
            axes.imshow(picture, aspect="auto", interpolation="nearest")
            axes.set_title(title, fontsize=8, color=_INK, loc="left")
    return figure


PLOTS = {
    "frechet": fad_line,
    "rhythm": alignment_histogram,
    "stoi": band_curve,
    "novelty": novelty_panels,
    "pitch": pitch_histogram,
}
PLOT_NAMES = {
    "frechet": "fad_infinity",
    "rhythm": "alignment",
    "stoi": "bands",
    "novelty": "spectrum",
    "pitch": "pitches",
}
#: What must be there for a plot: FAD-infinity may have been refused, and noise has no voiced frame.
_PLOTTED = {"frechet": "draws", "pitch": "pitches"}


def has_plot(result: dict[str, Any]) -> bool:
    """Tell whether there is something to plot: not of every metric, nor of every result."""
    metric = result["metric"]
    return metric in PLOT_NAMES and bool(result.get(_PLOTTED.get(metric, "metric")))


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=144, facecolor="white")


def page_svg(result: dict[str, Any]) -> str:
    """Return the plot of a result as SVG whose lines and letters take the colour and font of the page."""
    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "gantools"}):
        figure = PLOTS[result["metric"]](result, _PAGE_INK)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace(_PAGE_INK, "currentColor")
