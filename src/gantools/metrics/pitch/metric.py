"""``evaluate pitch``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.metric import GENERATED, Argument, Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets
from gantools.metrics.pitch.config import PitchConfig
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER_NOTE = (
    "The paper's table (mean / standard deviation in Hz: baseline 66.21 / 755.4, improved 8264 / 4410, style 5899 / "
    "6347, transformer 6932 / 4309) cannot be CREPE hertz. CREPE's 360 pitches span 31.7 to 2005.5 Hz, so no mean can "
    "be 5899 or more, and 8264 Hz is above half of its 16 kHz rate. A mean of 66.21 Hz in that range allows a standard "
    "deviation of at most 258.7 Hz (Bhatia and Davis: the root of (2005.5 - 66.21)(66.21 - 31.7)), not 755.4."
)
_COLUMNS = {
    "geo_mean_hz": "pitch Hz", "spread_oct": "spread oct", "voiced": "voiced", "log10_mean": "log10 mean",
    "log10_sd": "log10 sd", "centroid_mean_hz": "centroid Hz", "centroid_sd_hz": "centroid sd",
}  # fmt: skip


class Pitch(Metric[PitchConfig]):
    """Measure the pitch of a set of sounds: register, range, how much is pitched, and the spectral centroid.

    With CREPE, frame by frame, over voiced frames and over all, pooled and as means of files. On one core a second of
    sound takes 0.2 s with the tiny weights and 3.5 s with the full ones, which the crepe package takes by itself.

    \b
      gantools evaluate pitch clips/ -o report/
      gantools evaluate pitch clips/ tracks/ --crepe full --device cuda --json
      gantools evaluate pitch clips/ --voiced 0.8
    """

    name = "pitch"
    title = "Pitch"
    source = (
        "Generating Electronic Music with Adversarial Networks, section 4.2; CREPE (Kim et al., ICASSP 2018); YIN "
        "(JASA 2002)"
    )
    reference = (
        "activations of torchcrepe, sines, YIN's equations as printed: tests/unit/metrics/pitch/test_statistics.py"
    )
    config = PitchConfig
    arguments = (GENERATED, Argument("real", "Real music to show beside it.", required=False))
    uses = ("device",)
    bulky = ("pitches",)
    plot_name = "pitches"
    caption = "Pitch of voiced frames."

    def compare(self, sets: ClipSets, config: PitchConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.pitch.comparison.compare_pitch`."""
        from gantools.metrics.pitch.comparison import compare_pitch

        return compare_pitch(sets["generated"], sets["real"], config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return each statistic, pooled over frames and averaged over files, beside the real music."""

        def row(label: str, name: str, unit: str, note: str) -> TableRow:
            notes = [note, f"mean of files {number(result['per_file'][name])}"]
            if real := result.get("real"):
                notes.append(f"real {number(real[name])}, of files {number(real['per_file'][name])}")
            return label, f"{number(result[name])}{unit}", "; ".join(notes)

        gate = f"frames of periodicity {result['voiced_from']:g} or more"
        frames = f"{result['frames']} frames every {1000 * result['hop_s']:g} ms with {result['tracker']}"
        if "real" in result:
            frames += f"; real {result['real']['files']} files, {result['real']['frames']} frames"
        return [
            row("pitch", "geo_mean_hz", " Hz", f"geometric mean of {gate}"),
            row("spread", "spread_oct", " oct", "standard deviation of the same, in octaves"),
            row("voiced", "voiced", "", f"share of {gate}"),
            row("ungated log10 Hz, mean", "log10_mean", "", "all frames, the paper's way"),
            row("ungated log10 Hz, sd", "log10_sd", "", "all frames, the paper's way"),
            row("ungated Hz, mean", "hz_mean", " Hz", "all frames"),
            row("ungated Hz, sd", "hz_sd", " Hz", "all frames"),
            row("centroid, mean", "centroid_mean_hz", " Hz", "of the spectrum up to 8 kHz"),
            row("centroid, sd", "centroid_sd_hz", " Hz", "over frames"),
            ("files", str(result["files"]), frames),
        ]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each generated file."""
        rows = [[row["file"], *(number(row[name]) for name in _COLUMNS)] for row in result["rows"]]
        return [["file", *_COLUMNS.values()], *rows]

    def footnote(self, result: Result) -> str:
        """Say why the paper's own table cannot stand beside these figures."""
        return PAPER_NOTE

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the voiced pitches of the generated files, and of the real ones; None where nothing is voiced."""
        if not result.get("pitches"):
            return None
        import numpy as np

        from gantools.report.plots import ACCENT, QUIET, add_legend, new_axes

        figure, axes = new_axes(ink, "Hz", "density per octave")
        edges = np.linspace(np.log2(30.0), 11.0, 73)
        series = [("real", result["real"]["pitches"], QUIET, True)] if "real" in result else []
        for label, values, colour, fill in [*series, ("generated", result["pitches"], ACCENT, False)]:
            if values:
                density, _ = np.histogram(np.log2(values), edges, density=True)
                alpha = 0.45 if fill else 1.0
                axes.stairs(density, 2.0**edges, fill=fill, color=colour, alpha=alpha, lw=1.5, label=label)
        axes.set_xscale("log", base=2)
        ticks = [31.25 * 2**octave for octave in range(7)]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        add_legend(axes, ink)
        return figure
