"""``evaluate frechet``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.embedders.metric import EmbeddingMetric, Judge
from gantools.metrics.frechet.config import FrechetConfig
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets, Groups, neighbours
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from gantools.metrics.embedders.embedding import Embeddings

#: Files of the table, and of the players.
_WORST, _HEARD = 10, 3


class FrechetDistance(EmbeddingMetric[FrechetConfig]):
    """Measure the Fréchet distance of generated to real audio in the space of a network that knows music.

    With its bootstrap interval, and extrapolated to endless material (FAD-infinity). 0 is the same kind of music.
    Beside it the kernel audio distance, which few clips do not raise, and the clips that are farthest from real ones.

    \b
      gantools evaluate frechet drums/ real_drums/ -o report/
      gantools evaluate frechet night/ techno/ day/ --brackets
      gantools evaluate frechet drums/ songs/ --role drums --embedder rand-cnn --json
      gantools evaluate frechet clips/ tracks/ --clip-seconds 1.024 --no-infinity
    """

    name = "frechet"
    title = "Fréchet distance"
    source = (
        "Fréchet Audio Distance (Kilgour et al., Interspeech 2019): Musika, table 2; Automatic Music Production Using "
        "GANs, section 4.4. FAD-infinity and distances of files of Gui et al. (ICASSP 2024); the kernel "
        "distance (KAD) of Chung et al. (2025) after Gretton et al. (2012)"
    )
    reference = (
        "the matrix root of SciPy, Gaussians whose distance is known: tests/unit/metrics/frechet/test_distance.py; the "
        "kernel in a double loop: tests/unit/metrics/frechet/test_kernel.py"
    )
    config = FrechetConfig
    better = {"distance": False, "kad": False}
    bulky = ("draws", "rows")
    plot_name = "fad_infinity"
    caption = "Distances of random draws over the inverse of their size. The line leads to endless material."

    def measure(
        self, generated: Embeddings, real: Embeddings, sets: ClipSets, config: FrechetConfig, conditions: Conditions
    ) -> Result:
        """Measure; see `gantools.metrics.frechet.comparison.measure_frechet`."""
        from gantools.metrics.frechet.comparison import measure_frechet

        names = {clip.path: clip.name for clip in sets["generated"]}
        return measure_frechet(generated, real, names, config, conditions.seed)

    def judge(self, real: np.ndarray, config: FrechetConfig) -> Judge:
        """Return what tells the Fréchet and the kernel distance of vectors to real ones."""
        from gantools.metrics.frechet.distance import frechet_distance
        from gantools.metrics.frechet.kernel import KernelDistance

        kernel = KernelDistance(real)
        return lambda made: {"distance": frechet_distance(made, real), "kad": kernel.to(made)}

    def rows(self, result: Result) -> list[TableRow]:
        """Return the distance, its limit, and on what both stand."""
        name = f"{result['layer']}, {result['window_s']:.2f} s every {result['hop_s']:.2f} s"
        name += f", of clips of {result['clip_s']:g} s" if result.get("clip_s") else ""
        spread = _interval(result, "distance")
        if "distance_sd" in result:
            spread += f"; sd over networks {number(result['distance_sd'])}"
        rows = [("Fréchet distance", number(result["distance"]), spread)]
        if "fad_infinity" in result:
            note = f"{_interval(result, 'fad_infinity')}; R² {number(result['r_squared'])}"
            rows.append(("FAD-infinity", number(result["fad_infinity"]), note))
        elif "fad_infinity_refused" in result:
            rows.append(("FAD-infinity", "-", result["fad_infinity_refused"]))
        if "kad" in result:
            rows.append(("kernel distance", number(result["kad"]), f"{_interval(result, 'kad')}; 0 is the same kind"))
        elif "kad_refused" in result:
            rows.append(("kernel distance", "-", result["kad_refused"]))
        files = f"generated / real, from {result['files_generated']} / {result['files_real']} files"
        silent = f"{result['silent_generated']} / {result['silent_real']}"
        counted = "counted" if result["silence_counted"] else "left out"
        return [
            *rows,
            ("vectors", f"{result['n_generated']} / {result['n_real']}", files),
            ("silent windows", silent, f"generated / real, below -60 dB RMS, {counted}"),
            ("embedder", result["embedder"], name),
            ("weights", result["weights_hash"][:12], "never compare numbers of different embedders"),
        ]

    def grid(self, result: Result) -> FileGrid:
        """Return the files that are farthest from the real ones."""
        rows = [[row["file"], str(row["windows"]), number(row["distance"])] for row in result["rows"][:_WORST]]
        return [["farthest from the real", "windows", "distance"], *rows]

    def shown(self, groups: Groups, sets: ClipSets, result: Result) -> Groups:
        """Return the files that are farthest from the real ones, to be heard beside real ones."""
        clips = {clip.name: clip for clip in sets["generated"]}
        return neighbours([clips[row["file"]] for row in result["rows"][:_HEARD]], sets["real"])

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw distances at several n over 1/n, and the line to endless material; None where that was refused."""
        if not result.get("draws"):
            return None
        import numpy as np

        from gantools.report.plots import ACCENT, QUIET, add_legend, new_axes

        figure, axes = new_axes(ink, "1 / number of vectors", "Fréchet distance")
        inverse = 1.0 / np.array(result["draws"]["sizes"])
        axes.plot(inverse, result["draws"]["distances"], "o", ms=3, color=QUIET, alpha=0.7, label="random draws")
        ends = np.array([0.0, inverse.max()])
        axes.plot(ends, result["fad_infinity"] + result["slope"] * ends, color=ACCENT, lw=1.5, label="line")
        low, high = result["fad_infinity_low"], result["fad_infinity_high"]
        middle = result["fad_infinity"]
        axes.errorbar([0], [middle], [[middle - low], [high - middle]], fmt="o", ms=5, color=ACCENT, capsize=3,
                      label="FAD-infinity, 95 %")  # fmt: skip
        axes.set_xlim(-0.04 * inverse.max(), 1.04 * inverse.max())
        add_legend(axes, ink)
        return figure


def _interval(result: Result, name: str) -> str:
    return f"95 %: {number(result[name + '_low'])} to {number(result[name + '_high'])}"
