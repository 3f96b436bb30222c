"""Loops to look at and to listen to: how alike the bars of a piece are, and a page whose players loop."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gantools.audio.writing import write_audio
from gantools.files.readable import readable
from gantools.report.excerpts import data_uri
from gantools.report.page import Article, Page, Sound
from gantools.report.plots import ACCENT, INK, dress

_INCHES = 5.0


@dataclass(frozen=True)
class LoopEntry:
    """One loop of the page.

    Attributes
    ----------
    title : str
    sound : str
        Address of its sound, relative to the page or ``data:``; empty for none.
    seconds : float
    figures, details : sequence of (label, value)
        Shown at once, and on demand.
    remarks : sequence of str
    picture : str
        Address of its picture; empty for none.
    """

    title: str
    sound: str
    seconds: float
    figures: Sequence[tuple[str, str]] = ()
    details: Sequence[tuple[str, str]] = ()
    remarks: Sequence[str] = ()
    picture: str = ""


def matrix_figure(matrix: np.ndarray, loops: Sequence[tuple[int, int]], title: str) -> Figure:
    """Return a picture of how alike the bars of a piece are, with frames around its loops.

    Parameters
    ----------
    matrix : array (bars, bars)
        Correlations, up to 1.
    loops : sequence of (int, int)
        First bar, from 0, and number of bars of each, the best first.
    title : str
    """
    figure = Figure(figsize=(_INCHES, _INCHES), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    dress(axes, INK, "bar", "bar")
    count = len(matrix)
    # Bars are counted from 1, and stand in the middle of their cells.
    extent = (0.5, count + 0.5, count + 0.5, 0.5)
    shown = axes.imshow(matrix, cmap="magma", vmin=0, vmax=1, extent=extent, interpolation="nearest")
    for place, (first, bars) in enumerate(loops):
        frame = Rectangle((first + 0.5, first + 0.5), bars, bars, fill=False, edgecolor=ACCENT, linewidth=1.5)
        axes.add_patch(frame)
        if place < 9:
            axes.text(first + bars + 0.6, first + 0.6, str(place + 1), color=ACCENT, fontsize=7, va="top")
    axes.set_title(readable(title), fontsize=8, color=INK, loc="left", parse_math=False)
    figure.colorbar(shown, ax=axes, shrink=0.8).ax.tick_params(labelsize=7)
    return figure


def sound_address(wave: np.ndarray, rate_hz: int) -> str:
    """Return a sound (channels, n) as an address that carries it: Vorbis, which keeps its length to the sample."""
    # Through a file, as all audio is written: equal sound then gives equal bytes.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loop.ogg"
        write_audio(path, wave, rate_hz)
        return data_uri(path.read_bytes(), "audio/ogg")


def loop_page(title: str, subtitle: str, entries: Sequence[LoopEntry], facts: Sequence[str]) -> str:
    """Return a page of loops, each with a player that begins again at its end."""
    parts = [
        Article(
            entry.title,
            f"{entry.seconds:.2f} s",
            Sound(entry.picture, entry.sound, f"Mel spectrogram of {entry.title}", loop=True),
            str(place),
            entry.figures,
            entry.details,
            entry.remarks,
        )
        for place, entry in enumerate(entries, start=1)
    ]
    return Page(title, subtitle, parts, facts, narrow=True).html()
