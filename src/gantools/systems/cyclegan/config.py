"""Configuration and presets of CycleGAN."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gantools.errors import ConfigError
from gantools.options import option
from gantools.systems.translation.config import TranslatorConfig


@dataclass(frozen=True)
class CycleGANConfig(TranslatorConfig):
    """Options of ``train cyclegan``.

    The defaults are those of the paper and of the authors' program (Zhu et al. 2017, section 4 and appendix 7).
    """

    generator: str = option(
        "resnet",
        "Kind of generator. The resnet is the paper's, over mel and time; time works over time alone, has a "
        "style and costs a hundredth.",
        choices=("resnet", "time"),
    )
    width: int = option(
        64, "Channels of the generators' first layer. More can learn more and take longer.", low=1, group="Networks"
    )
    blocks: int = option(9, "Residual blocks of each generator.", low=1, group="Networks")
    upsample: str = option(
        "transposed",
        "How the resnet doubles its resolution: by a transposed convolution (the paper's), or by repeating "
        "the nearest value.",
        choices=("transposed", "nearest"),
        group="Networks",
    )
    body_width: int = option(256, "Channels of the residual blocks of the generator time.", low=1, group="Networks")
    noise_channels: int = option(
        8,
        "Channels of noise over time that the generator time may use, to vary what it plays.",
        low=1,
        group="Networks",
    )
    style_size: int = option(
        16, "Numbers that tell the generator time how its output shall sound.", low=1, group="Networks"
    )
    style_bank: int = option(
        64, "Styles of training windows that the model keeps, to generate with.", low=1, group="Networks"
    )

    discriminator: str = option(
        "patch",
        "Kind of discriminator. The patch is the paper's 70 x 70 PatchGAN; scales judges hits, beats, bars "
        "and grain apart.",
        choices=("patch", "scales"),
        group="Networks",
    )
    discriminator_width: int = option(
        64, "Channels of the discriminator: of its first layer (patch), or over time (scales).", low=1, group="Networks"
    )
    discriminator_layers: int = option(
        3,
        "Strided layers of the discriminator patch: 3 of them see 1.6 s, 4 see 3.3 s.",
        low=1,
        high=6,
        group="Networks",
    )
    texture_width: int = option(
        24, "Channels of the first layer of the discriminator of the grain, for scales.", low=1, group="Networks"
    )

    cycle_weight: float = option(
        10.0,
        "Weight of the cycle loss of both directions at the start. More keeps the part closer to its source.",
        low=0,
        group="Losses",
    )
    cycle_weight_end: float = option(
        10.0, "Weight of the cycle loss once --cycle-share of the run is over.", low=0, group="Losses"
    )
    cycle_share: float = option(
        0.0, "Share of the run in which the cycle weight goes to its end. With 0 it is constant.", low=0, group="Losses"
    )
    cycle_noise: float = option(
        0.0, "Standard deviation of the noise that fakes get before they are translated back.", low=0, group="Losses"
    )
    identity_weight: float = option(
        0.5, "Weight of the identity loss, as a factor of --cycle-weight.", low=0, group="Losses"
    )
    identity_share: float = option(
        0.0, "Share of the run in which the identity loss fades out. With 0 it stays.", low=0, group="Losses"
    )
    identity_mask: float = option(
        0.0, "Share of the identity loss's inputs that lose their upper bands.", low=0, high=1, group="Losses"
    )
    style_weight: float = option(
        0.0, "Weight of the band statistics that a fake of the generator time shall have.", low=0, group="Losses"
    )
    discriminator_noise: float = option(
        0.0, "Standard deviation of the noise on all that the discriminators see.", low=0, group="Losses"
    )
    pool_size: int = option(
        50, "Past fakes of each direction that the discriminators are shown again.", low=0, group="Losses"
    )

    discriminator_lr: float = option(2e-4, "Adam's learning rate of the discriminators.", low=0, group="Optimiser")

    gain_db: float = option(
        0.0, "Most by which a window is made louder or softer at random.", unit="dB", low=0, group="Data"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.style_weight and self.generator != "time":
            raise ConfigError("style_weight needs generator time; set it to 0")


#: As the paper trained: batch 1, constant rate (12 + 20 epochs never reach the decay), no average of weights. Twelve
#: epochs are its first stage; the second is told by --epochs 20 and --from.
_PAPER = CycleGANConfig(
    steps=100_000,
    epochs=12,
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
