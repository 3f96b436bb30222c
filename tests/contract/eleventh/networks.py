"""Two small dense networks."""

from __future__ import annotations

import torch
from torch import nn


class Generator(nn.Module):
    """(batch, latent) to (batch, samples) in [-1, 1]."""

    def __init__(self, latent: int, width: int, samples: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, samples), nn.Tanh())

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Make clips."""
        return self.layers(z)


class Discriminator(nn.Module):
    """(batch, samples) to one logit each."""

    def __init__(self, width: int, samples: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(samples, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Judge clips."""
        return self.layers(x)[:, 0]
