"""Options of the onset alignment."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.options import option


@dataclass(frozen=True)
class RhythmConfig(RoleConfig):
    """Options of the onset alignment."""

    source_role: str = option("", "Role of the sources, such as bass. By default each file's own, as its name says.")
    real: str = option("", "Folder with the real counterparts, to compare with.")
    window_frames: int = option(256, "Length of a window.", unit="mel frames", low=32)
