"""Equalisation: match the mean spectrum of a stem to that of its type (paper, section 2.1, equations 2 and 3).

The paper divides the mean spectra bin by bin, smooths the quotient, and filters forwards and backwards. Here both are
read as levels of bands, so that the partials of a stem count and not the gaps between them; the curve is bounded; and
one long filter applies it once, its design being corrected for what its length cannot resolve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from gantools.effects.filtering import convolve_into
from gantools.effects.grid import from_grid
from gantools.effects.spectrum import axis_levels_db, band_power, log_axis, smooth_levels

_ROUNDS = 4
_ALIGN_HZ = (80.0, 8000.0)
_HOLD_LOW_HZ, _HOLD_HIGH_HZ = 25.0, 17000.0
_EMPTY_DB = -60.0
_MEASURED_HZ = (31.5, 16000.0)


@dataclass(frozen=True, eq=False)
class EqFilter:
    """An equaliser, and what a report says about it.

    Attributes
    ----------
    taps : array (k,) of float64
    delay_samples : int
        What `filter_into` takes back: (k - 1) / 2 for zero phase, 0 for minimum phase.
    axis_hz, curve_db : arrays (points,)
        Gain that the filter has, the mean level being left alone: its median over 80 Hz to 8 kHz is near 0.
    clamped : bool
        Somewhere more gain or more attenuation was wanted than is allowed.
    bandlimit_hz : float or None
        From here on the stem is empty (60 dB under its median) and nothing is boosted; below the start of its band
        neither.
    distance_before_db, distance_after_db : float
        `eq_distance_db` of the stem as it is, and as the filter will leave it.
    """

    taps: np.ndarray
    delay_samples: int
    axis_hz: np.ndarray
    curve_db: np.ndarray
    clamped: bool
    bandlimit_hz: float | None
    distance_before_db: float
    distance_after_db: float


def filter_length(rate_hz: int) -> int:
    """Taps at a sample rate: 8191 at 44.1 and 48 kHz, 16383 at 96 kHz."""
    return int(2 ** round(np.log2(8192 * rate_hz / 44100))) - 1


def design(
    gamma: np.ndarray,
    target_db: np.ndarray,
    rate_hz: int,
    *,
    max_db: float = 24.0,
    smooth_octaves: float = 1 / 6,
    amount: float = 1.0,
    phase: str = "zero",
    taps: int | None = None,
) -> EqFilter:
    """Design the filter that brings a stem to the spectrum of its type.

    The differential curve is that of equation 3, F_diff = F / Gamma, in decibels and between smoothed levels. As its
    mean is a matter of loudness, the medians over 80 Hz to 8 kHz are aligned. Four times the filter is built, its true
    response laid over Gamma, and the difference that is left added to the curve.

    Parameters
    ----------
    gamma : array (bins,)
        Mean magnitude spectrum of the stem, at any scale.
    target_db : array (121,)
        Mean spectrum F of the type on `GRID_HZ`.
    rate_hz : int
    max_db : float
        Bound on gain and attenuation.
    smooth_octaves : float
        Full width at half maximum of the smoothing.
    amount : float
        0 to 1, multiplies the curve in dB.
    phase : str
        ``zero``: symmetric, with echo before transients; ``minimum``: none, phase shifts instead.
    taps : int, optional
        Odd; by default `filter_length`.
    """
    axis = log_axis(rate_hz)
    length = taps or filter_length(rate_hz)
    levels = axis_levels_db(gamma, rate_hz, smooth_octaves)
    # Smoothed like the stem: unequal smoothing would read as a difference between the spectra.
    target = smooth_levels(10 ** (from_grid(target_db, axis) / 10), smooth_octaves)
    aligned, empty = _alignment(levels, axis)
    # Where a lossy codec has left nothing, being below the target is no reason to boost: the curve is held from there.
    bandlimit_hz = float(axis[~empty][-1]) if empty[-1] else None
    low = int(np.searchsorted(axis, _HOLD_LOW_HZ))
    high_hz = min(_HOLD_HIGH_HZ, 0.45 * rate_hz, bandlimit_hz or np.inf)
    high = max(int(np.searchsorted(axis, high_hz, side="right")) - 1, low)
    curve, response, clamped = np.zeros(len(axis)), np.ones(len(gamma)), False
    if gamma.max() > 0:
        for _ in range(_ROUNDS):
            error = target - axis_levels_db(gamma * response, rate_hz, smooth_octaves)
            curve += error - np.median(error[aligned])
            # The median of the curve stays 0, so that the clamp bounds its shape and not a level, which is loudness.
            curve -= np.median(curve[aligned])
            curve[:low], curve[high + 1 :] = curve[low], curve[high]
            # At the flank of its band a stem lacks more and more; what is held from there would lift hiss and rumble.
            curve[empty] = np.minimum(curve[empty], 0)
            clamped = bool(np.abs(curve).max() > max_db)
            np.clip(curve, -max_db, max_db, out=curve)
            response = _response(_zero_phase_taps(curve, axis, rate_hz, len(gamma), length), len(gamma))
    # A unit impulse changes nothing at all, while the windowed design would change the last bits.
    if gamma.max() == 0 or amount == 0:
        symmetric = np.zeros(length)
        symmetric[length // 2] = 1
    else:
        symmetric = _zero_phase_taps(curve * amount, axis, rate_hz, len(gamma), length)
    response = _response(symmetric, len(gamma))
    impulse = symmetric if phase == "zero" else _minimum_phase(response, length)
    bin_hz = rate_hz / 2 / (len(gamma) - 1)
    return EqFilter(
        taps=impulse,
        delay_samples=length // 2 if phase == "zero" else 0,
        axis_hz=axis,
        curve_db=20 * np.log10(np.interp(axis, np.arange(len(gamma)) * bin_hz, response)),
        clamped=clamped,
        bandlimit_hz=bandlimit_hz,
        distance_before_db=eq_distance_db(gamma, target_db, rate_hz),
        distance_after_db=eq_distance_db(gamma * response, target_db, rate_hz),
    )


def filter_into(wave: np.ndarray, eq: EqFilter, out: np.ndarray) -> None:
    """Filter float32 (channels, n) into `out`, which may be `wave` itself; the length is kept, latency taken back."""
    convolve_into(wave, eq.taps, eq.delay_samples, out)


def _alignment(levels: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points where the level of the stem means something, and those outside its band, where it is empty."""
    inside = (axis >= _ALIGN_HZ[0]) & (axis <= min(_ALIGN_HZ[1], axis[-1]))
    # A stem that fills a small part of the band, such as a bass, would have its median in the empty part.
    level = np.median(levels[inside & (levels > levels.max() + _EMPTY_DB)]) if np.any(inside) else levels.max()
    # The median of no points is NaN: the stem has no level inside the band.
    if not np.isfinite(level):
        level = levels.max()
    full = levels > level + _EMPTY_DB
    first, last = np.flatnonzero(full)[[0, -1]]
    empty = np.ones(len(axis), bool)
    empty[first : last + 1] = False
    aligned = inside & full
    # A stem with nothing between 80 Hz and 8 kHz, such as a sub-bass, is aligned where it has any level.
    return (aligned if aligned.sum() >= 2 else full), empty


