"""Which key music is in: pitch classes of its spectral peaks, beside the profiles of Krumhansl and Kessler.

Krumhansl, "Cognitive foundations of musical pitch", 1990, chapter 4: of 24 keys that one is heard whose profile
correlates most with how long each pitch class sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.mel import hann_window
from gantools.symbolic.chords import ROOTS

RATE_HZ = 22050
#: Windows of .74 s, in which semitones from 80 Hz on are apart.
_N_FFT, _HOP = 16384, 4096
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 2000.0
#: Peaks so far below the loudest one of a frame count for nothing.
_RANGE_DB = 50.0
#: Krumhansl and Kessler 1982: how well each pitch class fits a major and a minor key, from the tonic on.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True)
class Key:
    """A key, and how sure it is.

    Attributes
    ----------
    number : int
        Pitch class of the tonic, C is 0; of minor keys 12 more.
    clarity : float
        Correlation with its profile, up to 1.
    """

    number: int
    clarity: float

    @property
    def name(self) -> str:
        """Its name: ``C``, ``Am``."""
        return key_name(self.number)


def key_name(number: int) -> str:
    """Return the name of a key by its number: ``C``, ``Am``."""
    return ROOTS[number % 12] + ("m" if number >= 12 else "")


def chroma(wave: np.ndarray) -> np.ndarray:
    """Return how much of each pitch class sounds in a mono wave at 22,050 Hz, float64 (12,), from C on, sum 1.

    Peaks of the spectrum from 80 Hz to 2 kHz count with their magnitude, each for the pitch class that is nearest once
    the tuning of the whole is taken away. All zeros where there is no peak.

    Parameters
    ----------
    wave : float32 array (n,)
    """
    padded = np.pad(wave, (0, max(0, _N_FFT - len(wave))))
    spectra = np.abs(fft.rfft(sliding_window_view(padded, _N_FFT)[::_HOP] * hann_window(_N_FFT), axis=1))
    low, high = (round(hz * _N_FFT / RATE_HZ) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    before, here, after = spectra[:, low - 1 : high - 1], spectra[:, low:high], spectra[:, low + 1 : high + 1]
    loudest = spectra.max(axis=1, keepdims=True)
    peaks = (here > before) & (here >= after) & (here > loudest * 10 ** (-_RANGE_DB / 20))
    weights = here[peaks]
    if not len(weights):
        return np.zeros(12)
    # A parabola through three magnitudes in dB finds the top between bins.
    left, top, right = (np.log(np.maximum(one[peaks], 1e-12)) for one in (before, here, after))
    shift = 0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9)
    hz = (np.nonzero(peaks)[1] + low + np.clip(shift, -0.5, 0.5)) * RATE_HZ / _N_FFT
    pitches = 69 + 12 * np.log2(hz / 440)
    tuning = np.angle(np.sum(weights * np.exp(2j * np.pi * pitches))) / (2 * np.pi)
    classes = np.round(pitches - tuning).astype(np.int64) % 12
    found = np.bincount(classes, weights, minlength=12)
    return np.asarray(found / found.sum())


def find_key(classes: np.ndarray) -> Key:
    """Return the key that pitch classes (12,), from C on, fit best; C of clarity 0 where all are equal."""
    centred = classes - classes.mean()
    length = float(np.linalg.norm(centred))
    if length < 1e-9:
        return Key(0, 0.0)
    correlations = _PROFILES @ centred / length
    best = int(np.argmax(correlations))
    return Key(best, float(correlations[best]))


def likeness(key: int, other: int) -> float:
    """Return how near two keys are, as MIREX grades a key against the true one.

    1 for the same, .5 a fifth apart, .3 for relative and .2 for parallel major and minor, else 0.
    """
    if key == other:
        return 1.0
    minor, other_minor = key >= 12, other >= 12
    up = (key - other) % 12
    if minor == other_minor:
        return 0.5 if up in (5, 7) else 0.0
    # A minor is relative to C: its tonic lies three semitones below.
    relative = (key - other if minor else other - key) % 12 == 9
    return 0.3 if relative else 0.2 if up == 0 else 0.0


def _profiles() -> np.ndarray:
    """Return the profiles of the 24 keys, float64 (24, 12), each centred and of norm 1."""
    table = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    table -= table.mean(axis=1, keepdims=True)
    return table / np.linalg.norm(table, axis=1, keepdims=True)


_PROFILES = _profiles()
