"""The U-Net generator and the conditional discriminator of pix2pix."""

from __future__ import annotations

import torch
from torch import nn

from gantools.nn.initialisation import init_normal
from gantools.nn.patch_discriminator import PatchDiscriminator
from gantools.runtime.seeds import item_seed
from gantools.systems.pix2pix.config import Pix2PixConfig

_WIDEST = 8  # channels stop growing at this many times the first layer's


class Level(nn.Module):
    """One level of the U-Net: halve, everything below, double, and put the input beside the result."""

    def __init__(self, channels: int, inner: int, below: Level | None, dropout: bool) -> None:
        super().__init__()
        down: list[nn.Module] = [
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, inner, 4, stride=2, padding=1, bias=False),
        ]
        up_in = inner
        if below is not None:
            # The innermost level has one value per channel, which a batch norm would make 0.
            down.append(nn.BatchNorm2d(inner))
            up_in = 2 * inner
        up: list[nn.Module] = [
            nn.ReLU(),
            nn.ConvTranspose2d(up_in, channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        ]
        if dropout:
            up.append(nn.Dropout(0.5))
        self.down, self.up = nn.Sequential(*down), nn.Sequential(*up)
        self.below = below if below is not None else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x and below it what the levels make of it."""
        return torch.cat([x, self.up(self.below(self.down(x)))], 1)


class UNetGenerator(nn.Module):
    """U-Net with batch norm: (batch, 1, mel, frame) to the same, in [-1, 1].

    Mel and frame counts must be multiples of 2^depth.

    Parameters
    ----------
    channels : int
        Channels of input and output.
    width : int
        Channels of the first layer.
    depth : int
        Halvings; 8 (`unet_256`) brings 256 x 256 down to 1 x 1.
    dropout : bool
        Dropout of 1/2 in the three innermost levels that have 8 times the width on both sides.

    Notes
    -----
    Isola et al. 2017, appendix 6.1.1: C64-C128-C256-C512-C512-C512-C512-C512 and back, with skips between
    equal sizes. Dropout and the statistics of the batch stay on when it generates (section 3.4).
    """

    def __init__(self, channels: int = 1, width: int = 64, depth: int = 8, dropout: bool = True) -> None:
        super().__init__()
        # Built from the inside out, as each level contains the next.
        widths = [width * min(2**level, _WIDEST) for level in range(depth)]
        level: Level | None = None
        for place in range(depth - 1, 0, -1):
            innermost = place == depth - 1
            level = Level(widths[place - 1], widths[place], level, dropout and not innermost and place >= depth - 4)
        # The outermost level has no norm, as in the paper: its C64 has none, and the last layer makes the result.
        self.down = nn.Conv2d(channels, width, 4, stride=2, padding=1)
        self.level = level if level is not None else nn.Identity()
        self.up = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * width, channels, 4, stride=2, padding=1), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Translate mels."""
        return self.up(self.level(self.down(x)))


def build_generator(config: Pix2PixConfig) -> UNetGenerator:
    """Return an untrained generator."""
    return UNetGenerator(1, config.width, config.depth, config.dropout_noise)


def build_networks(config: Pix2PixConfig) -> dict[str, nn.Module]:
    """Return G and D with their initial weights, which follow from `config.seed`."""
    networks = {
        "G": build_generator(config),
        "D": PatchDiscriminator(2, config.discriminator_width, config.discriminator_layers, "batch"),
    }
    for name, network in networks.items():
        seed = item_seed(config.seed, "weights", name)
        init_normal(network, generator=torch.Generator().manual_seed(seed))
    return networks
