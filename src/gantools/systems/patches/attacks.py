"""Attacks of bands that are played from different places: together, or they are no attacks."""

from __future__ import annotations

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.structure.splice import cut

#: Attacks are placed on a grid of 2 ms.
_GRID_HZ = 500
_WINDOW_SECONDS, _RISE_STEPS = 0.012, 5
_BANDS, _LOWEST_HZ, _RANGE_DB = 12, 40.0, 50.0
#: What rises less than this many times the mean is no attack.
_LINE = 1.5
#: Weight beside the agreement of waveforms, both 1 at most: with 1 jazz has a little less, with 4 partials break.
_WEIGHT = 2.0


class Attacks:
    """Where a clip and each of its bands attack.

    Parameters
    ----------
    clip : float32 array (channels, n)
    bands : list of float32 arrays (channels, n)
    rate_hz : int
    """

    def __init__(self, clip: np.ndarray, bands: list[np.ndarray], rate_hz: int) -> None:
        self.step = max(1, round(rate_hz / _GRID_HZ))
        self._all = steep_rises(clip.mean(0, dtype=np.float32), rate_hz, self.step)
        self._own = [steep_rises(band.mean(0, dtype=np.float32), rate_hz, self.step) for band in bands]

    def heard(self, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return the attacks of pieces in a row, float32 (steps,); starts and lengths are in samples."""
        played = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)[:: self.step]
        places = np.round((played + np.arange(len(played)) * self.step) / self.step).astype(np.int64)
        return np.asarray(np.where((places >= 0) & (places < len(self._all)),
                                   self._all[np.clip(places, 0, len(self._all) - 1)], 0))  # fmt: skip

    def meeting(self, band: int, wanted: np.ndarray, start: int, at: int, length: int, align: int) -> np.ndarray:
        """Return how well the attacks of a piece of a band meet wanted ones, for each shift of the piece.

        A correlation, and less where there are fewer attacks than usual: then waveforms have the say.

        Parameters
        ----------
        band : int
        wanted : float32 array (steps,)
            See `heard`.
        start, at, length : int
            Where in the clip the piece begins, and where it is played, in samples.
        align : int
            Shifts go up to so many samples either way.

        Returns
        -------
        float64 array (2 * align + 1,)
        """
        own, step = self._own[band], self.step
        reach = -(-align // step)
        first, last = -(-at // step), -(-(at + length) // step)
        goal = wanted[first:last]
        if not len(goal):
            return np.zeros(2 * align + 1)
        begin = round((first * step - at + start) / step)
        near = cut(own[None], begin - reach, len(goal) + 2 * reach)[0]
        least = 0.5 * float(np.sqrt(len(goal) * np.mean(np.square(own)))) + 1e-9
        norm = max(float(np.linalg.norm(goal)), least) * max(float(np.linalg.norm(near)), least)
        scores = np.correlate(near, goal, "valid") / norm
        shifts = np.arange(-align, align + 1) / step
        return np.asarray(_WEIGHT * np.interp(shifts, np.arange(-reach, reach + 1), scores))


def steep_rises(wave: np.ndarray, rate_hz: int, step: int) -> np.ndarray:
    """Return by how much levels rise within 10 ms, the mean over 12 mel bands, less half as much again as the mean.

    Parameters
    ----------
    wave : float32 array (n,)
    step : int
        Samples from one value to the next.

    Returns
    -------
    float32 array (n // step,)
        0 where nothing attacks.
    """
    window = round(_WINDOW_SECONDS * rate_hz) // 2 * 2
    params = MelParams(sample_rate_hz=rate_hz, n_fft=window, hop_samples=step, n_mels=_BANDS,
                       fmin_hz=_LOWEST_HZ, fmax_hz=rate_hz / 2)  # fmt: skip
    levels = mel_db(np.ascontiguousarray(wave), params)[: len(wave) // step]
    levels = np.maximum(levels, levels.max() - np.float32(_RANGE_DB))
    rises = np.zeros(len(levels), np.float32)
    steep = np.maximum(levels[_RISE_STEPS:] - levels[:-_RISE_STEPS], 0).mean(1)
    rises[_RISE_STEPS // 2 : _RISE_STEPS // 2 + len(steep)] = steep
    return np.maximum(rises - np.float32(_LINE) * rises.mean(), 0)
