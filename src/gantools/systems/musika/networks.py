"""The networks of Musika: ours for machines of any size, and one door to those of the paper and its program."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

from gantools.nn.initialisation import init_he
from gantools.runtime.seeds import item_seed
from gantools.systems.latents.discriminator import DenseDiscriminator
from gantools.systems.musika.blocks import (
    LayerNoise,
    LocalAdaIN,
    ModulatedLayer,
    pyramid,
    twice_as_many,
    within,
)
from gantools.systems.musika.config import FIRST_STEPS, MusikaConfig
from gantools.systems.musika.published import Base44Discriminator, Base44Generator, PaperDiscriminator, PaperGenerator

_HALF = math.sqrt(0.5)
#: Channels over the width, from the last layer back to the first.
_WIDEST = 8
#: Steps that our generator makes on either side of what is wanted, at every level.
_MARGIN = 3


class DenseGenerator(nn.Module):
    """Our generator: convolutions without patches, so that there are no seams, and nothing repeats with patches.

    It begins with the coordinates at every `2 ** levels`-th latent, and doubles the steps in each block. Plain
    interpolation does that: transposed convolutions have weights of their own for even and odd steps, and music then
    repeats with the first steps, every three quarters of a second. Nothing but coordinates tells a place from another:
    what shall change with each note comes from random numbers of each latent.

    Parameters
    ----------
    coordinates, out : int
        Channels of what it takes, and of the latents that it makes.
    width : int
        The last block has twice as many channels, each one before it another `width` more, up to 8 of them.
    levels : int
        Times that the number of steps is doubled.
    detail : int
        So many of the coordinates, the first, are random numbers of each latent.

    Attributes
    ----------
    grid : int
        Latents of a first step: music is made from multiples of it on, and in multiples.
    margin : int
        Coordinates on either side of the latents that are made, on which these depend.
    """

    def __init__(self, coordinates: int, out: int, width: int, levels: int, detail: int) -> None:
        super().__init__()
        self.levels, self.grid, self.detail = levels, 2**levels, detail
        self.margin = (_MARGIN + 1) * self.grid
        w = [width * min(_WIDEST, 2 + self.levels - n) for n in range(self.levels + 1)]
        self.start = nn.Conv1d(coordinates, w[0], 3)
        self.noise, self.norm = LayerNoise(), LocalAdaIN(coordinates, w[0])
        pairs = list(itertools.pairwise(w))
        self.ups = nn.ModuleList(ModulatedLayer(nn.Conv1d(a, b, 3), coordinates, b, local=True) for a, b in pairs)
        self.convs = nn.ModuleList(ModulatedLayer(nn.Conv1d(b, b, 3), coordinates, b, local=True) for _, b in pairs)
        self.skips = nn.ModuleList(nn.Conv1d(a, b, 1) for a, b in pairs)
        self.out = nn.Conv1d(w[-1], out, 3)

    @torch.no_grad()
    def start_small(self) -> None:
        """Let the first latents vary less than real ones do, and coordinates scale layers by about 1.

        Drawn after He, each AdaIN would multiply by numbers of either sign with a deviation of 1.4, and the first
        latents would vary twenty times too much: most of a short run would go by in learning their level.
        """
        for module in self.modules():
            if isinstance(module, LocalAdaIN):
                module.scale.weight.mul_(0.35)
                nn.init.ones_(module.scale.bias)  # type: ignore[arg-type]
        self.out.weight.mul_(0.1)

    def forward(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, out, n) of coordinates (batch, coordinates, margin + n + margin)."""
        e, m = self._pyramid(coordinates), _MARGIN
        x = functional.silu(self.norm(self.noise(self.start(e[-1])), within(e[-1], 1)))
        for n, (up, conv, skip) in enumerate(zip(self.ups, self.convs, self.skips, strict=True), 1):
            here, spare = e[self.levels - n], (m + 1) * 2**n - 2 * m  # what coordinates have beyond the doubled x
            # At both ends the doubling errs by a step, as it has no neighbour there, and each convolution takes one.
            x = within(twice_as_many(x), 1)
            h = _HALF * up(x, within(here, spare + 2))
            x = _HALF * conv(h, within(here, spare + 3)) + within(skip(x), 2)
        made: torch.Tensor = self.out(within(x, m - 1))
        return made

    def _pyramid(self, coordinates: torch.Tensor) -> list[torch.Tensor]:
        """Return coordinates at each level, finest first; the mean of two random numbers keeps their deviation."""
        levels = pyramid(coordinates, self.levels)
        grown = torch.ones(coordinates.shape[1], 1, device=coordinates.device, dtype=coordinates.dtype)
        grown[: self.detail] = math.sqrt(2)
        return [level * grown**n for n, level in enumerate(levels)]


def build_generator(config: MusikaConfig, latent_channels: int, conditions: int = 0) -> nn.Module:
    """Return the generator of a configuration.

    It makes latents (batch, channels times latent channels, n) of coordinates (batch, size, margin + n + margin), with
    its own ``margin``, which is 0 for the published ones; n is a number of patches, or of steps of its ``grid``.
    """
    coordinates = config.anchor_size + config.style_size + config.detail_size + conditions
    out = config.channels * latent_channels
    if config.variant == "paper":
        return PaperGenerator(coordinates, out, config.width)
    if config.variant == "base44":
        return Base44Generator(coordinates, out, config.width, config.patch_latents)
    levels = int(math.log2(config.patch_latents // FIRST_STEPS))
    return DenseGenerator(coordinates, out, config.width, levels, config.detail_size)


def build_discriminator(config: MusikaConfig, latent_channels: int, conditions: int = 0) -> nn.Module:
    """Return the discriminator of a configuration; see `build_generator`."""
    channels = config.channels * latent_channels
    if config.variant == "paper":
        return PaperDiscriminator(channels, conditions, config.width)
    if config.variant == "base44":
        return Base44Discriminator(channels, conditions, config.width, config.patch_latents)
    return DenseDiscriminator(channels, conditions, config.width, 2 * config.patch_latents)


def build_networks(config: MusikaConfig, latent_channels: int, conditions: int = 0) -> dict[str, nn.Module]:
    """Return ``G`` and ``D`` with fresh weights, which follow from the seed of the configuration."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(item_seed(config.seed, "weights"))
        generator = build_generator(config, latent_channels, conditions)
        discriminator = build_discriminator(config, latent_channels, conditions)
        for network in (generator, discriminator):
            init_he(network)
        if isinstance(generator, DenseGenerator):
            generator.start_small()
    return {"G": generator, "D": discriminator}
