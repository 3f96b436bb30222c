"""``evaluate coverage``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.coverage.config import CoverageConfig
from gantools.metrics.embedders.metric import EmbeddingMetric, Judge
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.report.table import TableRow, number

if TYPE_CHECKING:
    import numpy as np

    from gantools.metrics.embedders.embedding import Embeddings

_NOTES = {
    "precision": "share of generated windows near real ones",
    "recall": "share of real windows near generated ones",
    "density": "how deep among the real ones, 1 is real",
    "coverage": "share of real windows with a generated one near",
    "f1_precision_recall": "harmonic mean of both; the lower of them decides",
    "f1_density_coverage": "harmonic mean of both; beyond 1 where density is",
}
_TITLES = {"f1_precision_recall": "F1 of precision, recall", "f1_density_coverage": "F1 of density, coverage"}


class Coverage(EmbeddingMetric[CoverageConfig]):
    """Tell whether generated audio looks real (precision, density) and shows all there is (recall, coverage).

    By balls to the k-th neighbour in the space of a network that knows music, beside what real files get among
    themselves. Clips shorter than a window of the network are compared with --clip-seconds.

    \b
      gantools evaluate coverage drums/ real_drums/ -o report/
      gantools evaluate coverage clips/ tracks/ --clip-seconds 1.024 --json
      gantools evaluate coverage night/ techno/ day/ --brackets
    """

    name = "coverage"
    title = "Precision, recall, density, coverage"
    source = "Kynkäänniemi et al. (NeurIPS 2019), section 2, and Naeem et al. (ICML 2020), section 3"
    reference = "the definitions by brute force: tests/unit/metrics/coverage/test_balls.py"
    config = CoverageConfig
    better = dict.fromkeys(_NOTES, True)

    def measure(
        self, generated: Embeddings, real: Embeddings, sets: ClipSets, config: CoverageConfig, conditions: Conditions
    ) -> Result:
        """Measure; see `gantools.metrics.coverage.balls.measure_coverage`."""
        from gantools.metrics.coverage.balls import measure_coverage

        return measure_coverage(generated, real, config.neighbours)

    def judge(self, real: np.ndarray, config: CoverageConfig) -> Judge:
        """Return what tells the figures of vectors against the balls of real ones."""
        from gantools.metrics.coverage.balls import RealBalls, f1_scores

        balls = RealBalls(real, config.neighbours)

        def figures(made: np.ndarray) -> dict[str, float]:
            found = balls.judge(made)
            return found | f1_scores(found)

        return figures

    def rows(self, result: Result) -> list[TableRow]:
        """Return the four figures and their F1, beside what real music gets."""
        rows = []
        for name, note in _NOTES.items():
            beside = f"; real against real {number(result['real'][name])}" if "real" in result else ""
            rows.append((_TITLES.get(name, name), number(result[name]), note + beside))
        sizes = f"generated / real, from {result['files_generated']} / {result['files_real']} files; k = {result['k']}"
        cut = f"clips of {result['clip_s']:g} s, " if result["clip_s"] else ""
        return [
            *rows,
            ("vectors", f"{result['n_generated']} / {result['n_real']}", sizes),
            ("embedder", result["embedder"], f"{result['layer']}, {cut}windows of {result['window_s']:.2f} s"),
            ("weights", result["weights_hash"][:12], "never compare numbers of different embedders"),
        ]
