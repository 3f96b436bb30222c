"""Options of precision, recall, density and coverage."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.embedders.metric import EmbeddingConfig
from gantools.options import option


@dataclass(frozen=True)
class CoverageConfig(EmbeddingConfig):
    """Options of precision, recall, density and coverage."""

    neighbours: int = option(5, "Which nearest neighbour sets the radius of a ball (k).", low=1)
