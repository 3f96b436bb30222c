"""Equalisation as the paper's program does it, for comparison with `gantools.effects.equalisation`."""

from __future__ import annotations

import numpy as np

from gantools.audio.loudness import Meter
from gantools.effects.filtering import convolve_into
from gantools.effects.grid import from_grid
from gantools.effects.spectrum import SpectrumMeter
from gantools.effects.stem import chunks

_TAPS, _DESIGN_POINTS = 1001, 1025
_REFERENCE_LUFS = -30.0
#: Bins of the Savitzky-Golay smoothing, for frames of 65536 samples; other types use that of `other`.
SMOOTHING_BINS = {"vocals": 401, "drums": 151, "bass": 151, "other": 401}


def paper_taps(gamma: np.ndarray, target_db: np.ndarray, rate_hz: int, role: str = "other") -> np.ndarray:
    """Return the filter that the program makes of equation 3 for one channel.

    F is smoothed and Gamma is not, where the paper smooths their quotient; the gain is not bounded, and the filter is
    designed from 1025 single bins.

    Parameters
    ----------
    gamma : array (bins,)
        Mean spectrum of one channel at -30 LUFS over all its frames: ``SpectrumMeter(rate_hz, 1, gate_db=None)``.
    target_db : array (121,)
        F of the type on `GRID_HZ`.
    rate_hz : int
    role : str
        Stem type, for the smoothing.

    Returns
    -------
    array (2001,)
        Symmetric: the 1001 taps for the square root of F_diff, convolved with themselves reversed, which is what
        filtering forwards and backwards amounts to.
    """
    from scipy.signal import firwin2, savgol_filter  # the default chain does without the second that it loads

    bins_hz = np.arange(len(gamma)) * rate_hz / 2 / (len(gamma) - 1)
    bins_hz[0] = bins_hz[1]
    reference = 10 ** (from_grid(target_db, bins_hz) / 20)
    reference = savgol_filter(reference, SMOOTHING_BINS.get(role, SMOOTHING_BINS["other"]), 1, mode="mirror")
    gain = np.sqrt(reference / np.maximum(gamma, 1e-10))
    grid = np.linspace(0, 1, _DESIGN_POINTS)
    picked = gain[np.round(grid * (len(gamma) - 1)).astype(int)]
    half = firwin2(_TAPS, grid, picked, window="hamming")
    return np.convolve(half, half[::-1])


def paper_equalise(wave: np.ndarray, target_db: np.ndarray, rate_hz: int, role: str = "other") -> None:
    """Equalise float32 (channels, n) in place as the paper's program does: each channel, at -30 LUFS, by a filter."""
    for channel in range(len(wave)):
        part = wave[channel : channel + 1]
        meter, spectrum = Meter(rate_hz, 1), SpectrumMeter(rate_hz, 1, gate_db=None)
        for block in chunks(part):
            meter.push(block)
            spectrum.push(block)
        gain = meter.loudness().gain_to(_REFERENCE_LUFS)
        taps = paper_taps(spectrum.result().gamma * gain, target_db, rate_hz, role)
        convolve_into(part, taps, len(taps) // 2, part)
