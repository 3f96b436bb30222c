"""``evaluate mix``."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import Argument, Conditions, Metric, Result, RoleConfig
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import TableRow, number


@dataclass(frozen=True)
class MixMetricConfig(RoleConfig):
    """Options of the comparison of mixes."""


class MixDifferences(Metric[MixMetricConfig]):
    """Compare mixes with the songs' own: loudness, spectrum, stereo image, dynamics, balance; absolute differences.

    \b
      gantools evaluate mix mixes/ songs/ -o report/
      gantools evaluate mix mixes/ songs/ --json
      gantools evaluate mix norm/ songs/ --role drums
    """

    name = "mix"
    title = "Mixes"
    source = (
        "Features of FxNorm-Automix's evaluation, from its program, as differences in dB and octaves; the balance "
        "is our own"
    )
    reference = "mixes whose differences are worked out by hand: tests/unit/metrics/mix/test_comparison.py"
    config = MixMetricConfig
    arguments = (
        Argument("generated", "Mixes: a folder, a file, or - for a list on stdin."),
        Argument("real", "The songs: their mixes, their stems, or both."),
    )
    uses = ("map", "seed")
    bulky = ("songs",)

    def pair(self, sets: ClipSets, config: MixMetricConfig) -> Groups:
        """Keep the mixes whose song is known by name; nothing is shown side by side."""
        from gantools.metrics.mix.comparison import pair_with_songs

        sets.keep_role("generated", config.role)
        measured = {mix for _, mix, _, _ in pair_with_songs(sets["generated"], sets["real"])}
        kept = [clip for clip in sets["generated"] if clip.path in measured]
        sets.narrow("generated", kept, "files without a song of their name")
        return []

    def compare(self, sets: ClipSets, config: MixMetricConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.mix.comparison.compare_mix`."""
        from gantools.metrics.mix.comparison import compare_mix, pair_with_songs

        pairs = pair_with_songs(sets["generated"], sets["real"])
        return compare_mix(pairs, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the mean difference of each figure over songs, with its interval."""
        from gantools.metrics.mix.comparison import FIGURES

        rows = []
        for name, text in FIGURES.items():
            if name in result["figures"]:
                figure = result["figures"][name]
                span = f"95 %: {number(figure['low'])} to {number(figure['high'])}"
                rows.append((text, number(figure["mean"]), f"median {number(figure['median'])}; {span}"))
        return [*rows, ("songs", str(result["n"]), "absolute differences from the reference mix; 0 is equal")]
