"""Configuration and presets of pix2pix."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option
from gantools.systems.translation.config import TranslatorConfig


@dataclass(frozen=True)
class Pix2PixConfig(TranslatorConfig):
    """Options of ``train pix2pix``.

    The defaults are those of the paper and of the authors' program (Isola et al. 2017, section 3 and appendix 6).
    """

    width: int = option(
        64, "Channels of the generator's first layer. More can learn more and take longer.", low=1, group="Networks"
    )
    depth: int = option(
        8, "Halvings of the U-Net. With 8 of them, 256 x 256 comes down to 1 x 1.", low=2, high=10, group="Networks"
    )
    dropout_noise: bool = option(
        True,
        "Dropout in the generator, the paper's only source of noise. It stays on when generating, and gives variety.",
        group="Networks",
    )
    discriminator_width: int = option(64, "Channels of the discriminator's first layer.", low=1, group="Networks")
    discriminator_layers: int = option(
        3,
        "Strided layers of the discriminator. With 3 of them it judges 70 x 70 bins.",
        low=1,
        high=6,
        group="Networks",
    )

    l1_weight: float = option(
        100.0, "Weight of the L1 loss. More keeps the part closer to the real one, and blurs it.", low=0, group="Losses"
    )


#: "Exactly the same experiments" as the CycleGAN's: its epochs, and a learning rate that never falls.
_PAPER = Pix2PixConfig(
    steps=100_000,
    epochs=12,
    documented_steps=100_000,
    batch_size=1,
    precision="float32",
    ema=False,
    decay_epochs=0,
    fixed_chunks=True,
)
_DEFAULT = Pix2PixConfig(steps=50_000, documented_steps=50_000, batch_size=4, schedule="run")
_SMALL = Pix2PixConfig(
    steps=1500, documented_steps=1500, batch_size=2, width=16, discriminator_width=16, schedule="run"
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
