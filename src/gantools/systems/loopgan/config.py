"""Configuration and presets of the GAN of rolls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.systems.loops.config import VariedPhraseConfig

#: What the discriminators see of a generated cell.
NEURONS = ("sigmoid", "threshold", "bernoulli")


@dataclass(frozen=True)
class LoopGANConfig(VariedPhraseConfig):
    """Options of ``train loopgan``. A step is one update of the discriminators."""

    FREE: ClassVar[frozenset[str]] = VariedPhraseConfig.FREE | {"validation_phrases"}

    latent: int = option(32, "Numbers in each of the four latent vectors of a generator.", low=1, group="Networks")
    width: int = option(
        64, "Channels of the last hidden layer; the first has four times as many. More can learn more.", low=2
    )
    shared: bool = option(
        True,
        "Give both generators two latents in common, so that drums and bass can go together (MuseGAN's hybrid). "
        "Without them they play by themselves.",
        group="Networks",
    )
    judge: str = option(
        "both",
        "What each discriminator sees: its own part, or both.",
        choices=("own", "both"),
        group="Networks",
    )
    streams: bool = option(
        True,
        "Show the discriminators how much stays from step to step and from bar to bar: held notes and repeated bars.",
        group="Networks",
    )
    neurons: str = option(
        "threshold",
        "What the discriminators see of a generated cell: its probability (sigmoid), or 0 and 1 by a threshold or at "
        "random, with the gradient of the probability.",
        choices=NEURONS,
        group="Networks",
    )

    lr: float = option(1e-3, "Adam's learning rate of the generators.", low=0, group="Optimiser")
    discriminator_lr: float = option(1e-3, "Adam's learning rate of the discriminators.", low=0, group="Optimiser")
    beta1: float = option(0.5, "Adam's decay of the mean gradient.", low=0, high=0.9999, group="Optimiser")
    beta2: float = option(0.9, "Adam's decay of the mean squared gradient.", low=0, high=0.999999, group="Optimiser")
    final_lr_share: float = option(
        1.0,
        "Share of the learning rates that is left at the end of the run. With 1 they are constant.",
        low=0,
        high=1,
        group="Optimiser",
    )
    discriminator_updates: int = option(
        5, "Updates of the discriminators for each one of the generators.", low=1, group="Optimiser"
    )
    penalty_weight: float = option(10.0, "Weight of the gradient penalty.", low=0, group="Losses")
    validation_phrases: int = option(
        256, "Phrases that a validation makes and compares.", low=16, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        # Batch norm needs two values of each channel, and the layers of the bars have one for each bar.
        least = self.micro_batch or self.batch_size
        if least * self.bars < 2:
            raise ConfigError("batch_size: one phrase of one bar leaves batch norm nothing to compare; take 2 or more")


#: Appendix A of the paper says Adam 1e-3, WGAN-GP and five updates; batches, widths and the number of steps are ours.
_PAPER = LoopGANConfig(
    steps=250_000,
    documented_steps=250_000,
    batch_size=64,
    width=64,
    judge="own",
    streams=False,
    neurons="sigmoid",
    transpose=0,
    swap_bass=0,
    vary=0,
    ema=False,
    precision="float32",
)
_DEFAULT = LoopGANConfig(
    steps=100_000, documented_steps=100_000, batch_size=64, width=64, final_lr_share=0.1, swap_bass=0, vary=0
)
_SMALL = LoopGANConfig(
    steps=3000, documented_steps=3000, batch_size=32, width=24, final_lr_share=0.1, swap_bass=0, vary=0
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
