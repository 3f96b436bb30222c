"""The discriminator of the codec: it judges the log-power spectrogram of two windows that were joined."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

_SLOPE = 0.2


class SpectrogramDiscriminator(nn.Module):
    """Log-power levels (batch, bin, frame) to one score each, (batch,).

    Parameters
    ----------
    width : int
        Channels of the first layer; 2, 4, 8 and 8 times as many in those behind it.

    Notes
    -----
    Section 4.1: convolutions in two dimensions with spectral norm. The paper does not print its layers; these five of
    3 x 3 with stride 2, and one that averages patches, are ours.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [1, width, 2 * width, 4 * width, 8 * width, 8 * width]
        layers: list[nn.Module] = []
        for inner, outer in itertools.pairwise(widths):
            layers += [
                spectral_norm(nn.Conv2d(inner, outer, 3, stride=2, padding=1)),
                nn.LeakyReLU(_SLOPE, inplace=True),
            ]
        layers.append(spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """Return the scores, float32."""
        return self.layers(levels[:, None]).float().mean((1, 2, 3))
