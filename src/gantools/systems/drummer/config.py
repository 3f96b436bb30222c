"""Configuration and presets of the drummer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.options import option
from gantools.training.config import PieceConfig


@dataclass(frozen=True)
class DrummerConfig(PieceConfig):
    """Options of ``train drummer``."""

    FREE: ClassVar[frozenset[str]] = PieceConfig.FREE | {"validation_windows"}

    bars: int = option(8, "Bars that the network sees at a time.", low=1, high=64, group="Data")
    lost_onsets: float = option(
        0.1, "Share of the bass's onsets that are hidden at random; an analysis of sound misses some.", low=0, high=1,
        group="Data",
    )  # fmt: skip
    moved_onsets: float = option(
        0.05, "Share of the bass's onsets that are moved by a sixteenth at random.", low=0, high=1, group="Data"
    )
    false_onsets: float = option(
        0.02, "Share of the sixteenths that get an onset at random.", low=0, high=1, group="Data"
    )
    silenced: float = option(
        0.3, "Share of windows whose bass rests for some bars, so that drums go on without it.", low=0, high=1,
        group="Data",
    )  # fmt: skip
    unsaid: float = option(
        0.2, "Share of windows whose density is not told, and of those whose drums are not named, so that both may be "
        "left open.", low=0, high=1, group="Data",
    )  # fmt: skip
    begun: float = option(
        0.3, "Share of windows with which the music begins, so that drums learn to begin a pattern.", low=0, high=1,
        group="Data",
    )  # fmt: skip
    entering: float = option(
        0.15, "Share of drums that come in with a window, whatever they did before it.", low=0, high=1, group="Data"
    )

    width: int = option(128, "Units that remember what was played. More can learn more and take longer.", low=2)
    bass_width: int = option(48, "Channels that the bass is heard with.", low=2, group="Networks")
    dropout: float = option(0.2, "Share of units that are dropped in training.", low=0, high=0.9, group="Networks")

    lr: float = option(2e-3, "Peak of the learning rate of AdamW, which falls to 0 in a straight line.", low=0)
    warmup_steps: int = option(50, "Steps in which the learning rate rises to --lr.", low=0, group="Optimiser")
    weight_decay: float = option(0.01, "Weight decay of AdamW.", low=0, group="Optimiser")
    clip_norm: float = option(1.0, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser")
    validation_windows: int = option(
        64, "Windows of unseen pieces that a validation reads.", low=1, group="Validating and saving"
    )


_DEFAULT = DrummerConfig(steps=10_000, documented_steps=10_000, batch_size=32)
_SMALL = DrummerConfig(steps=2000, documented_steps=2000, batch_size=16, width=96, bass_width=32)

PRESETS = {"default": _DEFAULT, "small": _SMALL}
