"""Fast draws from a trained model, of any length in constant memory.

Weight norm and batch norm are folded into the convolutions, and every scale is a chain of filters that go on where the
piece before ended: nothing is computed twice, a piece needs no context, and what is kept for the next piece does not
grow. All scales run side by side, each as far as the one below allows. The result equals `Stack.draw` to rounding,
whatever the size of the pieces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional

from gantools.runtime.ahead import read_ahead
from gantools.systems.caw.networks import PRE_EMPHASIS, SLOPE
from gantools.systems.caw.rates import upsample
from gantools.systems.caw.stack import NOISE_BLOCK_SAMPLES, Scale, Stack, noise_block

#: Samples that go through a scale at a time: large enough that calls cost nothing, small enough for the cache.
CHUNK_SAMPLES = 4 * NOISE_BLOCK_SAMPLES
#: On a graphics card.
DEVICE_CHUNK_SAMPLES = 64 * NOISE_BLOCK_SAMPLES

_NO_BORDER = 1 << 40
#: Least size of the transforms that filter by FFT.
_FFT_SIZE = 4096

#: Weight (outputs, inputs, 1, kernel) and bias (outputs,) of a convolution.
Folded = tuple[torch.Tensor, torch.Tensor]
#: (index of the scale, first sample, samples) -> noise with its amplitude, (batch, channel, samples).
NoiseSource = Callable[[int, int, int], torch.Tensor]
#: The same arguments -> what a draft has at this rate and not below, (batch or 1, channel, samples).
DraftSource = Callable[[int, int, int], torch.Tensor]


class Filter:
    """A filter over time on (batch, channel, 1, time) that goes on where the piece before ended.

    Parameters
    ----------
    apply : callable
        (batch, inputs, 1, time + history) to (batch, outputs, 1, time).
    outputs, history : int
    pad : int
        Zeros before the first and behind the last piece.
    """

    def __init__(self, apply: Callable[[torch.Tensor], torch.Tensor], outputs: int, history: int, pad: int = 0) -> None:
        self._apply, self._outputs, self._history, self._pad = apply, outputs, history, pad
        self._kept: torch.Tensor | None = None

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        """Return what follows from the next piece, which may be nothing; `last` tells that it is the last one."""
        # What the filter still needs of the past goes before the piece: zeros at first, then the end of what came. The
        # zeros behind the signal come with the last piece. Only whole windows are computed, the rest is kept.
        zeros = x.new_zeros(*x.shape[:-1], self._pad)
        before = zeros if self._kept is None else self._kept
        parts = [part for part in (before, x, zeros if last else zeros[..., :0]) if part.shape[-1]]
        x = torch.cat(parts, -1) if len(parts) > 1 else (parts or [x])[0]
        ready = x.shape[-1] - self._history
        self._kept = x[..., max(0, ready) :].clone()
        if ready <= 0:
            return x.new_zeros(x.shape[0], self._outputs, 1, 0)
        return self._apply(x.contiguous(memory_format=torch.channels_last))


def convolution(folded: Folded, dilation: int = 1, pad: int = 0) -> Filter:
    """Return a dilated convolution as a filter."""
    weight, bias = folded
    history = (weight.shape[-1] - 1) * dilation
    return Filter(lambda x: functional.conv2d(x, weight, bias, dilation=(1, dilation)), len(bias), history, pad)


def few_inputs(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Convolve as a matrix product, which is faster for one or two input channels."""
    kernel = weight.shape[-1]
    columns = x[:, :, 0].unfold(-1, kernel, 1).transpose(1, 2).flatten(2)
    return functional.linear(columns, weight[:, :, 0].flatten(1), bias).transpose(1, 2)[:, :, None]


