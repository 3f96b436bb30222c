"""The small networks: mel bands as channels, convolution over time alone, a style for the colour of the sound.

A drum sounds the same whenever it is hit, but not when it is moved up the mel axis: bands are not
translation-invariant, frames are. Folding the bands into the channels makes a generator of 256 frames cost a
hundredth of the paper's, and gives its kernels the whole spectrum at once. The discriminators are one for hits, beats
and bars, and one for the grain of the picture.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

SLOPE = 0.2
STATISTICS = 3  # per band: mean, deviation, rise
_STYLE_GAIN = 8.0  # weights start at 0.02, so that a condition would be ignored without a gain
_FLUX_GAIN = 4.0


def band_statistics(mel: torch.Tensor) -> torch.Tensor:
    """Return mean, standard deviation and mean rise of each band over time, without any of its timing.

    Parameters
    ----------
    mel : torch.Tensor
        (batch, 1, mel, frame) in [-1, 1].

    Returns
    -------
    torch.Tensor
        float32 (batch, 3 n_mels); the rise is four times the mean of the half-wave rectified difference, which brings
        it to the size of the others.
    """
    bands = mel[:, 0].float()
    rise = functional.relu(bands.diff(dim=-1)).mean(-1)
    return torch.cat([bands.mean(-1), (bands.var(-1) + 1e-4).sqrt(), _FLUX_GAIN * rise], 1)


class _Interleave(nn.Module):
    """(batch, channel, frame) to half the channels and twice the frames."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, channels, frames = x.shape
        # Pairs of channels become neighbouring frames.
        return x.reshape(batch, channels // 2, 2, frames).transpose(2, 3).reshape(batch, channels // 2, frames * 2)


class StyledBlock(nn.Module):
    """Dilated residual block over time whose activations are scaled and shifted by a style.

    Notes
    -----
    Conditional instance normalisation: Dumoulin et al. 2017, equation 5.
    """

    def __init__(self, channels: int, dilation: int, style: int) -> None:
        super().__init__()
        self.spread = nn.Conv1d(channels, channels, 3, dilation=dilation, padding=dilation, padding_mode="reflect")
        self.mix = nn.Conv1d(channels, channels, 1)
        self.modulate = nn.Linear(style, 2 * channels)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the shape of `x` (batch, channel, frame); `style` is (batch, style)."""
        # The norm takes away the style that the signal brings along, the modulation puts the wanted one in its place.
        y = functional.relu(modulated(functional.instance_norm(self.spread(x)), self.modulate(style)))
        return x + functional.instance_norm(self.mix(y))


def modulated(x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
    """Return x (1 + scale) + shift, with scale and shift the halves of `condition` (batch, 2 channels)."""
    scale, shift = (condition * _STYLE_GAIN)[..., None].chunk(2, 1)
    return x * (1 + scale) + shift


class TimeGenerator(nn.Module):
    """Translate mels by convolution over time: (batch, 1, n_mels, frame) to the same, in [-1, 1].

    The number of frames must be a multiple of 4 and at least 64.

    Parameters
    ----------
    n_mels : int
        Bands.
    width, body : int
        Channels at full and at a quarter of the frame rate.
    blocks : int
        Residual blocks, dilated by 1, 2, 4, 8, 1, ...: six see 3.7 s at hop 512 of 22050 Hz.
    noise : int
        Channels of noise over time.
    style : int
        Size of the style code.
    bank : int
        Styles that come with the network, for generating.

    Attributes
    ----------
    bank : torch.Tensor
        `band_statistics` of training windows of the output's role, (bank, 3 n_mels): the kits it can choose from,
        evenly spread over the songs, the windows with most sound first and those of breaks last.
    """

    bank: torch.Tensor

    def __init__(
        self,
        n_mels: int = 256,
        width: int = 192,
        body: int = 256,
        blocks: int = 6,
        noise: int = 8,
        style: int = 16,
        bank: int = 64,
    ) -> None:
        super().__init__()
        self.noise_channels = noise
        # To a quarter of the frame rate, where most of the work is done.
        self.encode = nn.Sequential(
            nn.Conv1d(n_mels, width, 5, padding=2, padding_mode="reflect"),
            nn.InstanceNorm1d(width),
            nn.ReLU(True),
            nn.Conv1d(width, body, 4, stride=2, padding=1),
            nn.InstanceNorm1d(body),
            nn.ReLU(True),
            nn.Conv1d(body, body, 4, stride=2, padding=1),
            nn.InstanceNorm1d(body),
        )
        self.encode_style = nn.Sequential(
            nn.Linear(STATISTICS * n_mels, 128), nn.LeakyReLU(SLOPE), nn.Linear(128, style)
        )
        self.inject = nn.Conv1d(noise, body, 1)
        self.blocks = nn.ModuleList([StyledBlock(body, 2 ** (i % 4), style) for i in range(blocks)])
        self.modulate = nn.Linear(style, 2 * body)
        self.colour = nn.Linear(style, n_mels)
        # Each convolution makes two frames of one, side by side as channels, which are then interleaved.
        self.decode = nn.Sequential(
            nn.Conv1d(body, 2 * body, 3, padding=1, padding_mode="reflect"),
            _Interleave(),
            nn.InstanceNorm1d(body),
            nn.ReLU(True),
            nn.Conv1d(body, 2 * width, 3, padding=1, padding_mode="reflect"),
            _Interleave(),
            nn.InstanceNorm1d(width),
            nn.ReLU(True),
            nn.Conv1d(width, n_mels, 5, padding=2, padding_mode="reflect"),
        )
        self.register_buffer("bank", torch.zeros(bank, STATISTICS * n_mels))

    def forward(
        self, x: torch.Tensor, statistics: torch.Tensor | None = None, noise: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Translate mels.

        Parameters
        ----------
        x : torch.Tensor
            (batch, 1, n_mels, frame).
        statistics : torch.Tensor, optional
            `band_statistics` of what it shall sound like, (batch, 3 n_mels); the mean of the bank by default.
        noise : torch.Tensor, optional
            Normal noise (batch, noise channels, frame / 4); none by default.
        """
        if statistics is None:
            statistics = self.bank.mean(0).expand(len(x), -1)
        # The factors of 4 and 5 below make up for first weights of 0.02, as `_STYLE_GAIN` does.
        y = self.encode(x[:, 0])
        style = torch.tanh(4.0 * self.encode_style(statistics).float())
        if noise is not None:
            y = y + 5.0 * self.inject(noise)
        for block in self.blocks:
            y = block(y, style)
        y = self.decode(modulated(y, self.modulate(style)))
        # A level for each band, added behind the last norm, which would take it away again.
        colour = 4.0 * self.colour(style).float()
        return torch.tanh(y.float() + colour[..., None])[:, None]


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
        # Each 2 x 2 bins become one place with four channels; a fifth says how high on the mel axis it is.
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
