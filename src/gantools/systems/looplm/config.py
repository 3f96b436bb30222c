"""Configuration and presets of the prior over codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.options import option
from gantools.systems.loops.config import VariedPhraseConfig


@dataclass(frozen=True)
class LoopLMConfig(VariedPhraseConfig):
    """Options of ``train looplm``."""

    FREE: ClassVar[frozenset[str]] = VariedPhraseConfig.FREE | {"validation_phrases", "validation_loops"}

    hidden: int = option(512, "Units of each layer of the LSTM. More can learn more and take longer.", low=4)
    layers: int = option(4, "Layers of the LSTM.", low=1, high=12, group="Networks")
    embedding: int = option(128, "Numbers that stand for a code.", low=2, group="Networks")
    dropout: float = option(
        0.1, "Share of units that are dropped between the layers in training.", low=0, high=0.9, group="Networks"
    )
    start: str = option(
        "learned",
        "How a loop begins: from a start symbol whose meaning is learned, or with a code drawn as often as training "
        "loops begin with it (histogram, as in the paper).",
        choices=("learned", "histogram"),
        group="Networks",
    )
    positions: bool = option(True, "Tell the network which bar it is in, and where in the bar.", group="Networks")
    lookback: bool = option(
        True,
        "Show the network the codes of one, two and four bars ago, and let it repeat them; the paper's does without.",
        group="Networks",
    )

    lr: float = option(1e-3, "Learning rate of AdamW at the start.", low=0, group="Optimiser")
    final_lr: float = option(5e-6, "Learning rate at the end of half a cosine.", low=0, group="Optimiser")
    weight_decay: float = option(0.01, "Weight decay of AdamW.", low=0, group="Optimiser")
    clip_norm: float = option(1.0, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser")

    validation_phrases: int = option(
        512, "Phrases of each side that a validation looks at.", low=8, group="Validating and saving"
    )
    validation_loops: int = option(
        128, "Loops that a validation makes and measures.", low=64, group="Validating and saving"
    )


#: Of the paper's 714,338 loops 100 epochs in batches of 2048 are 34,900 steps.
_PAPER = LoopLMConfig(
    steps=34_900,
    epochs=100,
    documented_steps=34_900,
    batch_size=2048,
    dropout=0.0,
    start="histogram",
    positions=False,
    lookback=False,
    clip_norm=0.0,
    split="95/5/0",
    transpose=0,
    swap_bass=0,
    vary=0,
)
_DEFAULT = LoopLMConfig(
    steps=10_000, documented_steps=10_000, batch_size=128, hidden=384, layers=2, swap_bass=0.1, vary=0.3
)
_SMALL = LoopLMConfig(
    steps=2000,
    documented_steps=2000,
    batch_size=32,
    hidden=192,
    layers=2,
    embedding=64,
    lr=2e-3,
    swap_bass=0.1,
    vary=0.3,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
