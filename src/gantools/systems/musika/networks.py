"""The networks of Musika: ours for machines of any size, and one door to those of the paper and its program."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

from gantools.nn.time_convolution import TimeConv1d, leaky_relu
from gantools.runtime.seeds import item_seed
from gantools.systems.musika.blocks import (
    LEAK,
    LayerNoise,
    ModulatedLayer,
    ResidualDown,
    SpatialAdaIN,
    doubling,
    initialise,
    pyramid,
    with_conditions,
)
from gantools.systems.musika.config import FIRST_STEPS, MusikaConfig
from gantools.systems.musika.published import Base44Discriminator, Base44Generator, PaperDiscriminator, PaperGenerator

_HALF = math.sqrt(0.5)
#: Channels over the width, from the last layer back to the first.
_WIDEST = 8


class DenseGenerator(nn.Module):
    """Our generator: that of base44 for patches of 4 times a power of two, each block beside a plain upsampling.

    Parameters
    ----------
    coordinates, out : int
        Channels of what it takes, and of the latents that it makes.
    width : int
        The last block has twice as many channels, each one before it another `width` more, up to 8 of them.
    patch_latents : int
    """

    def __init__(self, coordinates: int, out: int, width: int, patch_latents: int) -> None:
        super().__init__()
        self.levels = int(math.log2(patch_latents // FIRST_STEPS))
        w = [width * min(_WIDEST, 2 + self.levels - n) for n in range(self.levels + 1)]
        self.start = nn.Linear(FIRST_STEPS * coordinates, FIRST_STEPS * w[0])
        self.noise, self.norm = LayerNoise(), SpatialAdaIN(coordinates, w[0], around_zero=True)
        pairs = list(itertools.pairwise(w))
        self.ups = nn.ModuleList(ModulatedLayer(doubling(a, b), coordinates, b, around_zero=True) for a, b in pairs)
        self.convs = nn.ModuleList(
            ModulatedLayer(nn.Conv1d(b, b, 3, padding=1), coordinates, b, around_zero=True) for _, b in pairs
        )
        self.skips = nn.ModuleList(nn.Conv1d(a, b, 1) for a, b in pairs)
        self.out = nn.Conv1d(w[-1], out, 3, padding=1)

    @torch.no_grad()
    def start_small(self) -> None:
        """Let the first latents vary less than real ones do, and coordinates scale layers by about 1.

        Drawn after He, each SA-AdaIN would multiply by numbers of either sign with a deviation of 1.4, and the first
        latents would vary twenty times too much: most of a short run would go by in learning their level.
        """
        for module in self.modules():
            if isinstance(module, SpatialAdaIN):
                module.scale.weight.mul_(0.35)
                nn.init.ones_(module.scale.bias)  # type: ignore[arg-type]
        self.out.weight.mul_(0.1)

    def forward(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, out, L) of coordinates (batch, coordinates, L)."""
        e = pyramid(coordinates, self.levels)
        x = self.start(e[self.levels].flatten(1)).unflatten(1, (-1, FIRST_STEPS))
        x = functional.silu(self.norm(self.noise(x), e[self.levels]))
        for n, (up, conv, skip) in enumerate(zip(self.ups, self.convs, self.skips, strict=True)):
            here = e[self.levels - n - 1]
            h = _HALF * conv(_HALF * up(x, here), here)
            x = h + functional.interpolate(skip(x), scale_factor=2.0, mode="nearest")
        made: torch.Tensor = self.out(x)
        return made


class DenseDiscriminator(nn.Module):
    """Our discriminator: after each halving it judges every step, and in the end the whole.

    Judging every stretch by itself keeps details alive that one score for 256 latents has no gradient for.

    Parameters
    ----------
    channels, conditions : int
        Channels of latents; conditions that come along with them.
    width : int
    patch_latents : int
    """

    def __init__(self, channels: int, conditions: int, width: int, patch_latents: int) -> None:
        super().__init__()
        halvings = int(math.log2(2 * patch_latents // (2 * FIRST_STEPS)))
        w = [width * min(_WIDEST, 4 + n) for n in range(halvings + 1)]
        self.first = TimeConv1d(channels + conditions, w[0], 3, padding=1)
        self.blocks = nn.ModuleList(ResidualDown(a, b, 4) for a, b in itertools.pairwise(w))
        self.heads = nn.ModuleList(TimeConv1d(b, 1, 1) for b in w[1:])
        self.whole = nn.Linear(w[-1] * 2 * FIRST_STEPS, 1)

    def forward(self, x: torch.Tensor, conditions: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Return the scores (batch, n) of two patches (batch, channels, 2 L): one tensor for each scale."""
        x = with_conditions(x, conditions)
        x = leaky_relu(self.first(x), LEAK)
        scores = []
        for block, head in zip(self.blocks, self.heads, strict=True):
            x = block(x)
            scores.append(head(x)[:, 0])
        return [*scores, self.whole(x.flatten(1))]


def build_generator(config: MusikaConfig, latent_channels: int, conditions: int = 0) -> nn.Module:
    """Return the generator of a configuration; it makes (batch, channels times latent channels, L)."""
    coordinates = config.anchor_size + config.style_size + config.detail_size + conditions
    out = config.channels * latent_channels
    if config.variant == "paper":
        return PaperGenerator(coordinates, out, config.width)
    kind = Base44Generator if config.variant == "base44" else DenseGenerator
    return kind(coordinates, out, config.width, config.patch_latents)


def build_discriminator(config: MusikaConfig, latent_channels: int, conditions: int = 0) -> nn.Module:
    """Return the discriminator of a configuration; see `build_generator`."""
    channels = config.channels * latent_channels
    if config.variant == "paper":
        return PaperDiscriminator(channels, conditions, config.width)
    kind = Base44Discriminator if config.variant == "base44" else DenseDiscriminator
    return kind(channels, conditions, config.width, config.patch_latents)


def build_networks(config: MusikaConfig, latent_channels: int, conditions: int = 0) -> dict[str, nn.Module]:
    """Return ``G`` and ``D`` with fresh weights, which follow from the seed of the configuration."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(item_seed(config.seed, "weights"))
        generator = build_generator(config, latent_channels, conditions)
        discriminator = build_discriminator(config, latent_channels, conditions)
        for network in (generator, discriminator):
            initialise(network)
        if isinstance(generator, DenseGenerator):
            generator.start_small()
    return {"G": generator, "D": discriminator}
