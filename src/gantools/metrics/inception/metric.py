"""``evaluate inception``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.metrics.embedders.metric import EmbeddingMetric, Judge
from gantools.metrics.inception.config import InceptionConfig
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.report.table import TableRow, number

if TYPE_CHECKING:
    import numpy as np

    from gantools.metrics.embedders.embedding import Embeddings


class InceptionScore(EmbeddingMetric[InceptionConfig]):
    """Tell whether windows are each plainly of some kind and together of many, by the tags of MusiCNN.

    The Inception score, exp of the mean divergence of a window's tags from those of the set, beside that of real music:
    1 is all of one kind. Tags do not exclude each other and are brought to the sum 1.

    \b
      gantools evaluate inception night/ techno/ -o report/
      gantools evaluate inception night/ techno/ day/ --brackets --json
      gantools evaluate inception clips/ tracks/ --clip-seconds 1.024
    """

    name = "inception"
    title = "Inception score"
    source = "Salimans et al. (NeurIPS 2016), section 4, on the tags of MusiCNN"
    reference = "a case worked by hand: tests/unit/metrics/inception/test_score.py"
    config = InceptionConfig
    layer = "tags"
    better = {"inception": True}

    def measure(
        self, generated: Embeddings, real: Embeddings, sets: ClipSets, config: InceptionConfig, conditions: Conditions
    ) -> Result:
        """Measure; see `gantools.metrics.inception.score.measure_inception`."""
        from gantools.metrics.inception.score import measure_inception

        return measure_inception(generated, real, conditions.seed)

    def judge(self, real: np.ndarray, config: InceptionConfig) -> Judge:
        """Return what tells the score of tags; real ones do not enter."""
        from gantools.metrics.inception.score import score_of

        return lambda made: {"inception": score_of(made)}

    def prepared(self, *sets: np.ndarray) -> list[np.ndarray]:
        """Return the tags as they are: their axes mean something."""
        return list(sets)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the score, beside that of real music."""

        def described(name: str, figures: Result) -> TableRow:
            interval = f"95 %: {number(figures['inception_low'])} to {number(figures['inception_high'])}"
            parts = f"in parts {number(figures['split_mean'])} ± {number(figures['split_sd'])}"
            return name, number(figures["inception"]), f"{interval}; {parts}"

        return [
            described("Inception score", result),
            described("of real music", result["real"]),
            ("strongest tag", number(result["top_tag"]), f"mean share; real {number(result['real']['top_tag'])}"),
            ("vectors", f"{result['n_generated']} / {result['n_real']}", "generated / real; scores are of as many"),
            ("embedder", result["embedder"], f"{result['layer']}, windows of {result['window_s']:.2f} s"),
            ("weights", result["weights_hash"][:12], "never compare numbers of different networks"),
        ]

    def footnote(self, result: Result) -> str:
        """Say what the score does not see."""
        text = "It knows no real music: clips of many kinds score high however bad, and within one kind hardly at all."
        return " ".join(filter(None, [text, super().footnote(result)]))
