"""Frequency grid of the features file: in Hz, so that a file fitted at one sample rate serves every other."""

from __future__ import annotations

import numpy as np

#: 12 points an octave, 19.7 Hz to 20.2 kHz.
GRID_HZ = 1000 * 2 ** (np.arange(-68, 53) / 12)


def to_grid(values: np.ndarray, frequencies_hz: np.ndarray) -> np.ndarray:
    """Bring a curve to `GRID_HZ`: linear in log frequency, held beyond its ends. Frequencies rise from above 0."""
    return np.interp(np.log(GRID_HZ), np.log(frequencies_hz), values)


def from_grid(values: np.ndarray, frequencies_hz: np.ndarray) -> np.ndarray:
    """Read a curve on `GRID_HZ` at other frequencies (> 0): linear in log frequency, held beyond the ends."""
    return np.interp(np.log(frequencies_hz), np.log(GRID_HZ), values)


def mean_on_grid(bins: np.ndarray, rate_hz: int) -> np.ndarray:
    """Mean of a linear-frequency curve over each 1/12 octave; interpolated where bins are wider than that."""
    hz = np.arange(len(bins)) * rate_hz / 2 / (len(bins) - 1)
    # The integral up to each bin (trapezoids): the mean of any band is then a difference of two values.
    area = np.concatenate([[0.0], np.cumsum((bins[1:] + bins[:-1]) / 2 * np.diff(hz))])
    half = 2 ** (1 / 24)
    low, high = GRID_HZ / half, np.minimum(GRID_HZ * half, hz[-1])
    wide = high - low > 2 * hz[1]
    mean = np.interp(GRID_HZ, hz, bins)
    mean[wide] = ((np.interp(high, hz, area) - np.interp(low, hz, area))[wide]) / (high - low)[wide]
    return mean