def _zero_phase_taps(curve_db: np.ndarray, axis: np.ndarray, rate_hz: int, bins: int, length: int) -> np.ndarray:
    """Symmetric taps for a curve: frequency sampling and a Hann window."""
    bins_hz = np.arange(bins) * rate_hz / 2 / (bins - 1)
    # DC has no logarithm.
    bins_hz[0] = bins_hz[1]
    gain = 10 ** (np.interp(np.log(bins_hz), np.log(axis), curve_db) / 20)
    impulse = np.roll(fft.irfft(gain), length // 2)[:length] * np.hanning(length + 2)[1:-1]
    return np.asarray((impulse + impulse[::-1]) / 2)  # symmetric to the last bit


def _response(taps: np.ndarray, bins: int) -> np.ndarray:
    """Magnitude response at the bins of Gamma."""
    return np.maximum(np.abs(fft.rfft(taps, 2 * (bins - 1))), 1e-6)


def _minimum_phase(response: np.ndarray, length: int) -> np.ndarray:
    """Taps with this magnitude and no echo before transients (homomorphic method), faded out over the last eighth."""
    cepstrum = fft.irfft(np.log(response))
    half = len(cepstrum) // 2
    # Folding the anticausal half of the cepstrum onto the causal one keeps the magnitude and makes the phase minimal.
    cepstrum[1:half] *= 2
    cepstrum[half + 1 :] = 0
    impulse = fft.irfft(np.exp(fft.rfft(cepstrum)))[:length]
    fade = length // 8
    impulse[-fade:] *= np.hanning(2 * fade + 1)[fade + 1 :]
    return np.asarray(impulse)


def eq_distance_db(
    gamma: np.ndarray, target_db: np.ndarray, rate_hz: int, left_out_hz: Sequence[Sequence[float]] = ()
) -> float:
    """Distance between the spectrum of a stem and that of its type, D_eq.

    Parameters
    ----------
    gamma : array (bins,)
    target_db : array (121,)
        On `GRID_HZ`.
    rate_hz : int
    left_out_hz : sequence of pairs of float
        Bands that reach into one of these stretches do not count.

    Returns
    -------
    float
        RMS difference of the levels in 1/6-octave bands from 31.5 Hz to 16 kHz, their median being taken away. Bands
        more than 60 dB under the stem's loudest do not count. NaN where none does, as for silence.
    """
    centres = _MEASURED_HZ[0] * 2 ** (np.arange(55) / 6)
    half = 2 ** (1 / 12)
    centres = centres[(centres <= _MEASURED_HZ[1] * 1.01) & (centres * half <= rate_hz / 2)]
    power = band_power(gamma, rate_hz, centres / half, centres * half)
    if power.max() <= 0:
        return float("nan")
    # Eight points in each band: the level of the stem is a mean over the band, so that of the target must be one too.
    within = centres[:, np.newaxis] * 2 ** (np.arange(-3.5, 4) / 48)
    target = np.mean(10 ** (from_grid(target_db, within) / 10), axis=1)
    counts = power > power.max() * 10 ** (_EMPTY_DB / 10)
    for low_hz, high_hz in left_out_hz:
        counts &= (centres * half <= low_hz) | (centres / half >= high_hz)
    if not counts.any():
        return float("nan")
    difference = 10 * np.log10(power[counts] / target[counts])
    return float(np.sqrt(np.mean((difference - np.median(difference)) ** 2)))
