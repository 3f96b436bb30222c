"""A discriminator of latents that judges every step at several scales, and the whole."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn

from gantools.nn.time_convolution import TimeConv1d, leaky_relu, pairs_mean

LEAK = 0.2
_HALF = math.sqrt(0.5)
#: Channels over the width, at the most.
_WIDEST = 8
_LEAST_STEPS = 8


class SameConv(TimeConv1d):
    """A convolution that keeps the number of steps, also where its kernel is even: the longer side is behind."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, time)."""
        before = (self.kernel_size[0] - 1) // 2
        return self.padded(input, before, self.kernel_size[0] - 1 - before)


class ResidualDown(nn.Module):
    """Two convolutions, the second of stride 2, beside an average of two steps."""

    def __init__(self, channels: int, out: int, kernel: int, first_kernel: int | None = None) -> None:
        super().__init__()
        self.first = SameConv(channels, channels, first_kernel or kernel)
        self.second = halving(channels, out, kernel)
        self.skip = TimeConv1d(channels, out, 1, bias=False) if channels != out else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, time / 2)."""
        h = _HALF * leaky_relu(self.first(x), LEAK)
        h = _HALF * leaky_relu(self.second(h), LEAK)
        shortcut: torch.Tensor = self.skip(pairs_mean(x))
        return h + shortcut


def halving(channels: int, out: int, kernel: int) -> nn.Module:
    """Return a convolution of stride 2 that makes half as many steps of an even number."""
    return TimeConv1d(channels, out, kernel, 2, 1)


def with_conditions(latents: torch.Tensor, conditions: torch.Tensor | None) -> torch.Tensor:
    """Return latents (batch, channel, time) with conditions (batch, conditions, time) beside them, if there are any."""
    return latents if conditions is None or not conditions.shape[1] else torch.cat([latents, conditions], 1)


class DenseDiscriminator(nn.Module):
    """Our discriminator: after each halving it judges every step, and in the end the whole.

    Judging every stretch by itself keeps details alive that one score for 256 latents has no gradient for.

    Parameters
    ----------
    channels, conditions : int
        Channels of latents; conditions that come along with them.
    width : int
    steps : int
        Latents that it sees; they are halved down to 8 of them, or as far as halves are whole.
    """

    def __init__(self, channels: int, conditions: int, width: int, steps: int) -> None:
        super().__init__()
        halvings = 0
        while steps % 2 == 0 and steps // 2 >= _LEAST_STEPS:
            steps, halvings = steps // 2, halvings + 1
        w = [width * min(_WIDEST, 4 + n) for n in range(halvings + 1)]
        self.first = TimeConv1d(channels + conditions, w[0], 3, padding=1)
        self.blocks = nn.ModuleList(ResidualDown(a, b, 4) for a, b in itertools.pairwise(w))
        self.heads = nn.ModuleList(TimeConv1d(b, 1, 1) for b in w[1:])
        self.whole = nn.Linear(w[-1] * steps, 1)

    def forward(self, x: torch.Tensor, conditions: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Return the scores (batch, n) of latents (batch, channels, steps): one tensor for each scale."""
        x = with_conditions(x, conditions)
        x = leaky_relu(self.first(x), LEAK)
        scores = []
        for block, head in zip(self.blocks, self.heads, strict=True):
            x = block(x)
            scores.append(head(x)[:, 0])
        return [*scores, self.whole(x.flatten(1))]
