"""``evaluate conditions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.conditions.config import ConditionsConfig
from gantools.metrics.metric import GENERATED, Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Condition -> what is said of it in the table: its figure, what the figure is, and the unit in the table of files.
_WORDS = {
    "density": ("density", "rank correlation of requested and measured onsets in a second", "onsets/s"),
    "loudness": ("loudness", "correlation of requested and measured level", "dB"),
    "brightness": ("brightness", "correlation of requested and measured centroid, in octaves", "Hz"),
    "tempo": ("tempo error", "median |measured / requested - 1|, octaves apart being equal", "bpm"),
}


class FollowsConditions(Metric[ConditionsConfig]):
    """Tell whether music is what it was asked to be: note density, loudness, brightness, tempo.

    The record of each file of generate musika says what it was asked for; what is heard is measured as it was on the
    songs that the model learnt from. Beside each figure is what the same curves get from the sound of other pieces.

    \b
      gantools generate musika models/techno --density random --count 6 -o walks/
      gantools evaluate conditions walks/ -o report/
      gantools evaluate conditions walks/ --tempo-seconds 15 --json
    """

    name = "conditions"
    title = "Conditions"
    source = "Our own, for what Musika's section 6 says of its conditional models"
    reference = "rank correlations by hand, clicks that are counted: tests/unit/metrics/conditions/test_comparison.py"
    config = ConditionsConfig
    arguments = (GENERATED,)
    bulky = ("drawn",)
    plot_name = "density"
    caption = "Note density that was asked for, and that is heard."

    def pair(self, sets: ClipSets, config: ConditionsConfig) -> Groups:
        """Return the first files, one by one."""
        return [[("generated", clip)] for clip in sets["generated"][:6]]

    def compare(self, sets: ClipSets, config: ConditionsConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.conditions.comparison.compare_conditions`."""
        from gantools.metrics.conditions.comparison import compare_conditions

        return compare_conditions(sets["generated"], config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return a row for each condition, and how far its values are off as a whole."""
        from gantools.metrics.conditions.comparison import LEAST_SPEARMAN, MOST_TEMPO_ERROR

        gates = {"density": f"at least {LEAST_SPEARMAN:g}", "tempo": f"below {MOST_TEMPO_ERROR:g}"}
        offsets = {
            "density_ratio": "measured over requested",
            "loudness_off_db": "dB above what was requested",
            "brightness_ratio": "measured over requested",
        }
        rows = []
        for name, (label, note, _) in _WORDS.items():
            if f"{name}_follows" not in result:
                continue
            passed = {True: "pass: ", False: "FAIL: ", None: ""}[result["passed"].get(name)]
            gate = f"{passed}{gates[name]}; " if name in gates else ""
            other = f"of other pieces {number(result[f'{name}_other'])}"
            rows.append((label, number(result[f"{name}_follows"]), f"{gate}{other}; {note}"))
            for key, words in offsets.items():
                if key.startswith(name) and key in result:
                    rows.append((f"{name}, offset", number(result[key]), f"{words}, median"))
        return [*rows, ("files", str(result["files"]), f"{result['seconds']:.0f} s in all")]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each file: what it was asked to be and is, in the middle, and how well it follows."""
        names = [name for name in _WORDS if f"{name}_follows" in result]
        head = [cell for name in names for cell in (f"asked, {_WORDS[name][2]}", "heard", _WORDS[name][0])]
        cells = [key for name in names for key in (f"{name}_asked", name, f"{name}_follows")]
        return [["file", *head], *([row["file"], *(number(row.get(key)) for key in cells)] for row in result["rows"])]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the requested and the measured density of the first files, one after the other."""
        if not result["drawn"]:
            return None
        import numpy as np

        from gantools.report.plots import ACCENT, add_legend, new_axes

        figure, axes = new_axes(ink, "seconds, one file after the other", "onsets in a second")
        start = 0.0
        for place, one in enumerate(result["drawn"]):
            seconds = start + np.arange(len(one["asked"])) * one["step_seconds"]
            label = ("asked", "heard") if not place else (None, None)
            axes.plot(seconds, one["asked"], color=ink, lw=1.2, label=label[0])
            axes.plot(seconds, one["heard"], color=ACCENT, lw=1.2, label=label[1])
            start = float(seconds[-1]) + 2 * one["step_seconds"]
        axes.set_ylim(bottom=0)
        add_legend(axes, ink)
        return figure
