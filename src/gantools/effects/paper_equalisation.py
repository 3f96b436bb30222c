"""Equalisation as the paper's program does it, for comparison with `gantools.effects.equalisation`."""

from __future__ import annotations

import numpy as np
from scipy.signal import firwin2, savgol_filter

from gantools.effects.filtering import convolve_into
from gantools.effects.grid import from_grid

_TAPS, _DESIGN_POINTS = 1001, 1025
#: Bins of the Savitzky-Golay smoothing, for frames of 65536 samples; other types use that of `other`.
SMOOTHING_BINS = {"vocals": 401, "drums": 151, "bass": 151, "other": 401}


def paper_taps(gamma: np.ndarray, target_db: np.ndarray, rate_hz: int, role: str = "other") -> np.ndarray:
    """Return the filter of equation 3 for one channel.

    F is smoothed, Gamma is not, the gain is not bounded, and the filter is designed from 1025 single bins.

    Parameters
    ----------
    gamma : array (bins,)
        Of one channel at -30 LUFS and of all frames: ``SpectrumMeter(rate_hz, 1, gate_db=None)``.
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
    bins_hz = np.arange(len(gamma)) * rate_hz / 2 / (len(gamma) - 1)
    bins_hz[0] = bins_hz[1]
    reference = 10 ** (from_grid(target_db, bins_hz) / 20)
    reference = savgol_filter(reference, SMOOTHING_BINS.get(role, SMOOTHING_BINS["other"]), 1, mode="mirror")
    gain = np.sqrt(reference / np.maximum(gamma, 1e-10))
    grid = np.linspace(0, 1, _DESIGN_POINTS)
    picked = gain[np.round(grid * (len(gamma) - 1)).astype(int)]
    half = firwin2(_TAPS, grid, picked, window="hamming")
    return np.convolve(half, half[::-1])


def paper_filter_into(wave: np.ndarray, channel_taps: list[np.ndarray], out: np.ndarray) -> None:
    """Filter each channel of float32 (channels, n) by its own `paper_taps` into `out`."""
    for channel, taps in enumerate(channel_taps):
        convolve_into(wave[channel : channel + 1], taps, len(taps) // 2, out[channel : channel + 1])
