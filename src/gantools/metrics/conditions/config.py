"""Options of what music was asked to be."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class ConditionsConfig:
    """Options of what music was asked to be."""

    tempo_seconds: float = option(20.0, "Length of the stretches whose tempo is found.", unit="s", low=5.0)
