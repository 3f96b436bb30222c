"""Options of the Inception score."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.metrics.embedders.metric import SpaceConfig


@dataclass(frozen=True)
class InceptionConfig(SpaceConfig):
    """Options of the Inception score."""

    def __post_init__(self) -> None:
        if self.embedder == "rand-cnn":
            raise ConfigError("embedder: rand-cnn knows no tags; take musicnn, musicnn-mtt or a network of your own")
