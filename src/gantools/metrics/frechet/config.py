"""Options of the Fréchet distance."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.embedders.metric import EmbeddingConfig
from gantools.options import option


@dataclass(frozen=True)
class FrechetConfig(EmbeddingConfig):
    """Options of the Fréchet distance."""

    infinity: bool = option(
        True, "Extrapolate to endless material (FAD-infinity), so that small folders can be compared."
    )
