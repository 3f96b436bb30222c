"""Whether a part plays where the one that it accompanies rests."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from gantools.metrics.texture.attacks import onset_seconds
from gantools.metrics.texture.spectrum import FRAME_HZ, HOP, RATE_HZ
from gantools.structure.beats import find_beats

#: A rest is so far below the level that the part has when it is loud: bass and vocals are, with their reverberation.
_REST_DB, _LOUD_PERCENTILE = -40.0, 95.0
_SMOOTH_FRAMES = 9
#: Beats that a rest lasts: what is shorter is the end of a note, what is longer a section without the part.
_LEAST_BEATS, _MOST_BEATS = 1.0, 8.0
_TOLERANCE = 0.05
#: An onset this near to an end of a rest belongs to what stands there.
_MARGIN_SECONDS = 0.04


def find_rests(wave: np.ndarray, beat_s: float) -> np.ndarray:
    """Return beginning and end of the rests of a mono wave at 22,050 Hz in seconds, float64 (rests, 2).

    Places 40 dB below the loud ones that last from one beat to two bars of four.
    """
    frames = len(wave) // HOP
    power = np.square(wave[: frames * HOP].reshape(frames, HOP)).mean(axis=1, dtype=np.float64)
    power = uniform_filter1d(power, _SMOOTH_FRAMES, mode="nearest")
    silent = power <= np.percentile(power, _LOUD_PERCENTILE) * 10 ** (_REST_DB / 10)
    changes = np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8))
    spans = np.stack([np.flatnonzero(changes > 0), np.flatnonzero(changes < 0)], axis=1) / FRAME_HZ
    beats = (spans[:, 1] - spans[:, 0]) / beat_s
    return np.asarray(spans[(beats >= _LEAST_BEATS - _TOLERANCE) & (beats <= _MOST_BEATS + _TOLERANCE)])


def rests_played(wave: np.ndarray, other: np.ndarray, bpm: float | None = None) -> tuple[int, int]:
    """Return in how many rests of `other` something begins in `wave`, and how many rests there are.

    Parameters
    ----------
    wave, other : float32 arrays (n,)
        Mono at 22,050 Hz, beginning together; of the longer one the rest counts for nothing.
    bpm : float, optional
        By default the tempo is heard in both together.
    """
    length = min(len(wave), len(other))
    peaks = [float(np.abs(one[:length]).max(initial=0.0)) for one in (wave, other)]
    if length < RATE_HZ or not min(peaks) > 0:
        return 0, 0
    # The tempo is that of both, however loud each is.
    wave, other = wave[:length] / np.float32(peaks[0]), other[:length] / np.float32(peaks[1])
    beat_s = 60 / find_beats((wave + other)[None], RATE_HZ, bpm).bpm
    rests, starts = find_rests(other, beat_s), onset_seconds(wave)
    inside = (starts[None] > rests[:, :1] + _MARGIN_SECONDS) & (starts[None] < rests[:, 1:] - _MARGIN_SECONDS)
    return int(inside.any(axis=1).sum()), len(rests)