def filter_taps(x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Filter (batch, channel, 1, time + taps - 1) by FFT with taps (channel or 1, taps), not turned round."""
    history = taps.shape[-1] - 1
    ready = x.shape[-1] - history
    size = min(max(_FFT_SIZE, 4 << history.bit_length()), 1 << (x.shape[-1] - 1).bit_length())
    step = size - history
    frames = functional.pad(x[:, :, 0], (0, -(-ready // step) * step - ready)).unfold(-1, size, step)
    spectra = torch.fft.rfft(frames) * torch.fft.rfft(taps, size).conj()[:, None]
    return torch.fft.irfft(spectra, size)[..., :step].flatten(2)[:, :, None, :ready]


class FoldedScale:
    """The weights of one scale as plain convolutions.

    Parameters
    ----------
    scale : Scale
    """

    def __init__(self, scale: Scale) -> None:
        net = scale.generator
        self._reach, self._equaliser = net.reach, scale.equaliser
        folded = [_fold(conv, norm) for conv, norm in zip(net.body.convs, [*net.body.norms, None], strict=True)]
        self._first, self._layers = folded[0], folded[1:]
        # One convolution for signal and gate reads their common input once. With tanh(a) = 2 sigmoid(2a) - 1 one
        # function does for both, several times as fast as tanh.
        (signal, signal_bias), (gate, gate_bias) = _fold(net.signal), _fold(net.gate)
        self._head = torch.cat([2 * signal, gate]), torch.cat([2 * signal_bias, gate_bias])
        weight, bias = _fold(net.out)
        self._out = -weight, bias

    def stream(self, total: int, equalise: bool) -> _ScaleStream:
        """Return the scale as a filter over `total` samples."""
        kernel = self._head[0].shape[-1]
        first = Filter(lambda x: few_inputs(x, *self._first), len(self._first[1]), kernel - 1, self._reach)
        layers = [convolution(layer, 2**depth) for depth, layer in enumerate(self._layers, start=1)]
        # What the head sees beyond the ends is zero, not what the layers below would make there.
        head, out = convolution(self._head, pad=kernel // 2), convolution(self._out)
        equaliser = None
        if equalise and self._equaliser is not None:
            taps = self._equaliser
            reach = taps.shape[-1] // 2
            equaliser = Filter(lambda x: filter_taps(x, taps), len(taps), 2 * reach, reach)
        return _ScaleStream(total, [first, *layers], head, out, equaliser)


def _fold(conv: Any, norm: Any = None) -> Folded:
    """Return weight and bias of a convolution together with the batch norm behind it, as in evaluation."""
    weight, bias = conv.weight.detach().double(), conv.bias.detach().double()
    if norm is not None:
        factor = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
        weight = weight * factor[:, None, None, None]
        bias = (bias - norm.running_mean.double()) * factor + norm.bias.detach().double()
    return weight.float().contiguous(memory_format=torch.channels_last), bias.float()


class _ScaleStream:
    """One scale from the first sample to the last, piece by piece; see `Scale.run`."""

    def __init__(self, total: int, layers: list[Filter], head: Filter, out: Filter, equaliser: Filter | None) -> None:
        self._layers, self._head, self._out, self._equaliser = layers, head, out, equaliser
        self._total, self._received = total, 0
        self._sample_before: torch.Tensor | None = None
        self._previous: torch.Tensor | None = None

    def push(self, previous: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Take the next samples of the scale below, upsampled, and the noise; return those that are ready."""
        # The layers see the future and give less than they are given: the signal comes out late by the scale's reach.
        self._received += previous.shape[-1]
        last = self._received == self._total
        h = (previous + noise)[:, :, None]
        for layer in self._layers[:-1]:
            h = functional.leaky_relu_(layer.push(h, last), SLOPE)
        signal, gate = self._head.push(self._layers[-1].push(h, last), last).sigmoid_().chunk(2, 1)
        gated = torch.addcmul(gate, signal, gate, value=-2)  # its sign is in the weights that follow
        added = self._emphasised(self._out.push(gated, last)[:, :, 0])
        # The residual is added where it belongs: the signal of the scale below waits until its samples are ready.
        waiting = previous if self._previous is None else torch.cat([self._previous, previous], -1)
        ready = added.shape[-1]
        self._previous = waiting[..., ready:].clone()
        y = waiting[..., :ready] + added
        return y if self._equaliser is None else self._equaliser.push(y[:, :, None], last)[:, :, 0]

    def _emphasised(self, x: torch.Tensor) -> torch.Tensor:
        """Return x[t] - 0.97 x[t-1], the sample before the first being zero."""
        if not x.shape[-1]:
            return x
        before = x.new_zeros(*x.shape[:-1], 1) if self._sample_before is None else self._sample_before
        self._sample_before = x[..., -1:].clone()
        return x - PRE_EMPHASIS * torch.cat([before, x[..., :-1]], -1)


class Sampler:
    """Makes draws and reconstructions of a stack, piece by piece.

    Parameters
    ----------
    stack : Stack
    chunk_samples : int, optional
        Samples that go through a scale at a time.
    ahead : bool
        Let a thread of its own make the lower scales, about half of the work, while the upper ones are made: for
        narrow networks faster than threads within an operation.
    """

    def __init__(self, stack: Stack, chunk_samples: int | None = None, *, ahead: bool = False) -> None:
        self.stack = stack
        rates = stack.rates_hz
        halves = [abs(2 * sum(rates[:index]) - sum(rates)) for index in range(len(rates))]
        self._thread_before = halves.index(min(halves)) if ahead else 0
        default = CHUNK_SAMPLES if stack.device.type == "cpu" else DEVICE_CHUNK_SAMPLES
        self._chunk = chunk_samples or default
        self._folded = [FoldedScale(scale) for scale in stack.scales]

    def draw(self, seeds: Sequence[int], seconds: float, draft: Sequence[torch.Tensor] | None = None) -> torch.Tensor:
        """Return new signals (len(seeds), channels, n) at the highest rate, as `Stack.draw` does."""
        noise, bands = fresh_noise(self.stack, seeds), draft_bands(draft) if draft else None
        return torch.cat(list(self.stream(noise, self.stack.lengths(seconds), len(seeds), draft=bands)), -1)

    def reconstruct(self, noise: NoiseSource | None = None) -> torch.Tensor:
        """Return what the model makes of its fixed noise z*, (1, channels, n), as `Stack.reconstruct` does.

        Parameters
        ----------
        noise : callable, optional
            Noise that takes the place of the fixed one, of the same length; see `reconstruction_noise`.
        """
        lengths = [scale.reconstruction_noise.shape[-1] for scale in self.stack.scales]
        own = [scale.clip_band for scale in self.stack.scales if scale.clip_band is not None]
        draft = draft_bands(own) if own else None
        noise = noise or reconstruction_noise(self.stack)
        return torch.cat(list(self.stream(noise, lengths, equalise=False, draft=draft)), -1)

    def stream(
        self,
        noise: NoiseSource,
        lengths: Sequence[int],
        batch: int = 1,
        *,
        first: int = 0,
        below: Iterable[torch.Tensor] | None = None,
        equalise: bool = True,
        draft: DraftSource | None = None,
    ) -> Iterator[torch.Tensor]:
        """Yield signals at the highest rate piece by piece, (batch, channel, n), ``lengths[-1]`` samples in all.

        Parameters
        ----------
        noise : callable
            Noise of each scale; see `fresh_noise`.
        lengths : sequence of int
            Samples of each scale.
        batch : int
            Signals drawn together.
        first : int
            The first scale that is generated.
        below : iterable of Tensor, optional
            What stands for the scales below `first`: pieces of (batch, channel, n) at the rate of scale ``first - 1``,
            of its length in all.
        equalise : bool
            Apply the scales' equalisers.
        draft : callable, optional
            Bands of a draft, which are added below each scale; see `draft_bands`.
        """
        # A chain of generators, each pulling from the one below: a piece wanted at the top rate asks the next scale for
        # what it lacks, down to the coarsest. No scale is ever further ahead than its filters have to see.
        stack = self.stack
        blocks: Iterable[torch.Tensor] | None = below if first else None
        for index in range(first, len(stack.scales)):
            total = lengths[index]
            if blocks is None:
                raised = self._zeros(batch, total)
            else:
                rates = stack.rates_hz[index - 1], stack.rates_hz[index]
                raised = _raised(blocks, *rates, lengths[index - 1], total, self._chunk)
            # From here down a thread of its own works a few pieces ahead.
            if index == self._thread_before and index > first:
                raised = read_ahead(raised)
            if draft is not None:
                raised = _with_band(index, raised, draft)
            blocks = _generated(index, self._folded[index].stream(total, equalise), raised, noise)
        assert blocks is not None
        yield from blocks

    def _zeros(self, batch: int, total: int) -> Iterator[torch.Tensor]:
        """Yield what stands below the coarsest scale: nothing, `total` samples of it."""
        for start in range(0, total, self._chunk):
            size = min(self._chunk, total - start)
            yield torch.zeros(batch, self.stack.channels, size, device=self.stack.device)


def fresh_noise(stack: Stack, seeds: Sequence[int], strengths: Sequence[float] | None = None) -> NoiseSource:
    """Return the noise of new draws: of the trained amplitudes, times `strengths` (one for each scale)."""

    def noise(index: int, start: int, length: int) -> torch.Tensor:
        scale = stack.scales[index]
        drawn = torch.stack([noise_block(seed, scale.rate_hz, start, length, stack.channels) for seed in seeds])
        factor = 1.0 if strengths is None else strengths[index]
        return drawn.to(scale.amplitude) * (scale.amplitude * factor)

    return noise


def reconstruction_noise(stack: Stack) -> NoiseSource:
    """Return the fixed noise z* of a model, which gives its training clip: noise in the coarsest scale, zeros above."""

    def noise(index: int, start: int, length: int) -> torch.Tensor:
        return stack.scales[index].reconstruction_noise[None, :, start : start + length]

    return noise


def draft_bands(bands: Sequence[torch.Tensor]) -> DraftSource:
    """Return the bands of one draft, (channels, n) for each scale, as a source of pieces."""
    return lambda index, start, length: bands[index][None, :, start : start + length]


def _with_band(index: int, raised: Iterable[torch.Tensor], draft: DraftSource) -> Iterator[torch.Tensor]:
    """Yield the upsampled signal of the scale below with the band that a draft adds at the same positions."""
    start = 0
    for previous in raised:
        yield previous + draft(index, start, previous.shape[-1])
        start += previous.shape[-1]


def _generated(
    index: int, stream: _ScaleStream, raised: Iterable[torch.Tensor], noise: NoiseSource
) -> Iterator[torch.Tensor]:
    """Yield the signal of a scale from the upsampled one below and noise at the same absolute positions."""
    start = 0
    for previous in raised:
        made = stream.push(previous, noise(index, start, previous.shape[-1]))
        start += previous.shape[-1]
        if made.shape[-1]:
            yield made


def _raised(
    blocks: Iterable[torch.Tensor], from_hz: int, to_hz: int, source_total: int, total: int, chunk: int
) -> Iterator[torch.Tensor]:
    """Upsample pieces to pieces of about `chunk` samples, `total` in all."""
    # The weights repeat after `period` samples, for which the source goes on by `advance`.
    divisor = math.gcd(from_hz, to_hz)
    period, advance = to_hz // divisor, from_hz // divisor
    chunk = max(1, chunk // period) * period
    kept: torch.Tensor | None = None
    origin = done = 0

    def left_of(output: int) -> int:
        """Return the source sample at or left of an output sample."""
        return ((2 * output + 1) * from_hz - to_hz) // (2 * to_hz)

    # An output piece can be made when the source reaches two samples beyond it, for the cubic kernel, or has ended.
    for block in blocks:
        kept = block if kept is None else torch.cat([kept, block], -1)
        known = origin + kept.shape[-1]
        while done < total:
            size = min(chunk, total - done)
            needed = left_of(done + size - 1) + 2
            if needed >= known and known < source_total:
                break
            if size == chunk and left_of(done) > 0 and needed < source_total:
                # Away from the borders every piece has the weights of one and the same, which are kept.
                back = (done // period - 4) * advance
                yield upsample(kept, from_hz, to_hz, size, 4 * period, origin=origin - back, total=_NO_BORDER)
            else:
                yield upsample(kept, from_hz, to_hz, size, done, origin=origin, total=source_total)
            done += size
        # Two to the left, and at the end what is mirrored there.
        unused = min(max(0, left_of(done) - 4 - origin), kept.shape[-1])
        kept, origin = kept[..., unused:], origin + unused
