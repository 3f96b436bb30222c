"""How sharply sounds begin: the rise of the level at onsets within 15 ms."""

from __future__ import annotations

import numpy as np

from gantools.audio.onset_strength import onset_strength
from gantools.metrics.texture.spectrum import HOP, RATE_HZ, band_power, levels_db, power_spectra
from gantools.structure.curves import onsets

#: Windows of 12 ms, every 5 ms as everywhere.
_N_FFT = 256
#: The mean of three frames, 15 ms, against the mean of the ten before, 50 ms. Over 10 or 20 ms it is much the same.
_AFTER, _BEFORE = 3, 10
#: How far from where an onset was heard its rise is looked for, in frames: the windows of the onsets are of 46 ms.
_REACH = 6


def onset_seconds(wave: np.ndarray) -> np.ndarray:
    """Return when sounds begin in a mono wave at 22,050 Hz, float64 (onsets,); see `gantools.structure.curves`."""
    strength, _, frame_hz = onset_strength(wave[None], RATE_HZ)
    return np.asarray(onsets(strength, frame_hz) / frame_hz)


def rises_db(wave: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Return by how much the level rises at onsets in dB, float64 (onsets,).

    The change from the 50 ms before to the 15 ms after, as the mean over third octaves, at the steepest moment within
    30 ms of the onset. The mean over bands is what tells an attack from noise: the bands of noise rise one by one,
    those of a stroke together. By the level of the whole, music that is dense is no sharper than noise of its envelope.
    Onsets less than 50 ms from the beginning are left out.
    """
    bands = band_power(power_spectra(wave, _N_FFT, HOP), _N_FFT)
    sums = np.cumsum(np.concatenate([np.zeros((1, bands.shape[1])), 10 ** (levels_db(bands) / 10)]), axis=0)
    moment = np.arange(_BEFORE, len(bands) - _AFTER + 1)
    after = (sums[moment + _AFTER] - sums[moment]) / _AFTER
    before = (sums[moment] - sums[moment - _BEFORE]) / _BEFORE
    rise = np.full(len(bands), -np.inf)
    rise[moment] = 10 * np.log10(np.maximum(after, 1e-30) / np.maximum(before, 1e-30)).mean(axis=1)
    place = np.round(seconds * RATE_HZ / HOP).astype(np.int64)
    near = np.clip(place[:, None] + np.arange(-_REACH, _REACH + 1), 0, len(bands) - 1)
    steepest = rise[near].max(axis=1, initial=-np.inf)
    return np.asarray(steepest[np.isfinite(steepest)])
