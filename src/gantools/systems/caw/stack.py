"""A trained model as a function: the scales one after the other, plainly, over the whole length at once.

This is the reference that the faster sampler is tested against, and what training draws from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.systems.caw.networks import Generator
from gantools.systems.caw.rates import clip_length, upsample

#: Noise is drawn in blocks of this many samples, each from a seed of its own.
NOISE_BLOCK_SAMPLES = 4096


def noise_block(seed: int, rate_hz: int, start: int, length: int, channels: int = 1) -> torch.Tensor:
    """Return standard normal noise (channels, length), a function of (seed, rate, absolute position) alone.

    Parameters
    ----------
    seed : int
    rate_hz : int
        Rate of the scale that the noise is for.
    start : int
        Position of the first sample; it may be negative.
    length, channels : int
    """
    pieces = []
    for block in range(start // NOISE_BLOCK_SAMPLES, (start + length - 1) // NOISE_BLOCK_SAMPLES + 1):
        random = torch.Generator().manual_seed(item_seed(seed, "noise", rate_hz, block))
        pieces.append(torch.randn(channels, NOISE_BLOCK_SAMPLES, generator=random))
    if not pieces:
        return torch.zeros(channels, 0)
    offset = start % NOISE_BLOCK_SAMPLES
    return torch.cat(pieces, -1)[:, offset : offset + length].contiguous()


@dataclass(frozen=True)
class Scale:
    """One trained scale.

    Parameters
    ----------
    rate_hz : int
    generator : Generator
        In evaluation mode.
    amplitude : Tensor
        (channels, 1): factor of the noise.
    reconstruction_noise : Tensor
        (channels, n): what makes the scale give the training clip back; zeros above the coarsest scale. The amplitude
        is in it already.
    equaliser : Tensor, optional
        (channels, taps), odd: filter that follows the generator in draws, not in the reconstruction.
    clip_band : Tensor, optional
        (channels, n), of a model that starts from drafts: what the first clip has at this rate and not below. With it
        the scales give the clip back.
    """

    rate_hz: int
    generator: Generator
    amplitude: torch.Tensor
    reconstruction_noise: torch.Tensor
    equaliser: torch.Tensor | None = None
    clip_band: torch.Tensor | None = None

    def run(self, previous: torch.Tensor, noise: torch.Tensor, *, equalise: bool = True) -> torch.Tensor:
        """Return the signal of this scale.

        Parameters
        ----------
        previous : Tensor
            (batch, channel, time): upsampled signal of the scale below, zeros in the coarsest one, and the band of
            the draft where there is one.
        noise : Tensor
            (batch, channel, time), with its amplitude.
        equalise : bool
            Apply the equaliser.
        """
        reach = self.generator.reach
        y = self.generator(functional.pad(previous + noise, (reach, reach)), previous)
        return self.equalise(y) if equalise else y

    def equalise(self, y: torch.Tensor) -> torch.Tensor:
        """Filter (batch, channel, time) with the equaliser, if there is one, with zeros around."""
        if self.equaliser is None:
            return y
        taps = self.equaliser
        return functional.conv1d(y, taps[:, None], padding=taps.shape[-1] // 2, groups=y.shape[1])


class Stack:
    """The scales of a model, coarsest first.

    Parameters
    ----------
    scales : sequence of Scale
        Ascending rates; at least one.
    channels : int
        2: the signals are mid and side.
    """

    def __init__(self, scales: Sequence[Scale], channels: int = 1) -> None:
        self.scales, self.channels = tuple(scales), channels

    @property
    def rates_hz(self) -> tuple[int, ...]:
        """Rates of the scales."""
        return tuple(scale.rate_hz for scale in self.scales)

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.scales[0].generator.parameters()).device

    def lengths(self, seconds: float) -> list[int]:
        """Return the samples of each scale for so many seconds."""
        return [clip_length(seconds, rate) for rate in self.rates_hz]

    @torch.no_grad()
    def draw(self, seeds: Sequence[int], seconds: float, draft: Sequence[torch.Tensor] | None = None) -> torch.Tensor:
        """Return new signals (len(seeds), channels, n) at the highest rate.

        Each is a function of its seed alone, and of the bands of a draft, (channels, n) for each scale, where the model
        starts from drafts.
        """
        signal: torch.Tensor | None = None
        for index, (scale, length) in enumerate(zip(self.scales, self.lengths(seconds), strict=True)):
            previous = self.raise_to(index, signal, length, len(seeds))
            previous = previous if draft is None else previous + draft[index]
            noise = torch.stack([noise_block(seed, scale.rate_hz, 0, length, self.channels) for seed in seeds])
            signal = scale.run(previous, noise.to(previous) * scale.amplitude)
        assert signal is not None
        return signal

    def raise_to(self, index: int, signal: torch.Tensor | None, length: int, batch: int = 1) -> torch.Tensor:
        """Return the input of scale `index`: the signal of the scale below at its rate, or zeros at the bottom."""
        if signal is None:
            return torch.zeros(batch, self.channels, length, device=self.device)
        return upsample(signal, self.scales[index - 1].rate_hz, self.scales[index].rate_hz, length)

    @torch.no_grad()
    def restore(self, bands: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return what the scales make of the bands (batch, channels, n) of a signal, without noise and equalisers."""
        signal: torch.Tensor | None = None
        for index, (scale, band) in enumerate(zip(self.scales, bands, strict=True)):
            previous = self.raise_to(index, signal, band.shape[-1], band.shape[0]) + band
            signal = scale.run(previous, torch.zeros_like(band), equalise=False)
        assert signal is not None
        return signal

    @torch.no_grad()
    def reconstruct(self) -> torch.Tensor:
        """Return what the model makes of its fixed noise, (1, channels, n): close to the training clip."""
        signal: torch.Tensor | None = None
        for index, scale in enumerate(self.scales):
            noise = scale.reconstruction_noise[None]
            previous = self.raise_to(index, signal, noise.shape[-1])
            previous = previous if scale.clip_band is None else previous + scale.clip_band
            signal = scale.run(previous, noise, equalise=False)
        assert signal is not None
        return signal
