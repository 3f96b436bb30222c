"""What music is like at each moment: note density, loudness, brightness and tempo, as curves.

Onsets and tempo are those of `gantools.structure.beats`. Musika (Pasini and Schlüter 2022, sections 4.2 and 5.1) takes
the detector of madmom for its note density, and Tempo-CNN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from gantools.audio.compiled import block_threads
from gantools.audio.infrasound import HighPass
from gantools.audio.onset_strength import onset_strength
from gantools.audio.stft import Stft
from gantools.structure.beats import tempo

RATE_HZ = 22050
#: Names of what is measured.
MEASURED = ("density", "loudness", "brightness", "tempo")
#: Kernel of the note density: the paper's bandwidth of .004 has no unit, and would be no curve if it were seconds.
_DENSITY_SIGMA_S = 1.0
_SMOOTH_S = 0.5
#: Deviations of the onset strength that an onset stands out by, and how near to each other two of them may be.
_ONSET_LINE, _ONSET_GAP_S = 0.5, 0.05
_N_FFT, _HOP = 2048, 1024
_SEGMENT_FRAMES = 1024


@dataclass(frozen=True)
class Curves:
    """What was measured of a song, at equal distances.

    Attributes
    ----------
    density : float64 array (T,)
        Onsets in a second, smoothed over a second.
    loudness : float64 array (T,)
        Level in dB of full scale.
    brightness : float64 array (T,)
        Centroid of the spectrum in Hz.
    tempo : float64 array (T,)
        Beats in a minute, the same throughout.
    """

    density: np.ndarray
    loudness: np.ndarray
    brightness: np.ndarray
    tempo: np.ndarray

    def then(self, other: Curves) -> Curves:
        """Return these curves and behind them others."""
        return Curves(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in MEASURED))

    def settling(self, count: int) -> Curves:
        """Return curves that go on from the last values and have come to the middle ones after `count` steps."""
        shares = np.arange(1, count + 1) / count
        values = (getattr(self, name) for name in MEASURED)
        return Curves(*(own[-1] + shares * (np.median(own) - own[-1]) for own in values))


def measure(wave: np.ndarray, step_seconds: float, count: int) -> Curves:
    """Return the curves of a mono wave at 22.05 kHz in the middles of `count` steps.

    Parameters
    ----------
    wave : float32 array (n,)
    step_seconds : float
    count : int
    """
    middles = (np.arange(count) + 0.5) * step_seconds
    if len(wave) < _N_FFT:
        wave = np.pad(wave, (0, _N_FFT - len(wave)))
    strength, low, frame_hz = onset_strength(wave[None], RATE_HZ)
    density = _density(strength, frame_hz)
    power, centroid = _levels(wave)
    seconds = (np.arange(len(power)) * _HOP + _N_FFT / 2) / RATE_HZ
    bpm, _ = tempo(strength, low, frame_hz)
    loudness = 10 * np.log10(np.maximum(np.interp(middles, seconds, power), 1e-10))
    return Curves(
        density=np.interp(middles, np.arange(len(density)) / frame_hz, density),
        loudness=loudness,
        brightness=np.interp(middles, seconds, centroid),
        tempo=np.full(count, bpm),
    )


def onsets(strength: np.ndarray, frame_hz: float) -> np.ndarray:
    """Return the frames at which something begins: peaks of the onset strength that stand out."""
    reach = max(1, round(_ONSET_GAP_S * frame_hz))
    peaks = strength == maximum_filter1d(strength, 2 * reach + 1)
    return np.flatnonzero(peaks & (strength > _ONSET_LINE))


def _density(strength: np.ndarray, frame_hz: float) -> np.ndarray:
    hits = np.zeros(len(strength))
    hits[onsets(strength, frame_hz)] = frame_hz
    return gaussian_filter1d(hits, _DENSITY_SIGMA_S * frame_hz, mode="nearest")


def _levels(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean square and the spectral centroid in Hz of each frame, smoothed over half a second.

    What lies below 20 Hz counts for neither.
    """
    wave = HighPass(RATE_HZ).push(wave[:, None])[:, 0]
    hz = np.fft.rfftfreq(_N_FFT, 1 / RATE_HZ)
    power, moment = [], []
    frames = 1 + (len(wave) - _N_FFT) // _HOP
    with block_threads(1) as run_blocks:
        for first in range(0, frames, _SEGMENT_FRAMES):
            stft = Stft(_N_FFT, _HOP, min(_SEGMENT_FRAMES, frames - first), run_blocks)
            spectra = stft.analyse(wave[first * _HOP : first * _HOP + stft.n_wave])
            squares = spectra.real.astype(np.float64) ** 2 + spectra.imag.astype(np.float64) ** 2
            power.append(squares.sum(1))
            moment.append(squares @ hz)
    sigma = _SMOOTH_S * RATE_HZ / _HOP
    energy = gaussian_filter1d(np.concatenate(power), sigma, mode="nearest")
    centroid = gaussian_filter1d(np.concatenate(moment), sigma, mode="nearest") / np.maximum(energy, 1e-12)
    # One side of the spectrum of a Hann window: twice the sum is n_fft squared times 3/8 of the mean square.
    return energy * 2 / (_N_FFT * _N_FFT * 0.375), np.maximum(centroid, 1.0)


def window_tempi(wave: np.ndarray, seconds: float) -> np.ndarray:
    """Return the tempo of each whole window of a mono wave at 22.05 kHz, float64 (windows,), as `measure` finds it.

    A wave that is shorter than a window is one.
    """
    strength, low, frame_hz = onset_strength(wave[None], RATE_HZ)
    frames = round(seconds * frame_hz)
    starts = range(0, max(1, len(strength) - frames + 1), frames)
    return np.array([tempo(strength[n : n + frames], low[n : n + frames], frame_hz)[0] for n in starts])
