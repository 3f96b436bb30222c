"""How long partials last: peaks of the spectrum that go on from frame to frame at one frequency.

After McAulay and Quatieri, "Speech analysis/synthesis based on a sinusoidal representation" (1986): each peak goes on
as the nearest one of the next frame. Noise has peaks too, but none that stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.metrics.texture.spectrum import HOP, LOWEST_HZ, N_FFT, RANGE_DB, RATE_HZ

#: A peak stands out by this much from the median of the spectrum around it. With 6 or 12 dB real music and noise are
#: about as far apart.
STANDS_OUT_DB = 9.0
#: Bins that the median around is taken of: 690 Hz, more than the partials of one note lie apart.
_AROUND_BINS = 32
_HIGHEST_HZ = 5000.0
#: Peaks are followed from every second frame to the next, 10 ms on.
_EVERY = 2
STEP_MS = _EVERY * HOP * 1000 / RATE_HZ
#: A partial goes on within half a bin (11 Hz), or a quarter of a semitone where that is more, as glides and vibrato
#: do. Within a whole bin and half a semitone the partials of noise last twice as long.
_BINS, _SEMITONES = 0.5, 0.25
#: It has ended when it is so far below its loudest place: what rings on is not heard, and windows reach beyond a note.
_ENDED_DB = 20.0
#: From which on a partial counts as held.
HELD_MS = 100.0
#: Edges of the histogram of durations: between whole frames, from one to 10 s, about equally wide to the ear.
DURATION_EDGES_MS = (np.unique(np.round(np.geomspace(1, 1000, 31))) - 0.5) * STEP_MS


@dataclass(frozen=True, eq=False)
class Partials:
    """The partials of a sound.

    Attributes
    ----------
    lasting_ms, energy : float64 arrays (partials,)
        How long each lasts, in steps of 10 ms, and its energy.
    total : float
        Energy of all there is between 50 Hz and 5 kHz, on the same scale.
    """

    lasting_ms: np.ndarray
    energy: np.ndarray
    total: float

    @property
    def mean_ms(self) -> float:
        """Mean duration, weighted with energy; NaN where there is none."""
        weight = float(self.energy.sum())
        return float(self.lasting_ms @ self.energy) / weight if weight > 0 else float("nan")

    @property
    def held_share(self) -> float:
        """Share of all energy in partials that last longer than 100 ms."""
        return float(self.energy[self.lasting_ms > HELD_MS].sum()) / self.total if self.total > 0 else float("nan")

    def histogram(self) -> np.ndarray:
        """Return the share of all energy in partials by their duration, float64, between `DURATION_EDGES_MS`."""
        inside = np.clip(self.lasting_ms, DURATION_EDGES_MS[0], DURATION_EDGES_MS[-1])
        return np.asarray(np.histogram(inside, DURATION_EDGES_MS, weights=self.energy)[0] / max(self.total, 1e-30))


def find_partials(power: np.ndarray) -> Partials:
    """Return the partials of a sound by its spectra, see `gantools.metrics.texture.spectrum.power_spectra`."""
    _, energy, track = followed(power)
    low, high = _bins()
    total = float(power[::_EVERY, low : high + 1].sum(dtype=np.float64))
    # A track is named after its first peak.
    first, track = np.unique(track, return_inverse=True)
    loudest = np.zeros(len(first))
    np.maximum.at(loudest, track, energy)
    sounding = energy >= loudest[track] * 10 ** (-_ENDED_DB / 10)
    lasting = np.bincount(track, sounding, minlength=len(first)) * STEP_MS
    return Partials(lasting, np.bincount(track, energy, minlength=len(first)), total)


def followed(power: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the frequency in Hz and the energy of each peak, and the first peak of the partial that it belongs to."""
    low, high = _bins()
    power = power[::_EVERY, : high + 2]
    frame, place, energy = _peaks(power, low)
    return place * (RATE_HZ / N_FFT), energy, _linked(frame, place, power.shape[1])


def _bins() -> tuple[int, int]:
    return int(np.ceil(LOWEST_HZ * N_FFT / RATE_HZ)), int(_HIGHEST_HZ * N_FFT / RATE_HZ)


def _peaks(power: np.ndarray, low: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frame, frequency in bins and energy of each peak, in the order of frames, then of frequencies."""
    level = 10 * np.log10(np.maximum(power, 1e-30))
    inside = level[:, low:-1]
    top = (inside > level[:, low - 1 : -2]) & (inside >= level[:, low + 1 :])
    loud = float(level[:, low:].max(initial=-300.0)) - RANGE_DB
    top &= (inside > loud) & (inside > _median_around(level)[:, low:-1] + STANDS_OUT_DB)
    frame, bin_ = np.nonzero(top)
    bin_ += low
    before, here, after = (level[frame, bin_ + shift].astype(np.float64) for shift in (-1, 0, 1))
    # The vertex of the parabola through the three levels.
    place = bin_ + 0.5 * (before - after) / (before - 2 * here + after)
    # A Hann window spreads a tone over three bins and a little more.
    energy = sum(power[frame, bin_ + shift].astype(np.float64) for shift in (-1, 0, 1))
    return frame, place, np.asarray(energy)


def _median_around(level: np.ndarray) -> np.ndarray:
    """Return the median of the 32 bins around each, interpolated between those of every 16th, (frames, bins)."""
    step = _AROUND_BINS // 2
    starts = np.arange(0, level.shape[1] - _AROUND_BINS + 1, step)
    medians = np.stack([np.median(level[:, start : start + _AROUND_BINS], axis=1) for start in starts], axis=1)
    at = np.clip((np.arange(level.shape[1]) - (_AROUND_BINS - 1) / 2) / step, 0, len(starts) - 1)
    whole = np.minimum(at.astype(np.int64), len(starts) - 2)
    share = (at - whole).astype(np.float32)
    return np.asarray(medians[:, whole] * (1 - share) + medians[:, whole + 1] * share)


def _linked(frame: np.ndarray, place: np.ndarray, bins: int) -> np.ndarray:
    """Return for each peak the first one of the partial that it belongs to, int64 (peaks,).

    A peak goes on as the nearest one of the next frame that is near enough, and of several that would go on as the same
    the nearest does.
    """
    count = len(frame)
    own, apart = np.arange(count), np.full(count, np.inf)
    following = np.full(count, -1)
    # On one axis, with the frames far from each other, the nearest peak of the next frame is beside a place on it.
    key, wanted = frame * 4.0 * bins + place, (frame + 1) * 4.0 * bins + place
    right = np.searchsorted(key, wanted)
    for side in (right - 1, right):
        candidate = np.clip(side, 0, max(0, count - 1))
        distance = np.where(frame[candidate] == frame + 1, np.abs(key[candidate] - wanted), np.inf)
        nearer = distance < apart
        following[nearer], apart[nearer] = candidate[nearer], distance[nearer]
    goes_on = np.flatnonzero(apart <= np.maximum(_BINS, place * (2 ** (_SEMITONES / 12) - 1)))
    goes_on = goes_on[np.lexsort((apart[goes_on], following[goes_on]))]
    goes_on = goes_on[np.flatnonzero(np.diff(following[goes_on], prepend=-1))]
    first = own.copy()
    first[following[goes_on]] = goes_on
    # Each step doubles how far back a peak sees.
    while not np.array_equal(first, further := first[first]):
        first = further
    return first
