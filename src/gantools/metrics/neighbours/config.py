"""Options of nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class NeighboursConfig:
    """Options of nearest neighbours."""

    window_seconds: float = option(1.5, "Length of the windows that are compared.", unit="s", low=0.2, high=30.0)
