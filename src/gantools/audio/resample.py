"""Between sample rates: a whole signal at once, or block by block, with soxr's band-limited interpolation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import soxr

#: How exactly to resample.
#:
#: ``fine`` has 20 bits of precision, errors below the rounding of 16-bit audio: enough for all that is heard, measured
#: or trained on. ``finest`` has 28 bits: CAW models the difference between neighbouring rates, and there an error
#: would be learnt as sound. ``rough`` interpolates cubically without a filter, many times faster: enough for a
#: fingerprint, which compares levels of wide bands with those of another file made in the same way.
Quality = Literal["fine", "finest", "rough"]

_SOXR = {"fine": "HQ", "finest": "VHQ", "rough": "QQ"}


def resample(wave: np.ndarray, from_hz: int, to_hz: int, quality: Quality = "fine") -> np.ndarray:
    """Return a whole signal at another sample rate, without delay.

    Parameters
    ----------
    wave : ndarray
        float32 or float64, (n,) or (channels, n).
    from_hz, to_hz : int
        Where they are equal the signal itself is returned.
    quality : str, optional
        See `Quality`.

    Returns
    -------
    ndarray
        Of the type of `wave`; ``n * to_hz / from_hz`` samples, rounded.

    Examples
    --------
    >>> resample(np.zeros((2, 44100), np.float32), 44100, 22050).shape
    (2, 22050)
    """
    if from_hz == to_hz:
        return wave
    return np.asarray(soxr.resample(wave.T, from_hz, to_hz, quality=_SOXR[quality])).T


class Resampler:
    """Resample a signal that comes in blocks; the blocks joined are what `resample` makes of the whole, to rounding.

    Parameters
    ----------
    from_hz, to_hz : int
        Where they are equal the blocks pass unchanged.
    channels : int
    quality : str, optional
        See `Quality`.
    """

    def __init__(self, from_hz: int, to_hz: int, channels: int, quality: Quality = "fine") -> None:
        self._stream = None
        if from_hz != to_hz:
            self._stream = soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32", quality=_SOXR[quality])

    def push(self, block: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Return what is ready after this block, which may be nothing: the filter looks ahead.

        Parameters
        ----------
        block : float32 array (n, channels), or (n,) of one channel
        last : bool, optional
            No further block will come: all that is left is returned.
        """
        if self._stream is None:
            return block
        return np.asarray(self._stream.resample_chunk(np.ascontiguousarray(block), last=last))


def resample_blocks(
    blocks: Iterable[np.ndarray], from_hz: int, to_hz: int, channels: int, quality: Quality = "fine"
) -> Iterator[np.ndarray]:
    """Yield a signal at another sample rate, block by block; see `Resampler`.

    Parameters
    ----------
    blocks : iterable of float32 arrays (n, channels), or (n,) of one channel
    from_hz, to_hz : int
    channels : int
    quality : str, optional

    Yields
    ------
    float32 array
        As many axes as the blocks have; some may be empty.
    """
    if from_hz == to_hz:
        yield from blocks
        return
    resampler, end = Resampler(from_hz, to_hz, channels, quality), np.zeros((0, channels), np.float32)
    for block in blocks:
        # Flushing takes a block too: an empty one with as many axes as the others.
        end = block[:0]
        yield resampler.push(block)
    yield resampler.push(end, last=True)
