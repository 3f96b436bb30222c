"""Options of the pitch statistics."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option

TRACKERS = ("crepe", "yin")
CREPE_MODELS = ("tiny", "full")


@dataclass(frozen=True)
class PitchConfig:
    """Options of the pitch statistics."""

    tracker: str = option(
        "crepe", "What follows the pitch. The tracker yin is 100 times faster, for one voice.", choices=TRACKERS
    )
    crepe: str = option("tiny", "Weights of CREPE. The full ones need a GPU or patience.", choices=CREPE_MODELS)
    voiced: float = option(0.5, "Periodicity from which a frame counts as voiced.", low=0, high=1)
    hop_seconds: float = option(0.01, "Distance between frames.", unit="s", low=0.001, high=1)
