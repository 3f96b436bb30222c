"""``evaluate loops``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gantools.metrics.loops.config import LoopsConfig
from gantools.metrics.metric import Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Figure -> its name in the table, in the head of a column, and how to read it.
_STYLE = {
    "loop_score": ("loop score", "LS", "mean over phrases (LS); lower is more of a loop"),
    "loop_score_median": ("loop score, median", "median", "few bad phrases decide the mean"),
    "accepted": ("accepted as loops", "accepted", "share at or below the detector's threshold"),
    "used_pitches": ("used pitches", "UP", "columns of the roll that a bar uses (UP); as the real ones is best"),
    "note_density": ("note density", "ND", "sixteenths of a bar, of 16, in which anything sounds (ND)"),
    "notes_per_bar": ("notes", "notes", "that begin in a bar"),
    "duplicates": ("duplicates", "duplicates", "share of phrases that sound like one before"),
    "silent": ("silent", "silent", "share of phrases without a note"),
}
_LIKENESS = {
    "precision": ("precision", "P", "share of generated phrases near real ones"),
    "recall": ("recall", "R", "share of real phrases near generated ones"),
    "density": ("density", "D", "how deep among the real ones, 1 is real"),
    "coverage": ("coverage", "C", "share of real phrases with a generated one near"),
    "f1_precision_recall": ("F1 of precision, recall", "F1 PR", "harmonic mean of both"),
    "f1_density_coverage": ("F1 of density, coverage", "F1 DC", "harmonic mean of both"),
}
_NOVELTY = {
    "novelty_p5": ("novelty, 5 %", "new 5 %", "cells between a phrase and the nearest of the training, in any key"),
    "novelty_median": ("novelty, median", "new 50 %", "the same"),
    "nearer_than_a_bar": (
        "nearer than a bar",
        "near",
        "share that differs from one of the training by less than a bar",
    ),
}
_SHOWN = 4
_SETS = {
    "generated": "generated",
    "real": "real (every other piece against the rest)",
    "shuffled": "real with bars shuffled",
    "noise": "noise as dense as real",
}


class Loops(Metric[LoopsConfig]):
    """Tell whether generated loops of drums and bass, in MIDI, loop, sound real, and are new.

    Loop score, used pitches and note density; against --real also precision, recall, density and coverage in the spaces
    of ten random networks, and the distance to the nearest phrase that was learned from. Beside it the same of real
    music, of its bars in another order, and of noise.

    \b
      gantools evaluate loops made/ --real training/ -o report/
      gantools evaluate loops made/ --real held-out/ --trained-on training/ --json
      gantools evaluate loops made/ --bars 4 --only-loops
    """

    name = "loops"
    title = "Loops"
    source = "Symbolic Music Loop Generation, sections 4.2 and 4.3, tables 2 and 3"
    reference = (
        "rolls counted by hand: tests/unit/metrics/loops/test_style.py; the paper's own table 3 from its table 2: "
        "tests/unit/metrics/coverage/test_balls.py"
    )
    config = LoopsConfig
    arguments = (Argument("generated", "Generated MIDI: a folder, a file, or - for a list on stdin."),)
    uses = ("seed",)
    reads = ("MIDI",)
    bulky = ("scores", "distances")
    plot_name = "loops"
    caption = (
        "Loop scores, with the threshold up to which a phrase counts as a loop. Likeness to real phrases, with the "
        "spread over random networks. Right: cells to the nearest phrase that was learned from, with what a bar holds."
    )

    def inputs(self, places: Mapping[str, str], config: LoopsConfig) -> Inputs:
        """Return the generated files, real ones and those of the training where they are given, and the detector."""
        from gantools.errors import ConfigError
        from gantools.metrics.loops.detecting import detector_files

        if config.trained_on and not config.real:
            raise ConfigError("--trained-on goes with --real")
        more = {"real": config.real, "training": config.trained_on}
        sets = {**places, **{name: place for name, place in more.items() if place}}
        return Inputs(sets, detector_files(config.detector))

    def pair(self, sets: ClipSets, config: LoopsConfig) -> Groups:
        """Choose the files that are shown: nothing is paired, names say nothing here."""
        made = [[("generated", clip)] for clip in sets["generated"][:_SHOWN]]
        return made + [[("real", clip)] for clip in sets.get("real", [])[: _SHOWN // 2]]

    def compare(self, sets: ClipSets, config: LoopsConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.loops.comparison.compare_loops`."""
        from gantools.metrics.loops.comparison import compare_loops

        return compare_loops(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return each figure of the generated loops, and how to read it."""
        rows = []
        for name, (title, _, note) in {**_STYLE, **_LIKENESS, **_NOVELTY}.items():
            if name in result:
                spread = f"; sd {number(result[f'{name}_sd'])} over networks" if f"{name}_sd" in result else ""
                rows.append((title, number(result[name]), note + spread))
        limit = f"loops score up to {number(result['threshold'])}"
        limit += "" if result["calibrated"] else ", which is from audio: ranks hold, the limit does not"
        rows.append(("detector", result["detector"], f"{result['bars']} bars, features {result['features']}; {limit}"))
        of = f"{result['measured_generated']} measured by themselves"
        rows.append(("phrases", f"{result['phrases_generated']}", of))
        if "compared" in result:
            real = f"{result['phrases_real']} real ones from {result['pieces_real']} pieces"
            if result["phrases_real"] < result["windows_real"]:
                real += f", those of {result['windows_real']} that are loops"
            note = f"of each side; {real}; novelty against {result['learned']}"
            rows.append(("compared", f"{result['compared']}", f"{note}; k = {result['k']}"))
        return rows

    def grid(self, result: Result) -> FileGrid:
        """Return a row of figures for the generated loops, and for what they are read beside."""
        if "real" not in result:
            return []
        columns = {name: column for name, (_, column, _) in {**_STYLE, **_LIKENESS, **_NOVELTY}.items()}
        rows = [["", *columns.values()]]
        for key, title in _SETS.items():
            figures = result if key == "generated" else result[key]
            rows.append([title, *(number(figures.get(name)) for name in columns)])
        return rows

    def footnote(self, result: Result) -> str:
        """Say what the brackets are for."""
        if "real" not in result:
            return "Without --real nothing says whether the loops sound real, or are copies."
        return (
            "A figure that real music with shuffled bars, or noise, reaches too says little. Figures of sets of other "
            "sizes, or against other real music, cannot be compared."
        )

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the loop scores, the likeness and the distances, each beside its brackets."""
        from gantools.metrics.loops.figure import draw

        return draw(result, ink)
