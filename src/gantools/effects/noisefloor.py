"""Levels of a stem in bands, and the noise under them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.effects.framing import frame_count, root_hann, spectra_of
from gantools.effects.similarity import pan_size

#: Frames this far under the loud ones are quiet.
QUIET_DB = -36.0
#: Below this a frame is digital silence, which has no noise floor.
_NOTHING_DB = -100.0
_LEAST_QUIET_FRAMES, _LEAST_FRAMES = 8, 40
#: A band that does not move is noise if the whole moves by more than the first, and is louder by more than the second.
_MOVES_DB, _UNDER_DB = 6.0, -45.0
_LOW_EDGES_HZ, _BANDS_PER_OCTAVE = (0.0, 100.0, 200.0), 3
#: The power of noise in so many independent bins has a level with a deviation of 10 / ln 10 dB over the root of their
#: number. Under the Hann window half of the bins are independent.
_ONE_BIN_DB, _INDEPENDENT = 10 / np.log(10), 0.5
#: Deviations from the lowest tenth of a normal distribution to its highest quarter.
_TENTH_TO_QUARTER = 1.96
#: How much less and more than noise does a band may move from frame to frame and be taken for noise: equal tones of a
#: pad hardly do, and two channels with different noise move by 0.7.
_LESS, _MORE, _ROUNDING_DB = 0.5, 1.5, 0.5
#: In the lowest band the first bin or two have most of the power of coloured noise.
_MORE_LOWEST = 2.5
_TELLING_BINS, _EMPTY_DB = 8, -60.0


@dataclass(frozen=True, eq=False)
class BandLevels:
    """Power of a stem in bands: 1/3 octave each above 200 Hz.

    Attributes
    ----------
    power : array (frames, bands) of float32
        Of the frames of `gantools.effects.framing.spectra_of` (46 ms), channels added.
    edges : array (bands + 1,) of int
        First bin of each band, and the end of the last.
    n_fft, rate_hz : int
    """

    power: np.ndarray
    edges: np.ndarray
    n_fft: int
    rate_hz: int

    @property
    def edges_hz(self) -> np.ndarray:
        """Limits of the bands."""
        return self.edges * (self.rate_hz / self.n_fft)

    @property
    def noise_db(self) -> np.ndarray:
        """Deviation, from frame to frame, of the level that steady noise has in each band."""
        return np.asarray(_ONE_BIN_DB / np.sqrt(np.maximum(_INDEPENDENT * np.diff(self.edges), 1.0)))


def measure_bands(wave: np.ndarray, rate_hz: int) -> BandLevels:
    """Measure the bands of a stem: float32 (channels, n)."""
    n_fft = pan_size(rate_hz)
    rising = _LOW_EDGES_HZ[-1] * 2 ** (np.arange(1, 40) / _BANDS_PER_OCTAVE)
    # The last band takes the rest up to the Nyquist frequency.
    starts_hz = np.array([*_LOW_EDGES_HZ, *rising[rising < 0.4 * rate_hz]])
    edges = np.append(np.round(starts_hz * n_fft / rate_hz).astype(int), n_fft // 2 + 1)
    power = np.zeros((frame_count(wave.shape[1], n_fft), len(edges) - 1), np.float32)
    # Squared it is the Hann window. Under its root a bass leaks into the bands above as much as hiss at -60 dB.
    for first, spectra in spectra_of(wave, root_hann(n_fft) ** 2):
        squares = (spectra.real**2 + spectra.imag**2).sum(axis=0)
        power[first : first + len(squares)] = np.add.reduceat(squares, edges[:-1], axis=1)
    return BandLevels(power, edges, n_fft, rate_hz)


def loud_frames(total: np.ndarray) -> np.ndarray:
    """Tell which frames are loud: less than 10 dB under the mean power of all."""
    return np.asarray(total > total.mean() / 10)


def quiet_frames(total_db: np.ndarray) -> np.ndarray | None:
    """Tell which frames are quiet but no digital silence, by their level against the loud ones; None for too few."""
    quiet = (total_db <= QUIET_DB) & (total_db > _NOTHING_DB)
    return quiet if quiet.sum() >= _LEAST_QUIET_FRAMES else None


def noise_floor_db(level_db: np.ndarray, total_db: np.ndarray, noise_db: float) -> float:
    """Return the level of the noise in a band, -inf where nothing tells it.

    Parameters
    ----------
    level_db : array (frames,)
        Level of the band against that of the loud frames.
    total_db : array (frames,)
        Level of the whole, against the same.
    noise_db : float
        Deviation that noise has in this band.
    """
    quiet = quiet_frames(total_db)
    # Not the median: a gate may close in most rests, and its noise come back with each note.
    if quiet is not None:
        return float(np.percentile(level_db[quiet], 75))
    playing = total_db > QUIET_DB
    if playing.sum() < _LEAST_FRAMES:
        return -np.inf
    # A stem without rests: what stays as it is under notes that come and go is no part of them.
    # Three quarters of the time will do: attacks rise above any noise.
    low, middle, high = np.percentile(level_db[playing], (10, 50, 75))
    lowest, highest = np.percentile(total_db[playing], (10, 90))
    steady = high - low <= _MORE * _TENTH_TO_QUARTER * noise_db + _ROUNDING_DB
    return float(middle) if steady and middle <= _UNDER_DB and highest - lowest >= _MOVES_DB else -np.inf


def is_noise(levels: BandLevels) -> bool:
    """Tell whether a stem is steady noise and nothing else: every band moves from frame to frame as noise does."""
    # The first and the last frames are not full.
    power = levels.power[1:-2].astype(np.float64)
    if len(power) < _LEAST_FRAMES or not np.all(power.sum(axis=1) > 0):
        return False
    mean = power.mean(axis=0)
    moves = np.std(10 * np.log10(np.maximum(power, 1e-30)), axis=0) / levels.noise_db
    most = np.full(len(moves), _MORE)
    most[0] = _MORE_LOWEST
    # Low bands have too few bins to tell noise from hum; they may not come and go either.
    telling = (np.diff(levels.edges) >= _TELLING_BINS) & (mean > mean.max() * 10 ** (_EMPTY_DB / 10))
    return bool(telling.any() and np.all(moves[telling] >= _LESS) and np.all(moves <= most))
