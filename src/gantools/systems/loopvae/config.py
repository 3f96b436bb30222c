"""Configuration and presets of the VQ-VAE and the CNN-VAE of loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.systems.loops.config import VariedPhraseConfig

VARIANTS = ("vqvae", "cnnvae")
BAR_STEPS = 16


@dataclass(frozen=True)
class LoopVAEConfig(VariedPhraseConfig):
    """Options of ``train loopvae``."""

    FREE: ClassVar[frozenset[str]] = VariedPhraseConfig.FREE | {"validation_phrases"}

    variant: str = option(
        "vqvae",
        "A loop as codes from a book (vqvae), for looplm to learn; or as numbers that are normal (cnnvae), which makes "
        "loops by itself.",
        choices=VARIANTS,
    )
    width: int = option(128, "Channels of the convolutions. More can learn more and take longer.", low=4)
    codebook_size: int = option(512, "Codes in the book (K in the paper).", low=2, group="Networks")
    code_size: int = option(16, "Numbers of a code (D in the paper).", low=1, group="Networks")
    code_steps: int = option(
        32,
        "Codes of 8 bars (S in the paper): 64, 32 or 16, which is 8, 4 or 2 in a bar. Fewer are easier to learn for "
        "looplm, and tell less.",
        low=2,
        group="Networks",
    )
    latent: int = option(512, "Numbers of a loop in the cnnvae.", low=1, group="Networks")
    onset_row: bool = option(
        True, "Learn where the bass strikes a note anew; the paper's 57 rows cannot tell.", group="Networks"
    )

    beta: float = option(
        0.25,
        "Weight of the distance from latents to their codes; 0.1 to 2 made little difference.",
        low=0,
        group="Losses",
    )
    kl_weight: float = option(
        1.0, "Weight of the cnnvae's divergence, which it reaches as 1 - 0.9^epoch.", low=0, group="Losses"
    )
    codebook_decay: float = option(
        0.99, "Share of a code's running mean that a step keeps.", low=0, high=0.9999, group="Losses"
    )
    restart_below: float = option(
        1.0,
        "Latents in a batch, on average, below which a code is dead and starts anew at a random one of them.",
        low=0,
        group="Losses",
    )

    lr: float = option(1e-3, "Learning rate of AdamW at the start.", low=0, group="Optimiser")
    final_lr: float = option(5e-6, "Learning rate at the end of half a cosine.", low=0, group="Optimiser")
    weight_decay: float = option(0.01, "Weight decay of AdamW.", low=0, group="Optimiser")

    validation_phrases: int = option(
        512, "Phrases of each side that a validation looks at.", low=8, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        if self.code_steps not in (16, 32, 64):
            raise ConfigError(f"code_steps: {self.code_steps} is not 16, 32 or 64")
        if (self.micro_batch or self.batch_size) * self.bars < 2:
            raise ConfigError("batch_size: one phrase of one bar leaves batch norm nothing to compare; take 2 or more")

    @property
    def halvings(self) -> int:
        """Times that the encoder halves the sixteenths."""
        return {64: 1, 32: 2, 16: 3}[self.code_steps]

    @property
    def codes_per_bar(self) -> int:
        """Codes of one bar, whatever the length of the phrase."""
        return BAR_STEPS >> self.halvings


#: Of the paper's 601,548 loops 500 epochs in batches of 2048 are 147,000 steps.
_PAPER = LoopVAEConfig(
    steps=147_000,
    epochs=500,
    documented_steps=147_000,
    batch_size=2048,
    onset_row=False,
    transpose=0,
    patterns=0,
    swap_bass=0,
    vary=0,
)
_DEFAULT = LoopVAEConfig(steps=20_000, documented_steps=20_000, batch_size=64, code_steps=64, lr=2e-3)
_SMALL = LoopVAEConfig(steps=3000, documented_steps=3000, batch_size=32, width=80, code_steps=64, lr=2e-3)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
