"""Options of the comparison of treble."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.options import option


@dataclass(frozen=True)
class TrebleConfig(RoleConfig):
    """Options of the comparison of treble."""

    real_role: str = option("", "Role of the real files. By default that of --role, where names say it.")
