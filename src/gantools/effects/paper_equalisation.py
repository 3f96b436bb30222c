"""Equalisation as the paper says it and as its program does it, beside `gantools.effects.equalisation`.

The text (section 2.1, equations 2 and 3) and the program differ: the text smooths the quotient of the spectra, the
program the reference alone; the text has one spectrum for a stem, the program one for each channel. Lengths are the
program's in both, as the text names none.
"""

from __future__ import annotations

import numpy as np

from gantools.audio.loudness import Meter
from gantools.effects.filtering import convolve_into
from gantools.effects.grid import from_grid
from gantools.effects.spectrum import SpectrumMeter, grid_unit
from gantools.effects.stem import chunks

_TAPS, _DESIGN_POINTS = 1001, 1025
_REFERENCE_LUFS = -30.0
#: Bins of the Savitzky-Golay smoothing, for frames of 65536 samples; other types use that of `other`.
SMOOTHING_BINS = {"vocals": 401, "drums": 151, "bass": 151, "other": 401}


def text_taps(gamma: np.ndarray, target_db: np.ndarray, rate_hz: int, role: str = "other") -> np.ndarray:
    """Return the filter of the paper's text for one stem.

    F_diff = F / Gamma (equation 3) is smoothed by a Savitzky-Golay filter; of its square root an FIR filter is designed
    by the window method (Hamming, 1001 taps, from all bins) and applied forwards and backwards. No gain is too large.

    Parameters
    ----------
    gamma : array (bins,)
        Gamma of the stem at -30 LUFS over all its frames (equation 2), in the units of the features.
    target_db : array (121,)
        F of the type on `GRID_HZ`.
    rate_hz : int
    role : str
        Stem type, for the smoothing.

    Returns
    -------
    array (2001,)
        Symmetric: the taps, convolved with themselves reversed.
    """
    difference = _reference(target_db, len(gamma), rate_hz) / np.maximum(gamma, 1e-10)
    return _there_and_back(np.sqrt(_smoothed(difference, role)), nfreqs=len(gamma))


def text_equalise(
    wave: np.ndarray, target_db: np.ndarray, rate_hz: int, reference_gain: float, role: str = "other"
) -> None:
    """Equalise float32 (channels, n) in place as the paper's text says: one filter for a stem.

    Parameters
    ----------
    wave : array (channels, n) of float32
    target_db, rate_hz, role
        See `text_taps`.
    reference_gain : float
        Gain that brings the stem to -30 LUFS.
    """
    meter = SpectrumMeter(rate_hz, len(wave), gate_db=None)
    for block in chunks(wave):
        meter.push(block)
    gamma = meter.result().gamma
    taps = text_taps(gamma * grid_unit(gamma, rate_hz) * reference_gain, target_db, rate_hz, role)
    convolve_into(wave, taps, len(taps) // 2, wave)


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
    reference = _smoothed(_reference(target_db, len(gamma), rate_hz), role)
    gain = np.sqrt(reference / np.maximum(gamma, 1e-10))
    picked = np.round(np.linspace(0, 1, _DESIGN_POINTS) * (len(gamma) - 1)).astype(int)
    return _there_and_back(gain[picked])


def _reference(target_db: np.ndarray, bins: int, rate_hz: int) -> np.ndarray:
    """Return F on so many bins, from 0 to half the rate."""
    bins_hz = np.arange(bins) * rate_hz / 2 / (bins - 1)
    bins_hz[0] = bins_hz[1]
    return np.asarray(10 ** (from_grid(target_db, bins_hz) / 20))


def _smoothed(spectrum: np.ndarray, role: str) -> np.ndarray:
    from scipy.signal import savgol_filter  # the default chain does without the second that it loads

    bins = SMOOTHING_BINS.get(role, SMOOTHING_BINS["other"])
    return np.asarray(savgol_filter(spectrum, bins, 1, mode="mirror"))


def _there_and_back(gains: np.ndarray, nfreqs: int | None = None) -> np.ndarray:
    """Return the filter of these gains, at equal distances up to half the rate, forwards and then backwards."""
    from scipy.signal import firwin2

    half = firwin2(_TAPS, np.linspace(0, 1, len(gains)), gains, nfreqs=nfreqs, window="hamming")
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
