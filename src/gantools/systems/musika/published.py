"""The networks of the paper (techno22) and of its program for 44.1 kHz (base44), layer by layer."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

from gantools.nn.time_convolution import leaky_relu
from gantools.systems.latents.discriminator import LEAK, ResidualDown, SameConv, halving, with_conditions
from gantools.systems.musika.blocks import (
    LayerNoise,
    ModulatedLayer,
    SkipExcitation,
    SpatialAdaIN,
    doubling,
    pyramid,
)
from gantools.systems.musika.coordinates import from_patches, to_patches

_HALF = math.sqrt(0.5)
_FIRST = 4
_PAPER_PATCH = 128
#: Channels of the paper's networks, over the width of 128.
_PAPER_WIDTHS = (7.0, 6.0, 5.0, 4.0, 3.0, 2.0)


class _Start(nn.Module):
    """The first four steps of a patch, from all its coordinates at two steps."""

    def __init__(self, coordinates: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * coordinates, _FIRST * channels)
        self.noise, self.norm = LayerNoise(), SpatialAdaIN(coordinates, channels)

    def forward(self, two: torch.Tensor, four: torch.Tensor) -> torch.Tensor:
        x = self.linear(two.flatten(1)).unflatten(1, (-1, _FIRST))
        return functional.silu(self.norm(self.noise(x), four))


class _PatchGenerator(nn.Module):
    """A generator of patches, each of which is made without a view of its neighbours (section 3.2).

    Attributes
    ----------
    grid, margin : int
        Music is made from multiples of `grid` latents on, a patch; it depends on no coordinates beside it.
    """

    margin = 0

    def __init__(self, patch_latents: int) -> None:
        super().__init__()
        self.grid = patch_latents

    def forward(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, out, n L) of coordinates (batch, coordinates, n L)."""
        patches = self.patch(to_patches(coordinates, self.grid))
        return from_patches(patches, coordinates.shape[2] // self.grid)

    def patch(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return the latents (batch, out, L) of coordinates (batch, coordinates, L)."""
        raise NotImplementedError


class PaperGenerator(_PatchGenerator):
    """The generator of the ISMIR version: FastGAN with skip-layer excitation, 128 latents to a patch.

    Parameters
    ----------
    coordinates, out : int
        Channels of what it takes, and of the latents that it makes.
    width : int
        128 in the paper.
    """

    def __init__(self, coordinates: int, out: int, width: int = 128) -> None:
        super().__init__(_PAPER_PATCH)
        w = [round(share * width) for share in _PAPER_WIDTHS]
        self.start = _Start(coordinates, w[0])
        # Steps: 4 to 8, 16, 32, 64 and 128.
        self.ups = nn.ModuleList(ModulatedLayer(doubling(a, b), coordinates, b) for a, b in itertools.pairwise(w))
        kernels = (1, 3, 3, 3)
        self.convs = nn.ModuleList(
            ModulatedLayer(SameConv(c, c, k), coordinates, c) for c, k in zip(w[1:5], kernels, strict=True)
        )
        # The block of 8 steps speaks for both layers of that of 32, the block of 16 for those of 64.
        self.gates = nn.ModuleList(
            SkipExcitation(low, high) for low, high in ((w[1], w[3]), (w[2], w[4])) for _ in "ab"
        )
        self.out = nn.Conv1d(w[5], out, 1)

    def patch(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, out, 128) in (-1, 1) of coordinates (batch, coordinates, 128)."""
        e = pyramid(coordinates, 6)
        x = self.start(e[6], e[5])
        coarse: list[torch.Tensor] = []
        for n, conv in enumerate(self.convs):
            gates = [1.0, 1.0] if n < 2 else [gate(coarse[n - 2]) for gate in self.gates[2 * n - 4 : 2 * n - 2]]
            x = self.ups[n](x, e[4 - n]) * gates[0]
            x = conv(x, e[4 - n]) * gates[1]
            coarse.append(x)
        return torch.tanh(self.out(self.ups[4](x, e[0])))


class PaperDiscriminator(nn.Module):
    """The discriminator of the ISMIR version: channels mixed by a frozen random matrix, one score, a reconstruction.

    Parameters
    ----------
    channels, conditions : int
        Channels of latents; conditions that come along with them.
    width : int
        128 in the paper.
    """

    def __init__(self, channels: int, conditions: int = 0, width: int = 128) -> None:
        super().__init__()
        w = [round(share * width) for share in (3.0, 4.0, 5.0, 6.0, 7.0, 8.0)]
        # Cross channel mixing (Sauer et al. 2021). Not trained: it is drawn with the weights and saved with them.
        mixing = torch.randn(2 * channels, channels, 1) / math.sqrt(channels)
        self.mixing = nn.Parameter(mixing, requires_grad=False)
        self.first = halving(2 * channels + conditions, w[0], 3)
        blocks = [ResidualDown(a, b, 3) for a, b in itertools.pairwise(w[:5])]
        self.blocks = nn.ModuleList([*blocks, ResidualDown(w[4], w[5], 3, first_kernel=1)])
        self.score = nn.Linear(w[5] * _FIRST, 1)
        back = [w[5], *(round(share * width) for share in (4.0, 3.5, 3.0, 2.5, 2.0, 1.5))]
        self.back = nn.ModuleList(doubling(a, b) for a, b in itertools.pairwise(back))
        self.rebuilt = nn.Conv1d(back[-1], channels, 1)

    def features(self, x: torch.Tensor, conditions: torch.Tensor | None = None) -> torch.Tensor:
        """Return the last map (batch, channel, 4) of latents (batch, channels, 256)."""
        x = functional.conv1d(x, self.mixing)
        x = with_conditions(x, conditions)
        x = leaky_relu(self.first(x), LEAK)
        for block in self.blocks:
            x = block(x)
        return x

    def forward(self, x: torch.Tensor, conditions: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Return the score (batch, 1) of two patches, in a list."""
        return [self.score(self.features(x, conditions).flatten(1))]

    def rebuild(self, features: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, channels, 256) made again of the last map: the lightweight decoder of section 4.2."""
        x = features
        for layer in self.back:
            x = functional.leaky_relu(layer(x), LEAK)
        return torch.tanh(self.rebuilt(x))


class _SkipBlock(nn.Module):
    """Two layers of base44, the first twice as fast where it doubles, beside a shuffle of channels into steps."""

    def __init__(self, coordinates: int, channels: int, out: int, doubles: bool) -> None:
        super().__init__()
        first = doubling(channels, out) if doubles else nn.Conv1d(channels, out, 1)
        self.first = ModulatedLayer(first, coordinates, out)
        self.second = ModulatedLayer(SameConv(out, out, 4 if doubles else 1), coordinates, out)
        self.skip = nn.Conv1d(channels // 2 if doubles else channels, out, 1)
        self.doubles = doubles

    def forward(self, x: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
        h = _HALF * self.first(x, coordinates)
        h = _HALF * self.second(h, coordinates)
        # Half of the channels become the even steps, the others the odd ones.
        shuffled = x.unflatten(1, (2, -1)).permute(0, 2, 3, 1).flatten(2) if self.doubles else x
        shortcut: torch.Tensor = self.skip(shuffled)
        return h + shortcut


class Base44Generator(_PatchGenerator):
    """The generator of the program's 44.1 kHz version; with patches of 64 latents its ``--small``.

    Parameters
    ----------
    coordinates, out : int
        Channels of what it takes, and of the latents that it makes.
    width : int
        ``base_channels``, 128.
    patch_latents : int
        128 or 64.
    """

    def __init__(self, coordinates: int, out: int, width: int = 128, patch_latents: int = 128) -> None:
        super().__init__(patch_latents)
        w = [share * width for share in (7, 6, 5, 4, 3, 2)]
        self.levels = int(math.log2(patch_latents // 2))
        self.start = _Start(coordinates, w[0])
        # The smaller one stays at four steps in its first block.
        self.doubles = (patch_latents == 128, True, True, True)
        self.blocks = nn.ModuleList(
            _SkipBlock(coordinates, a, b, d) for a, b, d in zip(w[:4], w[1:5], self.doubles, strict=True)
        )
        self.last = ModulatedLayer(doubling(w[4], w[5]), coordinates, w[5])
        self.out = SameConv(w[5], out, 4)

    def patch(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, out, L) of coordinates (batch, coordinates, L)."""
        e = pyramid(coordinates, self.levels)
        x, level = self.start(e[self.levels], e[self.levels - 1]), self.levels - 1
        for block, doubles in zip(self.blocks, self.doubles, strict=True):
            level -= int(doubles)
            x = block(x, e[level])
        made: torch.Tensor = self.out(self.last(x, e[0]))
        return made


class Base44Discriminator(nn.Module):
    """The discriminator of the program's 44.1 kHz version: one score for two patches.

    Parameters
    ----------
    channels, conditions : int
        Channels of latents; conditions that come along with them.
    width : int
        ``base_channels``, 128.
    patch_latents : int
        128, or 64 for one block less.
    """

    def __init__(self, channels: int, conditions: int = 0, width: int = 128, patch_latents: int = 128) -> None:
        super().__init__()
        w = [share * width for share in (3, 4, 5, 6, 7)]
        self.first = halving(channels + conditions, w[0], 4)
        blocks = [ResidualDown(a, b, 4) for a, b in itertools.pairwise(w)]
        if patch_latents == 128:
            blocks.append(ResidualDown(w[4], w[4], 4, first_kernel=1))
        self.blocks = nn.ModuleList(blocks)
        self.last = SameConv(w[4], w[4], 3)
        self.score = nn.Linear(_FIRST * w[4], 1)

    def forward(self, x: torch.Tensor, conditions: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Return the score (batch, 1) of two patches (batch, channels, 2 L), in a list."""
        x = with_conditions(x, conditions)
        x = leaky_relu(self.first(x), LEAK)
        for block in self.blocks:
            x = block(x)
        x = leaky_relu(self.last(x), LEAK)
        return [self.score(x.flatten(1))]
