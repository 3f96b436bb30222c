"""Discriminators of the small preset: one for hits, beats and bars, one for the grain of the picture."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

SLOPE = 0.2


class TimeDiscriminator(nn.Module):
    """Judge mels at three frame rates: (batch, 1, n_mels, frame) to three lists of logits over time.

    The logits at a half, a quarter and an eighth of the frame rate see 0.28 s, 0.7 s and 3.9 s at hop 512 of
    22050 Hz: a hit, a beat, and more than a bar.

    Parameters
    ----------
    n_mels : int
        Bands.
    width : int
        Channels.
    """

    def __init__(self, n_mels: int = 256, width: int = 192) -> None:
        super().__init__()
        self.hit = nn.Sequential(
            nn.Conv1d(n_mels, width, 5, padding=2),
            nn.LeakyReLU(SLOPE, True),
            *self._layer(width, 4, stride=2, padding=1),
        )
        self.beat = nn.Sequential(*self._layer(width, 4, stride=2, padding=1), *self._layer(width, 3, padding=1))
        self.bar = nn.Sequential(
            *self._layer(width, 4, stride=2, padding=1),
            *self._layer(width, 3, padding=2, dilation=2),
            *self._layer(width, 3, padding=4, dilation=4),
        )
        self.heads = nn.ModuleList([nn.Conv1d(width, 1, 3, padding=1) for _ in range(3)])

    @staticmethod
    def _layer(width: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> list[nn.Module]:
        conv = nn.Conv1d(width, width, kernel, stride=stride, padding=padding, dilation=dilation)
        return [conv, nn.InstanceNorm1d(width), nn.LeakyReLU(SLOPE, True)]

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return logits (batch, 1, frame / 2), (batch, 1, frame / 4), (batch, 1, frame / 8)."""
        hit = self.hit(x[:, 0])
        beat = self.beat(hit)
        return [head(y) for head, y in zip(self.heads, (hit, beat, self.bar(beat)), strict=True)]


class TextureDiscriminator(nn.Module):
    """A small PatchGAN on pairs of bands and frames, told where on the mel axis it is.

    It judges the grain that `TimeDiscriminator`, which sees all bands as one, is blind to; patches of 44 x 44 bins.

    Parameters
    ----------
    width : int
        Channels of the first layer.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(5, width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE, True),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.InstanceNorm2d(2 * width),
            nn.LeakyReLU(SLOPE, True),
            nn.Conv2d(2 * width, 4 * width, 4, padding=1),
            nn.InstanceNorm2d(4 * width),
            nn.LeakyReLU(SLOPE, True),
            nn.Conv2d(4 * width, 1, 4, padding=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, 1, patch rows, patch columns)."""
        folded = functional.pixel_unshuffle(x, 2)
        height = torch.linspace(-1, 1, folded.shape[2], device=x.device).view(1, 1, -1, 1)
        return self.layers(torch.cat([folded, height.expand(len(x), 1, -1, folded.shape[3])], 1))


class ScaleDiscriminator(nn.Module):
    """`TimeDiscriminator` and `TextureDiscriminator` side by side.

    Parameters
    ----------
    n_mels : int
        Bands.
    width, texture_width : int
        Channels of the two.
    """

    def __init__(self, n_mels: int = 256, width: int = 192, texture_width: int = 24) -> None:
        super().__init__()
        self.time = TimeDiscriminator(n_mels, width)
        self.texture = TextureDiscriminator(texture_width)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return four lists of logits: three over time, one over patches."""
        return [*self.time(x), self.texture(x)]
