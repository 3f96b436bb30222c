"""The separator's network: a U-Net along frequency, with a middle in which bands are channels.

The outer levels share their weights along the bands, so that a sound is known again at another pitch; the middle
convolves over time alone with the whole spectrum at once, which is cheap and sees 2 s. Nothing normalises over time:
a mask depends on its surroundings only, and stretches of a song can be joined.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.systems.separator.bands import MULTIPLE, band_edges
from gantools.systems.separator.config import SOURCES, SeparatorConfig

_FEATURES = 4  # left, right, mid, side
_CHANNELS = 2
_LEVELS = 3
_LONGEST_DILATION = 5  # as a power of two
_SILENCE = 1e-5


def describe_mix(energy: torch.Tensor, product: torch.Tensor) -> torch.Tensor:
    """Return what the network sees: the levels of left, right, mid and side in bels over two.

    Parameters
    ----------
    energy, product : torch.Tensor
        See `bands.sum_bands`: (batch, 2, band, frame) and (batch, band, frame).

    Returns
    -------
    torch.Tensor
        float32 (batch, 4, band, frame).
    """
    # The energies of (L + R) / sqrt 2 and (L - R) / sqrt 2 need no spectra; rounding can make them less than 0.
    mean = energy.mean(1)
    sides = torch.stack([mean + product, mean - product], 1).clamp_min(0)
    return 0.5 * torch.log10(torch.cat([energy, sides], 1) + _SILENCE)


class PlaneBlock(nn.Module):
    """x + conv(ReLU(BN(conv(x)))) over bands and frames, the first 3 x 3 and dilated in time; starts as identity."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, 3, padding=(1, dilation), dilation=(1, dilation), bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the shape of `x`, (batch, channel, band, frame)."""
        return x + self.mix(functional.relu(self.norm(self.spread(x))))


class TimeBlock(nn.Module):
    """The same over frames alone, with whole channels dropped in training."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.spread = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout1d(dropout)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the shape of `x`, (batch, channel, frame)."""
        return x + self.mix(self.dropout(functional.relu(self.norm(self.spread(x)))))


def _normed(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU(True))


class MaskNet(nn.Module):
    """Ratio masks of four stems: (batch, 4, band, frame) to (batch, source, 2, band, frame).

    The masks of a band are positive and sum to one over the sources, for the left and the right channel on their own.

    Parameters
    ----------
    bands : int
        A multiple of 8.
    width : int
        Channels at the full number of bands; 1.5, 2 and 3 times as many at a half, a quarter and an eighth.
    body : int
        Channels of the middle.
    blocks : int
        Blocks of the middle, dilated by 1, 2, 4, 8, 16, 1, ...
    dropout : float
    """

    def __init__(self, bands: int, width: int = 32, body: int = 320, blocks: int = 5, dropout: float = 0.1) -> None:
        super().__init__()
        widths = [width, 3 * width // 2, 2 * width, 3 * width]
        flat = widths[-1] * bands // MULTIPLE
        self.standardise = nn.BatchNorm2d(_FEATURES)
        self.first = _normed(nn.Conv2d(_FEATURES, width, 3, padding=1, bias=False))
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        self.join = nn.ModuleList()
        for level in range(_LEVELS):
            outer, inner = widths[level], widths[level + 1]
            halve = nn.Conv2d(outer, inner, (4, 3), stride=(2, 1), padding=1, bias=False)
            self.down.append(nn.Sequential(_normed(halve), PlaneBlock(inner, 2**level)))
            self.up.append(nn.ConvTranspose2d(inner, outer, (2, 1), stride=(2, 1)))
            self.join.append(_normed(nn.Conv2d(outer, outer, 3, padding=1, bias=False)))
        self.enter = nn.Conv1d(flat, body, 1)
        dilations = [2 ** (i % _LONGEST_DILATION) for i in range(blocks)]
        self.middle = nn.Sequential(*[TimeBlock(body, dilation, dropout) for dilation in dilations])
        self.leave = nn.Conv1d(body, flat, 1)
        self.last = nn.Conv2d(width, len(SOURCES) * _CHANNELS, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the masks, float32."""
        x = self.first(self.standardise(x))
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(x)
        # Bands become channels: from here on a layer sees the whole spectrum at once.
        flat = x.flatten(1, 2)
        x = x + self.leave(self.middle(self.enter(flat))).reshape(x.shape)
        for level in reversed(range(_LEVELS)):
            x = self.join[level](self.up[level](x) + skips[level])
        logits = self.last(x).float().unflatten(1, (len(SOURCES), _CHANNELS))
        return logits.softmax(1)


def build_network(config: SeparatorConfig) -> MaskNet:
    """Return the network with its initial weights, which follow from `config.seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(item_seed(config.seed, "weights", "mask"))
        bands = len(band_edges(config)) - 1
        return MaskNet(bands, config.width, config.body_width, config.blocks, config.dropout)
