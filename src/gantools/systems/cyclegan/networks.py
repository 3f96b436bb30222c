"""Generators and discriminators of CycleGAN on mels."""

from __future__ import annotations

import torch
from torch import nn

from gantools.nn.initialisation import init_normal
from gantools.nn.patch_discriminator import PatchDiscriminator
from gantools.runtime.seeds import item_seed
from gantools.systems.cyclegan.config import CycleGANConfig
from gantools.systems.cyclegan.time_networks import ScaleDiscriminator, TimeGenerator


class ResidualBlock2d(nn.Module):
    """x + IN(conv(ReLU(IN(conv(x))))), 3 x 3 kernels, reflection padding, nothing after the sum.

    Parameters
    ----------
    channels : int
        Channels in and out.

    Notes
    -----
    Johnson et al. 2016, as used by Zhu et al. 2017, appendix 7.2 (Rk).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the shape of `x`, (batch, channel, mel, frame)."""
        return x + self.layers(x)


class ResnetGenerator(nn.Module):
    """The ResNet generator of Zhu et al. 2017 (appendix 7.2): (batch, 1, mel, frame) to the same, in [-1, 1].

    c7s1-64, d128, d256, nine R256, u128, u64, c7s1-1. Mel and frame counts must be multiples of 4.

    Parameters
    ----------
    channels : int
        Channels of input and output.
    width : int
        Channels of the first layer.
    blocks : int
        Residual blocks.
    upsample : str
        ``"transposed"`` convolution as in the paper, or ``"nearest"`` (then convolution), which leaves no
        checkerboard.
    """

    def __init__(self, channels: int = 1, width: int = 64, blocks: int = 9, upsample: str = "transposed") -> None:
        super().__init__()
        # c7s1-64, padded by reflection to reduce artefacts, as the paper says.
        modules: list[nn.Module] = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels, width, 7),
            nn.InstanceNorm2d(width),
            nn.ReLU(True),
        ]
        # d128, d256: each halves mel bands and frames, hence the multiples of 4.
        for scale in (1, 2):
            modules += [
                nn.Conv2d(width * scale, width * scale * 2, 3, stride=2, padding=1),
                nn.InstanceNorm2d(width * scale * 2),
                nn.ReLU(True),
            ]
        modules += [ResidualBlock2d(width * 4) for _ in range(blocks)]
        # u128, u64: back to the full size.
        for scale in (4, 2):
            modules += [
                *_upsample(width * scale, width * scale // 2, upsample),
                nn.InstanceNorm2d(width * scale // 2),
                nn.ReLU(True),
            ]
        modules += [nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh()]
        self.layers = nn.Sequential(*modules)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Translate mels."""
        return self.layers(x)


def _upsample(channels: int, narrower: int, upsample: str) -> list[nn.Module]:
    if upsample == "transposed":
        # The output padding makes the size exactly twice that of the input.
        return [nn.ConvTranspose2d(channels, narrower, 3, stride=2, padding=1, output_padding=1)]
    return [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(channels, narrower, 3)]


def build_generator(config: CycleGANConfig, n_mels: int) -> nn.Module:
    """Return an untrained generator, a `ResnetGenerator` or a `TimeGenerator`."""
    if config.generator == "time":
        return TimeGenerator(
            n_mels,
            config.width,
            config.body_width,
            config.blocks,
            config.noise_channels,
            config.style_size,
            config.style_bank,
        )
    return ResnetGenerator(1, config.width, config.blocks, config.upsample)


def build_discriminator(config: CycleGANConfig, n_mels: int) -> nn.Module:
    """Return an untrained discriminator, a `PatchDiscriminator` or a `ScaleDiscriminator`."""
    if config.discriminator == "scales":
        return ScaleDiscriminator(n_mels, config.discriminator_width, config.texture_width)
    return PatchDiscriminator(1, config.discriminator_width, config.discriminator_layers)


def build_networks(config: CycleGANConfig, n_mels: int) -> dict[str, nn.Module]:
    """Return G: X to Y, F: Y to X, D_X and D_Y with their initial weights, which follow from `config.seed`."""
    networks = {
        "G": build_generator(config, n_mels),
        "F": build_generator(config, n_mels),
        "D_X": build_discriminator(config, n_mels),
        "D_Y": build_discriminator(config, n_mels),
    }
    # A seed for each, so that another kind of discriminator leaves the generators' first weights as they are.
    for name, network in networks.items():
        seed = item_seed(config.seed, "weights", name)
        init_normal(network, generator=torch.Generator().manual_seed(seed))
    return networks
