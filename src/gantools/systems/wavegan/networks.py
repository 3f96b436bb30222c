"""The generator and the discriminator of WaveGAN (Donahue, McAuley and Puckette, ICLR 2019).

Inside, a signal is (batch, channel, 1, time) in channels-last memory and filters are 1 x 25: equal to one dimension,
and faster on a CPU.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.wavegan.config import FIRST_STEPS, WaveGANConfig, strides

_MOST_DOUBLINGS = 5
#: Layers of the discriminator that are followed by phase shuffle, also where there are six.
SHUFFLED_LAYERS = 4
_SLOPE = 0.2
#: Windows of the spectrograms that are judged, in samples.
_JUDGED_FFTS = (256, 1024, 2048)


def layer_widths(config: WaveGANConfig) -> list[int]:
    """Return the channels after each layer of the discriminator: d, 2d, 4d ... up to 32d; the generator's backwards."""
    return [config.width * 2 ** min(layer, _MOST_DOUBLINGS) for layer in range(len(strides(config.samples)))]


def fold_matrix(kernel: int, stride: int, nearest: bool) -> torch.Tensor:
    """Return how an upsampling filter at the high rate splits into filters at the low one, (phase, tap, kernel).

    With ``nearest``, samples are repeated and then filtered; else zeros are put between them (a transposed
    convolution, with TensorFlow's "same" placement). Sample ``stride * t + phase`` of the output is the sum over taps
    j of ``x[t + j - half]``, weighted with ``fold[phase, j] @ weight``.
    """
    pad = (kernel - 1) // 2 if nearest else (kernel - stride + 1) // 2
    places = []
    for phase in range(stride):
        for k in range(kernel):
            # The repeated signal at stride t + phase + k - pad is x at the floor of that over the stride.
            if nearest:
                places.append((phase, k, (phase + k - pad) // stride))
            # Other taps meet the zeros in between.
            elif (k - phase - pad) % stride == 0:
                places.append((phase, k, -(k - phase - pad) // stride))
    half = max(abs(offset) for _, _, offset in places)
    fold = torch.zeros(stride, 2 * half + 1, kernel)
    for phase, k, offset in places:
        fold[phase, half + offset, k] = 1.0
    return fold


class UpConv(nn.Module):
    """Upsample by `stride` and filter: (batch, inputs, 1, time) to (batch, outputs, 1, stride * time).

    Notes
    -----
    All phases of the output are made by one short convolution at the low rate, whose channels are then laid out in
    time; in channels-last memory that moves nothing. Twice as fast as upsampling first, or a transposed convolution.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, nearest: bool) -> None:
        super().__init__()
        self.outputs, self.stride = outputs, stride
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("fold", fold_matrix(kernel, stride, nearest), persistent=False)
        # Inputs that meet each output sample: with zeros between them, a stride-th of the filter.
        self.fan_in = inputs * (kernel if nearest else -(-kernel // stride))
        self._frozen: tuple[torch.Tensor, torch.Tensor] | None = None

    def _filters(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the filters of all phases and their biases."""
        fold: torch.Tensor = self.fold  # type: ignore[assignment]
        folded = torch.einsum("oik,rjk->roij", self.weight, fold.to(self.weight.dtype))
        return folded.flatten(0, 1)[:, :, None], self.bias.repeat(self.stride)

    def freeze(self) -> None:
        """Keep the filters as they are now, for generating."""
        with torch.no_grad():
            self._frozen = self._filters()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Upsample."""
        weight, bias = self._frozen or self._filters()
        y = functional.conv2d(x, weight, bias, padding=(0, weight.shape[-1] // 2))
        batch, _, _, time = y.shape
        # Phases are the slower half of the channels: in channels-last memory they already lie in the order of time.
        y = y.permute(0, 2, 3, 1).reshape(batch, 1, time * self.stride, self.outputs)
        return y.permute(0, 3, 1, 2)


class Generator(nn.Module):
    """WaveGAN's generator: (batch, latent) to (batch, channels, samples) in [-1, 1].

    A dense layer to 16 time steps of 16d channels (32d for clips above 16384), ReLU, then upsampling layers that halve
    the channels, ReLU between them, tanh at the end (appendix D, table 3).
    """

    #: Noise inputs per clip; the style generator has some.
    noise_samples = 0

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__()
        factors, nearest = strides(config.samples), config.upsample == "nearest"
        widths = [*reversed(layer_widths(config)), config.channels]
        self.latent = config.latent
        self.start = nn.Linear(config.latent, FIRST_STEPS * widths[0])
        self.layers = nn.ModuleList(
            UpConv(inputs, outputs, config.kernel, stride, nearest)
            for inputs, outputs, stride in zip(widths[:-1], widths[1:], factors, strict=True)
        )
        self.post_filter = PostFilter(config.channels, config.post_filter) if config.post_filter else nn.Identity()

    def settle(self, random: torch.Generator) -> None:
        """Let clips begin with levels of their own, which rise and fall: two directions of the latent decide.

        With weights that are all independent, every channel sees another direction, their energies add up to the same
        for all latents, and training begins with equally loud noise everywhere. So the channels of a time step begin
        with mixtures of one direction that all steps share and one of its own.
        """
        channels = self.start.out_features // FIRST_STEPS
        shared = torch.randn(1, self.latent, generator=random)
        with torch.no_grad():
            for step in self.start.weight.view(FIRST_STEPS, channels, -1):
                directions = torch.cat([shared, torch.randn(1, self.latent, generator=random)])
                step.copy_(torch.randn(channels, 2, generator=random) @ directions / math.sqrt(self.latent))

    def forward(self, z: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Make clips."""
        x = functional.relu(self.first(z))
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return self.finish(x)

    def first(self, z: torch.Tensor) -> torch.Tensor:
        """Return the first time steps, (batch, 16d or 32d, 1, 16)."""
        return self.start(z).unflatten(1, (FIRST_STEPS, 1, -1)).permute(0, 3, 2, 1)

    def finish(self, x: torch.Tensor) -> torch.Tensor:
        """Return the clip from what enters the last layer, in single precision: bfloat16 is a noise at -50 dB."""
        with torch.autocast(x.device.type, enabled=False):
            return self.post_filter(torch.tanh(self.layers[-1](x.float()))[:, :, 0])


class PostFilter(nn.Module):
    """WaveGAN's post-processing filter: one learned FIR on each channel, which starts as no filter at all."""

    def __init__(self, channels: int, taps: int) -> None:
        super().__init__()
        self.taps, self.channels = taps, channels
        self.weight = nn.Parameter(torch.zeros(1, 1, taps))
        with torch.no_grad():
            self.weight[..., taps // 2] = 1.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Filter (batch, channel, time)."""
        left = self.taps // 2
        padded = functional.pad(x, (left, self.taps - 1 - left))
        return functional.conv1d(padded, self.weight.expand(self.channels, 1, -1), groups=self.channels)


def phase_shuffle(x: torch.Tensor, shift: int | torch.Tensor) -> torch.Tensor:
    """Move a signal (..., time) by some samples, later for positive ones; what is missing is reflected.

    Parameters
    ----------
    shift : int or int64 tensor (batch,)
        One for all, or one for each clip of (batch, channel, 1, time).
    """
    time = x.shape[-1]
    if isinstance(shift, torch.Tensor):
        # Mirrored at the first sample, then at the last.
        places = (torch.arange(time, device=x.device) - shift[:, None]).abs()
        places = (time - 1) - ((time - 1) - places).abs()
        return x.gather(-1, places[:, None, None].expand(-1, *x.shape[1:3], -1))
    if shift == 0:
        return x
    # Slices and flips, because a padding of one side has no fast path in channels-last memory.
    if shift > 0:
        return torch.cat([x[..., 1 : shift + 1].flip(-1), x[..., :-shift]], -1)
    return torch.cat([x[..., -shift:], x[..., shift - 1 : -1].flip(-1)], -1)


class Discriminator(nn.Module):
    """WaveGAN's discriminator: (batch, channels * pack, samples) to one number each.

    Strided convolutions that mirror the generator, leaky ReLU of 0.2, phase shuffle after the first four, and one dense
    layer over the last 16 time steps (appendix D, table 4).
    """

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__()
        widths = layer_widths(config)
        inputs = [config.channels * config.pack, *widths[:-1]]
        self.layers = nn.ModuleList()
        for before, after, stride in zip(inputs, widths, strides(config.samples), strict=True):
            pad = (0, (config.kernel - stride + 1) // 2)
            self.layers.append(nn.Conv2d(before, after, (1, config.kernel), (1, stride), pad))
        self.judge = nn.Linear(FIRST_STEPS * widths[-1], 1)
        self.shuffled = min(SHUFFLED_LAYERS, len(widths) - 1)

    def forward(self, x: torch.Tensor, shifts: Sequence[int] | torch.Tensor | None = None) -> torch.Tensor:
        """Judge.

        Parameters
        ----------
        x : tensor (batch, channels * pack, samples)
        shifts : sequence of int or int64 tensor (layer, batch), optional
            Phase shuffle after each of the first `shuffled` layers.
        """
        x = x[:, :, None].contiguous(memory_format=torch.channels_last)
        for number, layer in enumerate(self.layers):
            x = functional.leaky_relu(layer(x), _SLOPE)
            if shifts is not None and number < self.shuffled:
                x = phase_shuffle(x, shifts[number])
        return self.judge(x.flatten(1))[:, 0]


class SpectrogramJudge(nn.Module):
    """Judges the log-magnitude spectrogram of a wave, (batch, channels, samples) to (batch,).

    Windows of `n_fft` samples, a quarter of it apart; four convolutions of 3 x 3 and stride 2, and the mean of what
    they give.
    """

    window: torch.Tensor

    def __init__(self, channels: int, n_fft: int, width: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        widths = [channels, width, 2 * width, 4 * width, 4 * width]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in itertools.pairwise(widths))
        self.judge = nn.Conv2d(widths[-1], 1, 1)

    def forward(self, waves: torch.Tensor) -> torch.Tensor:
        """Judge."""
        batch, channels, _ = waves.shape
        spectra = torch.stft(
            waves.float().flatten(0, 1), self.n_fft, self.n_fft // 4, window=self.window, return_complex=True
        )
        # The floor keeps the slope of the root and of the logarithm finite in silence.
        power = spectra.real.square() + spectra.imag.square() + 1e-4
        x = (0.25 * power.log()).unflatten(0, (batch, channels))
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), _SLOPE)
        found: torch.Tensor = self.judge(x).mean((1, 2, 3))
        return found


class SpectralDiscriminator(Discriminator):
    """WaveGAN's discriminator beside judges of spectrograms of several resolutions; their scores add up."""

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__(config)
        self.spectra = nn.ModuleList(
            SpectrogramJudge(config.channels * config.pack, n_fft, config.width)
            for n_fft in _JUDGED_FFTS
            if 2 * n_fft <= config.samples
        )

    def forward(self, x: torch.Tensor, shifts: Sequence[int] | torch.Tensor | None = None) -> torch.Tensor:
        """Judge; see `Discriminator`."""
        scores = super().forward(x, shifts)
        for judge in self.spectra:
            scores = scores + judge(x)
        return scores
