"""``evaluate treble``."""

from __future__ import annotations

from contextlib import suppress

from gantools.errors import ConfigError
from gantools.metrics.metric import Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups, pair
from gantools.metrics.treble.config import TrebleConfig
from gantools.report.table import FileGrid, TableRow, number

_TITLES = {"above_4k_db": "above 4 kHz", "above_8k_db": "above 8 kHz"}


class Treble(Metric[TrebleConfig]):
    """Tell how much treble generated sound has lost: its energy above 4 and 8 kHz over that of real music, in dB.

    Relative to what lies below 4 kHz, so that level says nothing. 0 is as bright as real, negative is dull. Files that
    are named as real ones are also compared each with its own.

    \b
      gantools evaluate treble drums/ real_drums/ -o report/
      gantools evaluate treble night/ techno/ --json
      gantools evaluate treble stems/ true_stems/ --role vocals
    """

    name = "treble"
    title = "Treble"
    source = (
        "Our own, for the loss of high frequencies that Automatic Music Production Using GANs names in its last section"
    )
    reference = "tones of known level: tests/unit/metrics/treble/test_bands.py"
    config = TrebleConfig
    uses = ("map", "seed")
    bulky = ("rows",)

    def pair(self, sets: ClipSets, config: TrebleConfig) -> Groups:
        """Keep the files of the roles that are asked for."""
        sets.keep_roles(config.role, config.real_role)
        # Songs that have no partner, or several, are compared as sets alone.
        with suppress(ConfigError):
            sets.pairs["generated"] = pair(sets["generated"], sets["real"], "real")
        return super().pair(sets, config)

    def compare(self, sets: ClipSets, config: TrebleConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.treble.bands.compare_treble`."""
        from gantools.metrics.treble.bands import compare_treble

        return compare_treble(sets["generated"], sets["real"], conditions, sets.pairs.get("generated", ()))

    def rows(self, result: Result) -> list[TableRow]:
        """Return the treble of the generated files over that of the real ones."""
        rows = []
        for name, title in _TITLES.items():
            low, high = (number(result[f"{name}_{end}"]) for end in ("low", "high"))
            levels = (
                f"{number(result['levels_db'][name])} / {number(result['real'][name])} dB over what lies below 4 kHz"
            )
            rows.append((title, number(result[name]), f"dB, 95 %: {low} to {high}; generated / real {levels}"))
        for name, title in _TITLES.items() if "pairs" in result else ():
            key = f"{name.removesuffix('_db')}_paired_db"
            low, high = (number(result[f"{key}_{end}"]) for end in ("low", "high"))
            note = f"dB, mean of {result['pairs']} pairs, 95 %: {low} to {high}"
            rows.append((f"{title}, own song", number(result[key]), note))
        return [*rows, ("files", f"{result['files_generated']} / {result['files_real']}", "generated / real")]

    def grid(self, result: Result) -> FileGrid:
        """Return the treble of each generated file over the mean of real ones, and over its own song."""
        columns = {name: f"{title}, dB" for name, title in _TITLES.items()}
        if "pairs" in result:
            columns |= {f"{name.removesuffix('_db')}_paired_db": "own song" for name in _TITLES}
        rows = [
            [row["file"], str(row["rate_hz"]), *(number(row.get(name)) for name in columns)] for row in result["rows"]
        ]
        return [["file", "rate, Hz", *columns.values()], *rows]

    def footnote(self, result: Result) -> str:
        """Say what the figures do not tell."""
        return "Hiss and clipping are treble too: evaluate texture tells noise from music."
