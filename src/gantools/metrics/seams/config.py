"""Options of the seams of patches."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class SeamsConfig:
    """Options of the seams of patches."""

    patch_seconds: float = option(
        0.0,
        "Length of the patches that the music is made of. With 0 it is what the record of each file says.",
        unit="s",
        low=0,
    )
