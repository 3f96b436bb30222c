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
