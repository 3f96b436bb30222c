"""The Music Transformer (Huang et al. 2018) with a dense layer in place of the embedding: each step predicts the next.

Attention knows how far back a step lies: a learned vector for each distance is compared with the query, and the
"skewing" of section 3.4 brings the products to their places without a tensor of (step, step, width).
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.loops.data import ROWS
from gantools.systems.looptransformer.config import LoopTransformerConfig

_FEED_FORWARD = 4


def skew(products: torch.Tensor) -> torch.Tensor:
    """Bring products with distances to the places of keys (Huang et al. 2018, section 3.4.1).

    Parameters
    ----------
    products : tensor (..., step, distance)
        Column ``r`` belongs to the distance ``steps - 1 - r`` back.

    Returns
    -------
    tensor (..., step, key)
        Right where the key is not after the step; what is after it has to be masked.
    """
    steps = products.shape[-1]
    padded = functional.pad(products, (1, 0))
    return padded.reshape(*products.shape[:-2], steps + 1, steps)[..., 1:, :]


class Cache:
    """Keys and values of the steps so far, of one layer.

    Parameters
    ----------
    batch, heads, steps, width : int
        `width` of a head; `steps` at most.
    """

    def __init__(self, batch: int, heads: int, steps: int, width: int, device: torch.device) -> None:
        self.keys, self.values = (torch.zeros(batch, heads, steps, width, device=device) for _ in range(2))
        self.length = 0

    def add(self, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take in the key and value of a step (batch, head, 1, width); return those of all steps so far."""
        self.keys[:, :, self.length], self.values[:, :, self.length] = key[:, :, 0], value[:, :, 0]
        self.length += 1
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]


class RelativeAttention(nn.Module):
    """Causal attention with a learned vector for each distance and head: softmax((Q K^T + S) / sqrt(d)) V, eq. 3."""

    def __init__(self, width: int, heads: int, steps: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        # Row r is the distance steps - 1 - r, so that the last one is the step itself.
        self.distances = nn.Parameter(torch.randn(heads, steps, width // heads) * (width // heads) ** -0.5)
        self.register_buffer("future", torch.ones(steps, steps, dtype=torch.bool).triu(1), persistent=False)

    def forward(self, x: torch.Tensor, cache: Cache | None = None) -> torch.Tensor:
        """Attend over (batch, step, width); with a cache `x` is the next step alone."""
        batch, steps, width = x.shape
        parts = self.project(x).view(batch, steps, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        if cache is None:
            scores = query @ key.transpose(2, 3) + skew(query @ self.distances[:, -steps:].transpose(1, 2))
            scores = scores.masked_fill(self.future[:steps, :steps], -torch.inf)  # type: ignore[index]
        else:
            key, value = cache.add(key, value)
            scores = query @ (key + self.distances[:, -key.shape[2] :]).transpose(2, 3)
        mixed = torch.softmax(scores.float() / math.sqrt(width // self.heads), -1).to(value.dtype) @ value
        return self.join(mixed.transpose(1, 2).reshape(batch, steps, width))


class Layer(nn.Module):
    """x + attention(norm x), then x + dense(norm x), with dropout on what is added."""

    def __init__(self, config: LoopTransformerConfig, steps: int) -> None:
        super().__init__()
        width = config.width
        self.attention = RelativeAttention(width, config.heads, steps)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.dense = nn.Sequential(
            nn.Linear(width, _FEED_FORWARD * width), nn.ReLU(), nn.Linear(_FEED_FORWARD * width, width)
        )
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor, cache: Cache | None = None) -> torch.Tensor:
        """Pass (batch, step, width) on."""
        x = x + self.drop(self.attention(self.norms[0](x), cache))
        return x + self.drop(self.dense(self.norms[1](x)))


class RollTransformer(nn.Module):
    """Predicts each step of a roll from those before it: (batch, 58, step) to logits (batch, 58, step).

    The first step is predicted from a learned start, so that no histogram of first steps is needed. Positions are
    sinusoids (Vaswani et al. 2017), as in Huang et al., beside the relative ones.
    """

    def __init__(self, config: LoopTransformerConfig) -> None:
        super().__init__()
        self.steps, self.heads, width = config.bars * BAR_STEPS, config.heads, config.width
        self.start = nn.Parameter(torch.randn(width) * 0.1)
        self.enter = nn.Linear(ROWS, width)
        self.layers = nn.ModuleList(Layer(config, self.steps) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, ROWS)
        self.drop = nn.Dropout(config.dropout)
        self.register_buffer("positions", sinusoids(self.steps, width), persistent=False)

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """Return the logits of each step, given the true steps before it."""
        before = self.enter(cells[:, :, :-1].transpose(1, 2))
        x = torch.cat([self.start.expand(cells.shape[0], 1, -1), before], 1)
        x = self.drop(x + self.positions[: x.shape[1]])  # type: ignore[index]
        for layer in self.layers:
            x = layer(x)
        return self.leave(self.norm(x)).transpose(1, 2)

    def caches(self, batch: int) -> list[Cache]:
        """Return empty caches for `next_step`."""
        width, device = self.start.shape[0] // self.heads, self.start.device
        return [Cache(batch, self.heads, self.steps, width, device) for _ in self.layers]

    def next_step(self, cells: torch.Tensor | None, caches: list[Cache]) -> torch.Tensor:
        """Return the logits (batch, 58) of the next step from the last one, float (batch, 58), or None at the start."""
        place = caches[0].length
        batch = len(caches[0].keys)
        x = self.start.expand(batch, -1) if cells is None else self.enter(cells)
        x = (x + self.positions[place])[:, None]  # type: ignore[index]
        for layer, cache in zip(self.layers, caches, strict=True):
            x = layer(x, cache)
        return self.leave(self.norm(x))[:, 0]


def sinusoids(steps: int, width: int) -> torch.Tensor:
    """Return sines and cosines of positions, float32 (steps, width), wavelengths from 2 pi to 20,000 pi steps."""
    slopes = torch.exp(-math.log(10_000.0) * torch.arange(0, width, 2) / width)
    angles = torch.arange(steps)[:, None] * slopes
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)
