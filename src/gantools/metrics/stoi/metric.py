"""``evaluate stoi``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gantools.metrics.metric import Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups, pair
from gantools.metrics.stoi.config import StoiConfig
from gantools.report.table import TableRow, number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


class StoiLike(Metric[StoiConfig]):
    """Compare each mel band with that of the real counterpart: the paper's 256 STOI-like features.

    \b
      gantools evaluate stoi drums/ real_drums/ --formula literal -o report/
      gantools evaluate stoi drums/ real_drums/ --window-frames 30
      gantools evaluate stoi drums/ real_drums/ --json
    """

    name = "stoi"
    title = "STOI-like features"
    source = "Automatic Music Production Using GANs, section 4.4"
    reference = "the printed sum by hand, Pearson's correlation of SciPy: tests/unit/metrics/stoi/test_features.py"
    config = StoiConfig
    uses = ("map",)
    reads = ("audio", "mel")
    bulky = ("bands", "windows", "features")
    plot_name = "bands"
    caption = "How closely each mel band follows its real counterpart, averaged over all windows."

    def pair(self, sets: ClipSets, config: StoiConfig) -> Groups:
        """Pair each generated file with its real counterpart."""
        sets.keep_roles(config.role)
        pairs = pair(sets["generated"], sets["real"], "real")
        sets.narrow("generated", [clip for clip, _ in pairs], "files without a real counterpart")
        sets["real"] = [real for _, real in pairs]
        sets.pairs = {"generated": pairs}
        return [[("generated", clip), ("real", real)] for clip, real in pairs]

    def compare(self, sets: ClipSets, config: StoiConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.stoi.features.compare_stoi`."""
        from gantools.metrics.stoi.features import compare_stoi

        return compare_stoi(sets.pairs["generated"], config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the mean over bands and windows, and its spread."""
        unit = "in dB²" if result["mode"] == "literal" else "1: every band follows the real one"
        return [
            (f"STOI-like, {result['mode']}", number(result["mean"]), f"mean over {len(result['bands'])} bands; {unit}"),
            ("spread", number(result["sd_windows"]), "standard deviation over windows"),
            ("windows", str(result["n"]), f"of {result['window_frames']} mel frames, from {result['files']} files"),
        ]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the mean feature of each mel band."""
        from gantools.report.plots import ACCENT, new_axes

        figure, axes = new_axes(ink, "mel band", "S" if result["mode"] != "literal" else "S in dB²")
        axes.axhline(0.0, color=ink, lw=0.6, alpha=0.5)
        axes.plot(result["bands"], color=ACCENT, lw=1.2)
        axes.set_xlim(0, len(result["bands"]) - 1)
        return figure

    def features(self, result: Result) -> tuple[np.ndarray, dict[str, Any]] | None:
        """Return the features of all windows, float64 (windows, bands)."""
        return result["features"], {"kind": "stoi", "mode": result["mode"]}
