"""Residual blocks of the image-to-image generators."""

from __future__ import annotations

import torch
from torch import nn


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
