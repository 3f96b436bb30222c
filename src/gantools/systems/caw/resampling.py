"""Between rates: down once with a windowed sinc, up with the cubic interpolation of the published program."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from gantools.audio.resample import resample

_A = -0.5


def clip_length(seconds: float, rate_hz: int) -> int:
    """Return the samples of so many seconds at a rate, rounded."""
    return round(seconds * rate_hz)


def resample_clip(clip: np.ndarray, from_hz: int, to_hz: int, length: int | None = None) -> np.ndarray:
    """Return float32 (channels, n) at another rate, by a windowed sinc.

    Parameters
    ----------
    clip : ndarray
        (channels, n).
    from_hz, to_hz : int
    length : int, optional
        Samples of the result, cut or filled with zeros; rounded from the duration when left out.
    """
    if length is None:
        length = clip_length(clip.shape[-1] / from_hz, to_hz)
    wave = resample(clip.astype(np.float64), from_hz, to_hz, quality="finest").astype(np.float32)
    wave = wave[:, :length]
    return np.pad(wave, ((0, 0), (0, length - wave.shape[1])))


def _cubic(distance: torch.Tensor) -> torch.Tensor:
    """Return Keys' kernel with a = -1/2 for distances of 0 to 2 samples."""
    near = (_A + 2) * distance**3 - (_A + 3) * distance**2 + 1
    far = _A * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(far)))


@lru_cache(maxsize=32)
def _taps(from_hz: int, to_hz: int, start: int, length: int, total: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return source indices and weights, (4, length) each, of output samples `start` to `start + length`."""
    output = torch.arange(start, start + length, dtype=torch.int64)
    # (i + 1/2) from / to - 1/2 in whole numbers, so that a sample has the same weights in every chunk.
    numerator = (2 * output + 1) * from_hz - to_hz
    floor = torch.div(numerator, 2 * to_hz, rounding_mode="floor")
    share = (numerator - floor * 2 * to_hz).double() / (2 * to_hz)
    offsets = torch.arange(-1, 3)[:, None]
    weights = _cubic((share[None] - offsets).abs())
    indices = (floor[None] + offsets) % (2 * total)  # mirrored, with the border sample twice
    return torch.where(indices < total, indices, 2 * total - 1 - indices), weights.float()


def upsample(
    x: torch.Tensor,
    from_hz: int,
    to_hz: int,
    length: int,
    start: int = 0,
    *,
    origin: int = 0,
    total: int | None = None,
) -> torch.Tensor:
    """Return `length` samples at a higher rate, from output sample `start` on.

    Cubic interpolation (a = -1/2) at (i + 1/2) from/to - 1/2, borders mirrored. Each output sample depends on its index
    only, so that pieces put together equal the whole.

    Parameters
    ----------
    x : Tensor
        (..., n): source samples from `origin` on.
    from_hz, to_hz : int
        Rates.
    length, start : int
        Range of the output.
    origin : int
        Index of the first sample of x in the source.
    total : int, optional
        Samples of the whole source, where its border is; the end of x when left out.
    """
    indices, weights = _taps(from_hz, to_hz, start, length, origin + x.shape[-1] if total is None else total)
    if x.device.type != "cpu":
        indices, weights = indices.to(x.device), weights.to(x.device)
    result = torch.zeros(*x.shape[:-1], length, dtype=x.dtype, device=x.device)
    for index, weight in zip(indices, weights, strict=True):
        result.addcmul_(x[..., index - origin], weight.to(x.dtype))
    return result
