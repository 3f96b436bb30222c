"""Options of comparing groups by their loop scores."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class LoopGroupsConfig:
    """Options of comparing groups by their loop scores."""

    detector: str = option("", "Loop detector: a model folder or a shipped name. By default the one that ships.")
    bars: int = option(8, "Bars of a window.", low=2, high=16)
    samples: int = option(
        100, "Windows that are drawn from each group, or as many as the smallest has; the paper's 100.", low=2
    )
    bpm: float | None = option(
        None,
        "Tempo of all audio. By default tags, names or lengths tell it, or it is heard.",
        unit="bpm",
        low=20,
        high=400,
    )
