"""Filters over time that take a signal piece by piece."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

_FFT_SIZE = 4096

#: Weight (outputs, inputs, 1, kernel) and bias (outputs,) of a convolution.
Folded = tuple[torch.Tensor, torch.Tensor]


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
