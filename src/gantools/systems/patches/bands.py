"""The frequency bands of a clip, which cross where it has no partials that last; and how long those do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from gantools.audio.resample import resample
from gantools.metrics.texture.partials import STEP_MS, followed
from gantools.metrics.texture.spectrum import RATE_HZ, power_spectra

#: Crossings between the frequency bands lie in this range, a factor of 4 apart at most.
_CROSSINGS_HZ, _CROSSING_OCTAVES = (200.0, 3200.0), 0.25
#: How far a crossing may move, in octaves and of the distance to its neighbours, and the places that are tried.
_REACH_OCTAVES, _REACH_SHARE, _PLACES = 0.5, 0.35, 41
#: A crossing moves for so much of all partials at least.
_GAIN = 1e-3
#: So much of the middle of a longer clip decides.
_MOST_SECONDS = 60


def crossings_hz(bands: int) -> list[float]:
    """Return the frequencies between bands: one at 800 Hz, 400 and 1600 Hz, and from four bands on 200 to 3200 Hz."""
    low_hz, high_hz = _CROSSINGS_HZ
    middle_hz = float(np.sqrt(low_hz * high_hz))
    if bands <= 3:
        return [[], [middle_hz], [middle_hz / 2, middle_hz * 2]][bands - 1]
    return [float(hz) for hz in np.geomspace(low_hz, high_hz, bands - 1)]


@dataclass(frozen=True, eq=False)
class Sustained:
    """The partials of a clip, peak by peak.

    Attributes
    ----------
    hz, energy, seconds : float64 arrays (peaks,)
        Frequency and energy of each peak, and how long its partial lasts.
    """

    hz: np.ndarray
    energy: np.ndarray
    seconds: np.ndarray

    @classmethod
    def of(cls, clip: np.ndarray, rate_hz: int) -> Sustained:
        """Follow the partials of a clip (channels, n), a second long at least: of its middle minute if it is longer."""
        mono = clip.mean(0, dtype=np.float32)
        spare = max(0, len(mono) - _MOST_SECONDS * rate_hz) // 2
        mono = mono[spare : len(mono) - spare]
        peak = float(np.abs(mono).max())
        if peak == 0:
            return cls(np.zeros(0), np.zeros(0), np.zeros(0))
        hz, energy, track = followed(power_spectra(resample(mono / np.float32(peak), rate_hz, RATE_HZ)))
        return cls(hz, energy, np.bincount(track, minlength=len(track))[track] * STEP_MS / 1000)

    def longest_seconds(self) -> float:
        """Return how long those partials last that have the most lasting tenth of the energy; 0 without any."""
        if not len(self.energy):
            return 0.0
        order = np.argsort(self.seconds)
        share = np.cumsum(self.energy[order])
        return float(self.seconds[order][np.searchsorted(share, 0.9 * share[-1])])

    def crossings_hz(self, edges_hz: list[float]) -> list[float]:
        """Return crossings near the given ones where least of the partials lies in both bands.

        A partial at a crossing is played by two bands from two places, whose phases do not agree: it beats, and
        breaks. What is lost there is its energy times its duration times g (1 - g), g being the gain of the band below.

        Parameters
        ----------
        edges_hz : list of float
            Rising; each moves by half an octave at most, and by a third of the distance to its neighbours.
        """
        weight = self.energy * self.seconds
        weight, octaves = weight / max(float(weight.sum()), 1e-30), np.log2(self.hz)
        edges = np.log2(edges_hz)
        reach = min(_REACH_OCTAVES, _REACH_SHARE * float(np.diff(edges).min(initial=np.inf)))
        away = np.linspace(-1, 1, _PLACES)
        found = []
        for edge in edges:
            gains = [_below(octaves, place) for place in edge + reach * away]
            cost = np.array([weight @ (gain * (1 - gain)) for gain in gains]) + _GAIN * np.abs(away)
            found.append(float(2 ** (edge + reach * away[np.argmin(cost)])))
        return found


def split_bands(clip: np.ndarray, rate_hz: int, edges_hz: list[float]) -> list[np.ndarray]:
    """Split a clip into bands that sum to it, without phase shift; crossings are raised cosines over a quarter octave.

    Parameters
    ----------
    clip : float32 array (channels, n)
    edges_hz : list of float
        Rising. Those above 70 % of half the rate are left out.

    Returns
    -------
    list of float32 arrays (channels, n)
        Each band, lowest first.
    """
    n = clip.shape[1]
    # What a filter smears beyond one end must not come back at the other.
    size = fft.next_fast_len(n + rate_hz // 4, real=True)
    spectrum = fft.rfft(clip, size, axis=1)
    octaves = np.log2(np.maximum(np.arange(spectrum.shape[1]) * rate_hz / size, 1e-3))
    bands, below = [], np.zeros(len(octaves), np.float32)
    for edge_hz in [hz for hz in edges_hz if hz < 0.35 * rate_hz]:
        # Each band is the difference of two low-passes, so that all of them sum to the clip.
        passed = _below(octaves, np.log2(edge_hz)).astype(np.float32)
        bands.append(fft.irfft(spectrum * (passed - below), size, axis=1)[:, :n].astype(np.float32))
        below = passed
    bands.append(fft.irfft(spectrum * (1 - below), size, axis=1)[:, :n].astype(np.float32))
    return bands


def _below(octaves: np.ndarray, edge: float) -> np.ndarray:
    """Return the gain of a low-pass with its crossing at `edge`, both in octaves over 1 Hz."""
    position = np.clip((octaves - edge) / _CROSSING_OCTAVES + 0.5, 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * position))
