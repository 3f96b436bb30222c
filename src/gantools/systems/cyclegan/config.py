"""Configuration and presets of CycleGAN."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gantools.errors import ConfigError
from gantools.options import option
from gantools.systems.translation.config import TranslatorConfig


@dataclass(frozen=True)
class CycleGANConfig(TranslatorConfig):
    """What `train cyclegan` can be told.

    The defaults are those of the paper and of the authors' program (Zhu et al. 2017, section 4 and appendix 7).
    """

    generator: str = option(
        "resnet",
        "resnet: the paper's, over mel and time; time: over time alone, with a style, a hundredth of the cost",
        choices=("resnet", "time"),
    )
    width: int = option(64, "Channels of the generators' first layer", low=1)
    blocks: int = option(9, "Residual blocks", low=1)
    upsample: str = option(
        "transposed",
        "resnet: transposed convolution (paper) or nearest, then convolve",
        choices=("transposed", "nearest"),
    )
    body_width: int = option(256, "time: channels of the residual blocks", low=1)
    noise_channels: int = option(8, "time: channels of noise over time that the generators may use", low=1)
    style_size: int = option(16, "time: numbers that say what the output shall sound like", low=1)
    style_bank: int = option(64, "time: styles of training windows kept in the model, to generate with", low=1)

    discriminator: str = option(
        "patch",
        "patch: the paper's 70 x 70 PatchGAN; scales: hits, beats, bars and grain",
        choices=("patch", "scales"),
    )
    discriminator_width: int = option(64, "patch: channels of the first layer; scales: channels over time", low=1)
    discriminator_layers: int = option(3, "patch: strided layers; 3 sees 1.6 s, 4 sees 3.3 s", low=1, high=6)
    texture_width: int = option(24, "scales: first channels of the discriminator of the grain", low=1)

    cycle_weight: float = option(10.0, "Weight of the cycle loss, both directions", low=0)
    cycle_weight_end: float = option(10.0, "Weight of the cycle loss after cycle_share of the run", low=0)
    cycle_share: float = option(0.0, "Share of the run in which the cycle weight goes to its end; 0: constant", low=0)
    cycle_noise: float = option(0.0, "Deviation of the noise on fakes before they are translated back", low=0)
    identity_weight: float = option(0.5, "Weight of the identity loss, relative to cycle_weight", low=0)
    identity_share: float = option(0.0, "Share of the run in which the identity loss fades out; 0: it stays", low=0)
    identity_mask: float = option(0.0, "Share of the identity loss's inputs that lose their upper bands", low=0, high=1)
    style_weight: float = option(0.0, "time: weight of the band statistics that a fake shall have", low=0)
    discriminator_noise: float = option(0.0, "Deviation of the noise on all that the discriminators see", low=0)
    pool_size: int = option(50, "Past fakes per direction that the discriminators are shown", low=0)

    discriminator_lr: float = option(2e-4, "Adam's learning rate of the discriminators", low=0)

    gain_db: float = option(0.0, "Windows are made louder or softer by up to this much", unit="dB", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.style_weight and self.generator != "time":
            raise ConfigError("style_weight needs generator time; set it to 0")


#: As the paper trained: batch 1, constant rate (12 + 20 epochs never reach the decay), no average of weights.
_PAPER = CycleGANConfig(
    steps=100_000,
    batch_size=1,
    precision="float32",
    ema=False,
    decay_epochs=0,
    fixed_chunks=True,
    threads=0,
    documented_steps=100_000,
)

#: For a CPU and a few minutes; docs/cyclegan.md has the measurements behind each value.
_SMALL = CycleGANConfig(
    steps=2000,
    documented_steps=1200,
    batch_size=2,
    generator="time",
    width=192,
    body_width=256,
    blocks=6,
    discriminator="scales",
    discriminator_width=192,
    cycle_weight=1.0,
    cycle_weight_end=0.1,
    cycle_share=0.67,
    cycle_noise=0.3,
    identity_weight=5.0,
    identity_share=0.33,
    identity_mask=0.7,
    style_weight=2.0,
    discriminator_noise=0.1,
    lr=4e-4,
    discriminator_lr=4e-4,
    schedule="run",
    gain_db=3.0,
)

#: The same, wider and longer, for a GPU.
_DEFAULT = replace(
    _SMALL,
    steps=20_000,
    documented_steps=20_000,
    batch_size=8,
    width=384,
    body_width=512,
    blocks=8,
    discriminator_width=256,
    texture_width=48,
    lr=2e-4,
    discriminator_lr=2e-4,
)

#: By name. `documented_steps` is what the figures of docs/cyclegan.md took; of presets without any, the whole run.
PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
