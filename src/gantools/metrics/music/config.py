"""Options of the measures of tempo and key."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.options import option


@dataclass(frozen=True)
class MusicConfig(RoleConfig):
    """Options of the measures of tempo and key."""

    window_seconds: float = option(
        12.0, "Length of the windows whose tempo and key are heard; a file needs two.", unit="s", low=4.0, high=120.0
    )
