"""Configuration and presets of the transformer over rolls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.systems.loops.config import VariedPhraseConfig


@dataclass(frozen=True)
class LoopTransformerConfig(VariedPhraseConfig):
    """Options of ``train looptransformer``."""

    FREE: ClassVar[frozenset[str]] = VariedPhraseConfig.FREE | {"validation_phrases"}

    width: int = option(128, "Numbers that stand for a step; a multiple of twice the heads.", low=4)
    layers: int = option(4, "Layers, each of attention and of two dense ones.", low=1, group="Networks")
    heads: int = option(2, "Heads of the attention.", low=1, group="Networks")
    dropout: float = option(
        0.1, "Share of numbers that are dropped in training, against learning pieces by heart.", low=0, high=0.9
    )

    lr: float = option(1e-3, "Peak learning rate of AdamW.", low=0, group="Optimiser")
    warmup_steps: int = option(200, "Steps in which the learning rate rises from 0.", low=0, group="Optimiser")
    weight_decay: float = option(
        1e-2, "Weight decay of AdamW, against learning pieces by heart.", low=0, group="Optimiser"
    )
    clip_norm: float = option(1.0, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser")

    validation_phrases: int = option(
        512, "Held-out phrases that a validation reads.", low=1, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ConfigError(f"width: {self.width} is no multiple of {2 * self.heads}, twice the heads")


#: The paper gives layers, width, heads, loss and sampling; the rate is that of its other networks, the rest is ours.
_PAPER = LoopTransformerConfig(
    steps=100_000,
    documented_steps=100_000,
    batch_size=64,
    transpose=0,
    swap_bass=0,
    vary=0,
    ema=False,
    precision="float32",
)
_DEFAULT = LoopTransformerConfig(steps=20_000, documented_steps=20_000, batch_size=64, dropout=0.2, swap_bass=0, vary=0)
#: Some minutes of one core.
_SMALL = LoopTransformerConfig(
    steps=1500,
    documented_steps=1500,
    batch_size=16,
    width=96,
    layers=3,
    lr=2e-3,
    warmup_steps=100,
    swap_bass=0,
    vary=0,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
