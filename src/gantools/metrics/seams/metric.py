"""``evaluate seams``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.metric import GENERATED, Argument, Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets
from gantools.metrics.seams.config import SeamsConfig
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Seams(Metric[SeamsConfig]):
    """Tell whether the patches that endless music is made of can be heard: at their seams, or as a rhythm.

    Onsets and changes of the spectrum where patches meet, over those everywhere, and how much the onsets repeat after
    parts of a patch. Real music is measured at the same distances, to be compared with.

    \b
      gantools evaluate seams night/ techno/ -o report/
      gantools evaluate seams night.flac --patch-seconds 11.89 --json
      gantools evaluate seams loops/ songs/
    """

    name = "seams"
    title = "Seams"
    source = "Our own, for what Musika's section 3.2 promises of patches side by side"
    reference = "bursts at known places, steps of known size: tests/unit/metrics/seams/test_flux.py"
    config = SeamsConfig
    arguments = (GENERATED, Argument("real", "Real music of the same kind, to compare with.", required=False))
    bulky = ("around",)
    plot_name = "seams"
    caption = "Onsets around the places where patches meet, over their mean: a peak at 0 would be heard."

    def compare(self, sets: ClipSets, config: SeamsConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.seams.comparison.compare_seams`."""
        from gantools.metrics.seams.comparison import compare_seams

        return compare_seams(sets["generated"], sets["real"], config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the ratios at the seams, and the repetition by part of a patch."""
        from gantools.metrics.seams.comparison import HIGH, LOW, MOST_LOCK, lag_names

        real = result.get("real", {})

        def ratio(label: str, name: str, note: str) -> TableRow:
            notes = [note, f"± {number(result[f'{name}_error'])}"]
            if real:
                notes.append(f"real {number(real[name])} ± {number(real[f'{name}_error'])}")
            return label, number(result[name]), "; ".join(notes)

        gates = f"onsets within {LOW:g} to {HIGH:g}, repetition within {MOST_LOCK:g} of real"
        rows = [
            ("verdict", result["verdict"], gates),
            ratio("onsets at seams", "onset_ratio", "over those everywhere"),
            ratio("change of spectrum at seams", "change_ratio", "over that everywhere"),
        ]
        for place, name in enumerate(lag_names()):
            note = f"autocorrelation of onsets after {name} patch"
            if real:
                note += f"; real {number(real['lock'][place])}"
            rows.append((f"repetition, {name} patch", number(result["lock"][place]), note))
        seams = f"{result['seams']} seams of patches of {result['patch_seconds']:.2f} s"
        return [*rows, ("files", str(result["files"]), seams)]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each generated file."""
        names = ("onset_ratio", "change_ratio", "seams")
        return [
            ["file", "onsets", "change", "seams"],
            *([row["file"], *(number(row[name]) for name in names)] for row in result["rows"]),
        ]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the mean onsets around a seam; None where no seam is half a second from both ends."""
        if not result["around"]:
            return None
        from gantools.metrics.seams.comparison import around_seconds
        from gantools.report.plots import ACCENT, QUIET, add_legend, new_axes

        figure, axes = new_axes(ink, "seconds from the seam", "onsets over their mean")
        if result.get("real", {}).get("around"):
            axes.plot(around_seconds(), result["real"]["around"], color=QUIET, lw=1.2, label="real, at the same places")
        axes.plot(around_seconds(), result["around"], color=ACCENT, lw=1.5, label="generated")
        axes.set_ylim(bottom=0)
        add_legend(axes, ink)
        return figure
