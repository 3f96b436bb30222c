"""True peak after ITU-R BS.1770-4, annex 2: the highest value between the samples, by oversampling."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gantools.audio.compiled import compiled

#: Input samples that one interpolated value is made of (annex 2 shows 12; more keeps the top octave exact).
_TAPS = 24
_KAISER_BETA = 6.0
_BLOCK = 64


@lru_cache
def interpolators(rate_hz: int) -> np.ndarray:
    """Return the filters that give the values between two samples: 4x below 96 kHz, 2x below 192 kHz, else none.

    Parameters
    ----------
    rate_hz : int

    Returns
    -------
    filters : array (3, 1 or 0; 24) of float32
        Kaiser-windowed sinc at a quarter, a half and three quarters of the way from sample 11 to sample 12, each with a
        sum of 1.
    """
    factor = 4 if rate_hz < 96000 else 2 if rate_hz < 192000 else 1
    # (phases, taps): how far each sample lies from the value wanted, which is between samples 11 and 12.
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - np.arange(1, factor)[:, np.newaxis] / factor
    window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / (_TAPS / 2)) ** 2))
    filters = np.sinc(distance) * window
    return (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)


@compiled
def _highest(wave: np.ndarray, filters: np.ndarray, bound: float, peak: float) -> float:
    """Return the larger of `peak` and the highest absolute value between the samples of `wave`.

    No value in between exceeds the highest of the samples it is made of times `bound`, so that blocks whose samples are
    too low to matter are passed over; the answer is the same as without.
    """
    taps = filters.shape[1]
    values = np.empty(_BLOCK, np.float32)
    n_values = wave.size - taps + 1
    for start in range(0, n_values, _BLOCK):
        size = min(_BLOCK, n_values - start)
        level = np.float32(0)
        # Nearly all of a song lies below its peak: one look at the samples spares three filters.
        for value in wave[start : start + size + taps - 1]:
            level = max(level, abs(value))
        if level * bound <= peak:
            continue
        for phase in range(filters.shape[0]):
            values[:] = 0
            for k in range(taps):
                weight = filters[phase, k]
                part = wave[start + k : start + k + size]  # plain indices from 0 on can be vectorised
                for n in range(part.size):
                    values[n] += weight * part[n]
            level = np.float32(0)
            for n in range(size):
                level = max(level, abs(values[n]))
            peak = max(peak, np.float64(level))
    return peak


class TruePeak:
    """True peak of a sound that arrives in blocks of any size.

    Parameters
    ----------
    rate_hz, channels : int
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._filters = interpolators(rate_hz)
        # The largest sum of absolute weights; the margin covers the rounding of sums in float32.
        self._bound = float(np.abs(self._filters).sum(axis=1).max()) * (1 + 1e-5) if len(self._filters) else 1.0
        self._before = np.zeros((channels, _TAPS - 1), np.float32)
        self._peak = 0.0
        self._sample_peak = 0.0

    def push(self, block: np.ndarray) -> None:
        """Take the next samples: float32 (channels, n), finite."""
        if not block.shape[1]:
            return
        block = np.asarray(block, np.float32)
        # The filters give only what lies between samples: these count too, and known first they rule out more.
        self._sample_peak = max(self._sample_peak, float(block.max()), -float(block.min()))
        self._peak = self._with(block, max(self._peak, self._sample_peak))
        joined = block if block.shape[1] >= _TAPS - 1 else np.concatenate([self._before, block], axis=1)
        self._before = joined[:, 1 - _TAPS :].copy()

    def _with(self, block: np.ndarray, peak: float) -> float:
        if len(self._filters):
            # Values that are made of both blocks come from a short seam, so that no block is copied for them.
            seam = np.concatenate([self._before, block[:, : _TAPS - 1]], axis=1)
            for joint, channel in zip(seam, block, strict=True):
                peak = _highest(joint, self._filters, self._bound, peak)
                peak = _highest(np.ascontiguousarray(channel), self._filters, self._bound, peak)
        return peak

    @property
    def peak(self) -> float:
        """Highest absolute value so far, linear, with silence before and after."""
        silence = np.zeros((len(self._before), _TAPS - 1), np.float32)
        return self._with(silence, self._peak)


def true_peak(wave: np.ndarray, rate_hz: int) -> float:
    """Return the true peak of a whole sound, float32 (channels, n), linear (1.0 is 0 dBTP)."""
    meter = TruePeak(rate_hz, len(wave))
    for start in range(0, wave.shape[1], 1 << 20):
        meter.push(wave[:, start : start + (1 << 20)])
    return meter.peak
