"""``evaluate neighbours``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.metric import GENERATED, Argument, Conditions, Metric, Result
from gantools.metrics.neighbours.config import NeighboursConfig
from gantools.metrics.pairing import ClipSets
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Neighbours(Metric[NeighboursConfig]):
    """Tell whether music is copied from what it was learnt from, by the nearest neighbours of windows.

    Mel spectra of sounds, at any place of the training, or latents (generate codec --encode). Music that the model
    never heard says how near new music is: what is made is as new where it is as far.

    \b
      gantools evaluate neighbours night/ techno/ held/ -o report/
      gantools evaluate neighbours night.latents/ techno.latents/ held.latents/ --json
      gantools evaluate neighbours night/ techno/ held/ --window-seconds 4
    """

    name = "neighbours"
    title = "Nearest neighbours"
    source = "Our own"
    reference = "all distances of all windows by brute force: tests/unit/metrics/neighbours/test_windows.py"
    config = NeighboursConfig
    arguments = (
        GENERATED,
        Argument("real", "What it was learnt from."),
        Argument("held_out", "Music of the same kind that it was not learnt from."),
    )
    reads = ("audio", "latents")
    bulky = ("distances",)
    plot_name = "neighbours"
    caption = "Distance of windows to the nearest of what was learnt from: generated ones, and those of held-out music."

    def compare(self, sets: ClipSets, config: NeighboursConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.neighbours.comparison.compare_neighbours`."""
        from gantools.metrics.neighbours.comparison import compare_neighbours

        return compare_neighbours(sets["generated"], sets["real"], sets["held_out"], config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the distances, their ratio, and the window that is most like the training."""
        from gantools.metrics.neighbours.comparison import COPIED, HIGH, LOW

        unit, closest = result["unit"], result["closest"][0]
        place = (
            f"{closest['file']} at {closest['at_s']:.1f} s is like {closest['real']} at {closest['real_at_s']:.1f} s"
        )
        gates = f"generated over held out: {LOW:g} to {HIGH:g} is new, below {COPIED:g} copied"
        counts = " / ".join(str(result["windows"][name]) for name in ("generated", "held_out"))
        copied = (
            f"windows below {COPIED:g} of the held-out distance; of held-out music {number(result['held_out_copied'])}"
        )
        return [
            ("verdict", result["verdict"], gates),
            ("ratio", number(result["ratio"]), "mean distance to the nearest, over that of held-out music"),
            ("distance", number(result["generated"]), f"{unit}; held-out music {number(result['held_out'])}"),
            ("copied", number(result["copied"]), f"share of {copied}"),
            ("closest", number(closest["ratio"]), place),
            ("windows", counts, f"generated / held out, of {result['window_s']:.2f} s"),
        ]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each generated file."""
        rows = [[row["file"], number(row["ratio"]), number(row["nearest"])] for row in result["rows"]]
        return [["file", "ratio", "closest window"], *rows]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the distribution of both distances."""
        import numpy as np

        from gantools.report.plots import ACCENT, QUIET, add_legend, new_axes

        figure, axes = new_axes(ink, f"distance to the nearest, {result['unit']}", "share of windows")
        values = result["distances"]
        edges = np.linspace(0, max(max(one) for one in values.values()) * 1.02 + 1e-9, 31)
        for key, label, colour, fill in (
            ("held_out", "held out", QUIET, True), ("generated", "generated", ACCENT, False)
        ):  # fmt: skip
            shares = np.histogram(values[key], edges)[0] / len(values[key])
            axes.stairs(shares, edges, fill=fill, color=colour, alpha=0.45 if fill else 1.0, lw=1.5, label=label)
        add_legend(axes, ink)
        return figure
