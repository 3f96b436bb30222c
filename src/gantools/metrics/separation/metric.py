"""``evaluate separation``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gantools.metrics.metric import Argument, Conditions, Metric, Result, RoleConfig
from gantools.metrics.pairing import ClipSets, Groups
from gantools.options import option
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class SeparationConfig(RoleConfig):
    """Options of the measure of separated stems."""

    baselines: bool = option(False, "Measure also the mix itself, HPSS with a low-pass, and the oracle ratio mask.")


class Separation(Metric[SeparationConfig]):
    """Tell how close separated stems are to the true ones: SDR and SI-SDR in dB, for each stem and on average.

    Over the whole song and as the median over seconds. No filter is allowed between the two, unlike in BSS Eval: what
    is missing or late counts as error. Below 0 dB an estimate is worse than silence, by the SDR's count.

    \b
      gantools separate mixes/ -o separated/
      gantools evaluate separation separated/ songs/ --baselines -o report/
      gantools evaluate separation separated/ songs/ --role drums --json
    """

    name = "separation"
    title = "Separated stems"
    source = (
        "Global SDR of the Music Demixing Challenge (Mitsufuji et al. 2022, equation 1); SI-SDR of Le Roux et al. "
        "(2019)"
    )
    reference = "ratios by hand, and mir_eval: tests/unit/metrics/separation/test_ratios.py"
    config = SeparationConfig
    arguments = (
        Argument("generated", "Separated stems: a folder, a file, or - for a list on stdin."),
        Argument("real", "The true stems; paired by song and role."),
    )
    uses = ("map",)
    bulky = ("rows",)
    plot_name = "sdr"
    caption = "SDR of each stem of each song, and the mean of each role."

    def pair(self, sets: ClipSets, config: SeparationConfig) -> Groups:
        """Keep the stems that have a true one of their song and role."""
        from gantools.metrics.separation.comparison import pair_stems

        sets.keep_role("generated", config.role)
        songs = pair_stems(sets["generated"], sets["real"])
        clips = {clip.path: clip for clip in (*sets["generated"], *sets["real"])}
        measured = {path for song in songs for paths in song.separated.values() for path in paths}
        kept = [clip for clip in sets["generated"] if clip.path in measured]
        sets.narrow("generated", kept, "files without a true stem of their song and role")
        return [
            [("true", clips[true[0]]), ("separated", clips[song.separated[role][0]])]
            for song in songs
            for role, true in song.true.items()
        ]

    def compare(self, sets: ClipSets, config: SeparationConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.separation.comparison.compare_separation`."""
        from gantools.metrics.separation.comparison import compare_separation, pair_stems

        songs = pair_stems(sets["generated"], sets["real"])
        return compare_separation(songs, config.baselines, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the means, those of each role, and those of the baselines."""
        stems = f"mean of {len(result['rows'])} stems of {result['n']} songs"
        rows = [
            ("SDR, dB", number(result["sdr_db"]), f"over the whole song, {stems}"),
            ("SI-SDR, dB", number(result["si_sdr_db"]), "the same, one scale for both channels"),
            ("SDR per second, dB", number(result["chunk_sdr_db"]), "median over seconds that sound, mean of stems"),
        ]
        rows += [(f"SDR, {role}", number(means["sdr_db"]), _others(means)) for role, means in result["stems"].items()]
        rows += [(name, number(means["sdr_db"]), _others(means)) for name, means in result["baselines"].items()]
        if result["silent"]:
            rows.append(("silent stems", str(result["silent"]), "have no ratio, and count in no mean"))
        return rows

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each stem of each song."""
        rows = []
        for row in result["rows"]:
            figures = [number(row[name]) for name in ("sdr_db", "si_sdr_db", "chunk_sdr_db")]
            rows.append([row["file"], *figures, f"{row['silent_chunks']} of {row['chunks']}"])
        return [["file", "SDR", "SI-SDR", "SDR per s", "silent s"], *rows]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the SDR of each stem over its role, and the mean of each role."""
        from gantools.files.readable import readable
        from gantools.report.plots import ACCENT, QUIET, add_legend, new_axes

        figure, axes = new_axes(ink, "", "SDR, dB")
        roles = list(result["stems"])
        points = [(roles.index(row["file"].rpartition("/")[2]), row["sdr_db"]) for row in result["rows"]]
        heard = [(place, value) for place, value in points if value is not None]
        means = [(place, result["stems"][role]["sdr_db"]) for place, role in enumerate(roles)]
        shown = [(place, value) for place, value in means if value is not None]
        axes.axhline(0.0, color=ink, lw=0.6, alpha=0.5)
        axes.plot([p for p, _ in heard], [v for _, v in heard], "o", ms=4, color=QUIET, alpha=0.7, label="songs")
        axes.plot([p for p, _ in shown], [v for _, v in shown], "_", ms=24, mew=2, color=ACCENT, label="mean")
        axes.set_xticks(range(len(roles)), [readable(role) for role in roles], parse_math=False)
        axes.set_xlim(-0.5, len(roles) - 0.5)
        add_legend(axes, ink)
        return figure


def _others(means: dict[str, Any]) -> str:
    return f"SI-SDR {number(means['si_sdr_db'])}, per second {number(means['chunk_sdr_db'])}"
