"""``evaluate rhythm``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gantools.metrics.metric import GENERATED, SOURCE, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups, pair, triples
from gantools.metrics.rhythm.config import RhythmConfig
from gantools.report.table import TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Rhythm(Metric[RhythmConfig]):
    """Tell whether generated parts are on time with their sources, and more than copies of them.

    Onset alignment with the own source against all other pairings, the share of onsets that fall together (F within
    50 ms), and the distance from a copy. Audio or mel files.

    \b
      gantools evaluate rhythm drums/ bass/ -o report/
      gantools evaluate rhythm drums/ songs/ --source-role bass --real songs/ --json
      gantools evaluate rhythm songs/ songs/ --role drums --source-role bass
    """

    name = "rhythm"
    title = "Rhythm"
    source = 'Our own, for what the listeners of Automatic Music Production Using GANs called "time" (section 4.4)'
    reference = (
        "correlations of each shift by NumPy, pairs that belong together: tests/unit/metrics/rhythm/test_alignment.py; "
        "onset F by mir_eval: tests/unit/metrics/rhythm/test_onsets.py"
    )
    config = RhythmConfig
    arguments = (GENERATED, SOURCE)
    uses = ("map", "seed")
    reads = ("audio", "mel")
    bulky = ("own_values", "other_values")
    plot_name = "alignment"
    caption = "Onset correlation of each generated window with its own source, against all other pairings."

    def inputs(self, places: Mapping[str, str], config: RhythmConfig) -> Inputs:
        """Return generated files and sources, and the real counterparts where they are given."""
        return Inputs({**places, **({"real": config.real} if config.real else {})})

    def pair(self, sets: ClipSets, config: RhythmConfig) -> Groups:
        """Pair each generated file with its source, and the real counterparts with the same sources."""
        sets.keep_roles(config.role)
        sets.keep_role("source", config.source_role)
        pairs = pair(sets["generated"], sets["source"], "source")
        # Generated files may share a real counterpart, which counts once.
        real = dict.fromkeys(r for _, r in pair(sets["generated"], sets["real"], "real")) if config.real else ()
        real_pairs = pair(list(real), [source for _, source in pairs], "source") if real else []
        sets.narrow("generated", [clip for clip, _ in pairs], "files without a source")
        sets |= {"source": [source for _, source in pairs], "real": [clip for clip, _ in real_pairs]}
        sets.pairs = {"generated": pairs, "real": real_pairs}
        return triples(pairs, real_pairs)

    def compare(self, sets: ClipSets, config: RhythmConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.rhythm.comparison.compare_rhythm`."""
        from gantools.metrics.rhythm.comparison import compare_rhythm

        pairs = sets.pairs["generated"], sets.pairs["real"]
        return compare_rhythm(*pairs, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the alignment against chance, the distance from a copy, and what real parts get."""
        low, high = result["db_range"]
        rows = [
            ("alignment, own source", number(result["own"]), f"mean onset correlation of {result['n']} windows"),
            ("alignment, all others", number(result["other"]), "what chance gives on this material"),
            ("z", number(result["z"]), "own above random pairings, in their standard deviations"),
            ("rank", number(result["rank"]), "share of other sources that fit worse; .5 is chance"),
            ("p", number(result["p"]), "share of random pairings that are as good"),
            ("onset F", number(result["onset_f"]), f"within 50 ms; others {number(result['onset_f_other'])}"),
            ("copy distance", number(result["copy_distance"]), f"to the source, in [-1, 1] of {low:g} to {high:g} dB"),
            ("copy distance, dB", number(result["copy_distance_db"]), "mean difference of mel levels"),
        ]
        if "real" in result:
            real = result["real"]
            note = f"others {number(real['other'])}, p {number(real['p'])}"
            rows.append(("real: alignment, own", number(real["own"]), note))
            note = f"others {number(real['onset_f_other'])}"
            rows.append(("real: onset F", number(real["onset_f"]), note))
            rows.append(("real: copy distance", number(real["copy_distance"]), "of the real part to the source"))
        if "ratio_to_real" in result:
            note = "far above 1: follows the source too closely"
            rows.append(("alignment / real", number(result["ratio_to_real"]), note))
        return rows

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the correlations of own pairs against those of all other pairings."""
        import numpy as np

        from gantools.report.plots import ACCENT, QUIET, add_legend, new_axes

        figure, axes = new_axes(ink, "onset correlation", "density")
        edges = np.linspace(-0.3, 1.0, 40)
        series = [(result["other_values"], QUIET, "all other pairings", 0.45)]
        series.append((result["own_values"], ACCENT, "generated with its own source", 1.0))
        if "real" in result:
            series.append((result["real"]["own_values"], ink, "real with its own source", 0.6))
        for values, colour, label, alpha in series:
            density, _ = np.histogram(np.clip(values, -0.3, 1.0), edges, density=True)
            label = f"{label} (mean {np.mean(values):.2f})"
            axes.stairs(density, edges, fill=alpha < 0.5, color=colour, alpha=alpha, lw=1.5, label=label)
        add_legend(axes, ink)
        return figure
