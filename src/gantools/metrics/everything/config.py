"""Options of all metrics together."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.options import option


@dataclass(frozen=True)
class AllConfig(RoleConfig):
    """Options of all metrics together; those of a single one have their defaults."""

    brackets: bool = option(
        False,
        "Measure what could fake the figures too, where a metric knows it; and of a model folder what its networks "
        "made untrained.",
    )
