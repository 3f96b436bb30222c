"""``evaluate symbolic``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantools.metrics.metric import Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.metrics.symbolic.config import SymbolicConfig
from gantools.report.table import FileGrid, TableRow, number

_COPIES = {
    "longest_copy": ("longest copy", "most bars in a row that a part has from one of the training, in any key"),
    "longest_copy_mean": ("longest copy, mean", "the same, the mean over pieces"),
    "copied": ("copied bars", "share of bars of four notes and three pitches or more that are in the training"),
    "majority": ("instruments: commonest", "share of parts guessed by the commonest instrument of the training"),
    "register": ("instruments: register", "share of parts guessed by how often each instrument plays their pitches"),
}
_JUDGED = {
    "bits": ("bits a note", "what the model takes to tell events, durations, tracks and velocities; lower is expected"),
    "event_nats": ("event", "nats a row"),
    "duration_nats": ("duration", "nats a note's row"),
    "track_nats": ("track", "nats a block"),
    "velocity_nats": ("velocity", "nats a note's row"),
    "instrument_nats": ("instrument", "nats a note's row"),
    "orchestration": ("instruments: model", "share of parts whose instrument the model finds, by their notes alone"),
    "orchestration_top3": ("instruments: model, three", "or among its three most probable ones"),
    "grammatical": ("grammatical", "share of pieces whose rows keep the grammar"),
}
_SETS = {"generated": "generated", "real": "real", "shuffled": "real, bars shuffled"}
_SHOWN = 4


def _figures() -> dict[str, tuple[str, str]]:
    from gantools.metrics.symbolic.statistics import FIGURES

    return {**FIGURES, **_COPIES, **_JUDGED}


class Symbolic(Metric[SymbolicConfig]):
    """Tell how scores of many parts are made: harmony, rhythm, instruments, and how much of them is copied.

    With --real the same of real music, and of its bars in another order; with --trained-on how long the longest copy
    is, in any key, and how well instruments are guessed by registers; with --model how probable a model finds the
    scores, whether it finds their instruments, and the words of pitches that it learned.

    \b
      gantools evaluate symbolic out/ --real held-out/ --trained-on training/ -o report/
      gantools evaluate symbolic held-out/ --model symphony --json
      gantools evaluate symbolic out/ --real held-out/ --grid 4
    """

    name = "symbolic"
    title = "Scores"
    source = (
        "Our own, as the text of SymphonyNet that we have ends before its measures; words named as chords after "
        "its section 1"
    )
    reference = "pieces whose figures are worked out by hand: tests/unit/metrics/symbolic/test_statistics.py"
    config = SymbolicConfig
    arguments = (Argument("generated", "MIDI: a folder, a file, or - for a list on stdin."),)
    uses = ("seed", "device")
    reads = ("MIDI",)
    bulky = ("merges",)

    def inputs(self, places: Mapping[str, str], config: SymbolicConfig) -> Inputs:
        """Return the generated files, and real ones, those of the training and the model where they are given."""
        from gantools.models.folder import model_files, read_model
        from gantools.models.shipped import find_model

        more = {"real": config.real, "training": config.trained_on}
        sets = {**places, **{name: place for name, place in more.items() if place}}
        files = {}
        if config.model:
            folder = find_model(config.model)
            files = {path.name: path for path in model_files(folder, read_model(folder))}
        return Inputs(sets, files)

    def pair(self, sets: ClipSets, config: SymbolicConfig) -> Groups:
        """Choose the files that are shown: nothing is paired."""
        made = [[("generated", clip)] for clip in sets["generated"][:_SHOWN]]
        return made + [[("real", clip)] for clip in sets.get("real", [])[:_SHOWN]]

    def compare(self, sets: ClipSets, config: SymbolicConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.symbolic.comparison.compare_scores`."""
        from gantools.metrics.symbolic.comparison import compare_scores

        return compare_scores(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return each figure of the generated scores, and how to read it."""
        rows = [(title, number(result[name]), note) for name, (title, note) in _figures().items() if name in result]
        rows.append(("valid files", number(result["valid"]), "share that can be read and has notes"))
        if merges := result.get("merges"):
            shares = f"{merges['intervals']} intervals, {merges['chords']} chords, {merges['other']} others"
            rows.append(("merges", f"{merges['count']}", shares))
            rows.append(("common chords", number(merges["common_share"]), "share of merges of three pitches and more"))
            rows.append(("commonest merges", "", ", ".join(f"{m['pitches']} ({m['name']})" for m in merges["first"])))
        return rows

    def grid(self, result: Result) -> FileGrid:
        """Return a row of figures for each set, where there is more than one."""
        if "real" not in result:
            return []
        names = {name: title for name, (title, _) in _figures().items() if name in result}
        rows = [["", "pieces", *names.values()]]
        for key, title in _SETS.items():
            figures: dict[str, Any] = result if key == "generated" else result.get(key, {})
            rows.append([title, f"{result['pieces'].get(key, 0)}", *(number(figures.get(name)) for name in names)])
        return rows

    def footnote(self, result: Result) -> str:
        """Say what the brackets are for."""
        if "real" not in result:
            return "Without --real nothing says what these figures should be."
        return "A figure that real music with shuffled bars reaches too says nothing of how bars follow each other."
