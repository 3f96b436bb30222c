"""``evaluate music``."""

from __future__ import annotations

from gantools.metrics.metric import GENERATED, Argument, Conditions, Metric, Result
from gantools.metrics.music.config import MusicConfig
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import FileGrid, TableRow, number

_FIGURES = {
    "tempo_kept": ("tempo kept", "share of windows with a pulse at the piece's own tempo, its half or its double"),
    "pulse_found": ("pulse found", "share of windows in which beats were found"),
    "key_kept": ("key kept", "share of windows in the piece's commonest key"),
    "key_near": ("key near", "the same, with .5 for a fifth, .3 and .2 for relative and parallel keys"),
    "key_clarity": ("key clarity", "correlation with the profile of the key; noise has .3 to .4"),
}
_SETS = {"real": "real", "chance": "windows of other pieces"}


class KeepsTempoAndKey(Metric[MusicConfig]):
    """Tell whether music stays within a tempo and a key, from window to window.

    Tempo by its beats, key by the profiles of Krumhansl and Kessler. Beside it the same of real music, and of windows
    that come from different pieces of it, which is chance.

    \b
      gantools evaluate music night/ techno/ -o report/
      gantools evaluate music ideas/ --window-seconds 6 --json
      gantools evaluate music stems/ --role other
    """

    name = "music"
    title = "Tempo and key"
    source = "Krumhansl (1990) for the profiles of keys; scores of neighbouring keys as in MIREX"
    reference = (
        "mir_eval, cadences, cases worked by hand: tests/unit/structure/test_keys.py, "
        "tests/unit/metrics/music/test_constancy.py"
    )
    config = MusicConfig
    arguments = (GENERATED, Argument("real", "Real music of the same kind.", required=False))
    uses = ("map", "seed")
    bulky = ("rows",)

    def pair(self, sets: ClipSets, config: MusicConfig) -> Groups:
        """Keep the files of the role that is asked for."""
        sets.setdefault("real", [])
        sets.keep_roles(config.role)
        return super().pair(sets, config)

    def compare(self, sets: ClipSets, config: MusicConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.music.constancy.compare_music`."""
        from gantools.metrics.music.constancy import compare_music

        return compare_music(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return each figure, beside those of real music and of chance."""
        rows = []
        for name, (title, note) in _FIGURES.items():
            beside = [f"{word} {number(result[key][name])}" for key, word in _SETS.items() if key in result]
            rows.append((title, number(result[name]), "; ".join([note, *beside])))
        windows = sum(row["windows"] for row in result["rows"])
        return [*rows, ("files", str(result["files"]), f"{windows} windows of {result['window_s']:g} s")]

    def grid(self, result: Result) -> FileGrid:
        """Return a row of each generated file."""
        head = ["file", "windows", "bpm", "kept", "pulse", "key", "kept", "near", "clarity"]
        names = ("bpm", "tempo_kept", "pulse_found", "key", "key_kept", "key_near", "key_clarity")
        rows = [
            [
                row["file"],
                str(row["windows"]),
                *(row[name] if name == "key" else number(row[name]) for name in names),
            ]
            for row in result["rows"]
        ]
        return [head, *rows]

    def footnote(self, result: Result) -> str:
        """Say what the figures do not tell."""
        return "A loop or a drone keeps both for ever; real music moves. Drums alone have no key."
