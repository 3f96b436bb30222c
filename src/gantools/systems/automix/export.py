"""Why a mixer is not exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gantools.errors import ConfigError
from gantools.models.export import Parts


def exports(folder: Path, config: Any) -> Parts:
    """Raise ConfigError: what mixes is more than the network."""
    raise ConfigError(
        "automix is not exported: its network hears stems after gantools fxnorm, in long overlapping chunks, and the "
        "mix takes its loudness from the whole song",
        folder,
    )
