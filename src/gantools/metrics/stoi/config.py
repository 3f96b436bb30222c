"""Options of the STOI-like features."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.options import option

MODES = ("pearson", "literal", "stoi")


@dataclass(frozen=True)
class StoiConfig(RoleConfig):
    """Options of the STOI-like features."""

    formula: str = option(
        "pearson",
        "Formula of the features: Pearson's correlation, the paper's text taken literally, or STOI's own.",
        choices=MODES,
    )
    window_frames: int = option(256, "Length of a window.", unit="mel frames", low=2)
