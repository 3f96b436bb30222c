"""Pitch statistics of sets of sounds: where the pitch lies, how far it spreads, and how much is pitched at all.

Two sets of statistics. Over voiced frames, in octaves: what a listener would call register and range. And over all
frames, ungated, in log10 Hz, as the evaluation script of the paper on clips of electronic music has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.mel import hann_window
from gantools.metrics.pitch.crepe import WINDOW_SAMPLES

#: Frames this far below the loudest frame of a sound have no spectral centroid worth averaging.
_CENTROID_RANGE_DB = 60.0
_BLOCK_FRAMES = 512


@dataclass(frozen=True)
class PitchTrack:
    """What was measured of one sound, frame by frame.

    Attributes
    ----------
    hz, periodicity : float64 arrays (frames,)
    centroid_hz : float64 array (frames that sound,)
        Spectral centroid.
    """

    hz: np.ndarray
    periodicity: np.ndarray
    centroid_hz: np.ndarray


def spectral_centroid_hz(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the power-weighted mean frequency of frames of 1024 samples every 256, where they sound; (frames,)."""
    windows = sliding_window_view(wave.astype(np.float32), WINDOW_SAMPLES)[:: WINDOW_SAMPLES // 4]
    bins_hz = np.linspace(0.0, rate_hz / 2, WINDOW_SAMPLES // 2 + 1)
    totals, sums = [], []
    for first in range(0, len(windows), _BLOCK_FRAMES):
        spectrum = fft.rfft(windows[first : first + _BLOCK_FRAMES] * hann_window(WINDOW_SAMPLES), axis=1)
        power = np.square(np.abs(spectrum), dtype=np.float64)
        totals.append(power.sum(axis=1))
        sums.append(power @ bins_hz)
    total, weighted = np.concatenate(totals), np.concatenate(sums)
    sounds = total > max(float(total.max()) * 10 ** (-_CENTROID_RANGE_DB / 10), 1e-20)
    return weighted[sounds] / total[sounds]


def statistics(tracks: Sequence[PitchTrack], voiced: float) -> dict[str, float]:
    """Return the statistics of the frames of all tracks together.

    Parameters
    ----------
    tracks : sequence of PitchTrack
    voiced : float
        Periodicity from which a frame counts as voiced.

    Returns
    -------
    dict of str to float
        ``geo_mean_hz`` and ``spread_oct``: geometric mean and standard deviation in octaves of voiced frames (NaN
        without any); ``voiced``: their share; ``log10_mean``, ``log10_sd``: of log10 Hz of all frames; ``hz_mean``,
        ``hz_sd``: of Hz of all frames; ``centroid_mean_hz``, ``centroid_sd_hz``.
    """
    hz = np.concatenate([track.hz for track in tracks])
    periodicity = np.concatenate([track.periodicity for track in tracks])
    centroid = np.concatenate([track.centroid_hz for track in tracks])
    gate = periodicity >= voiced
    octaves = np.log2(hz[gate])
    mean, sd = _mean_sd(octaves)
    log_mean, log_sd = _mean_sd(np.log10(hz))
    hz_mean, hz_sd = _mean_sd(hz)
    centroid_mean, centroid_sd = _mean_sd(centroid)
    return {
        "geo_mean_hz": float(2.0**mean),
        "spread_oct": sd,
        "voiced": float(gate.mean()),
        "log10_mean": log_mean,
        "log10_sd": log_sd,
        "hz_mean": hz_mean,
        "hz_sd": hz_sd,
        "centroid_mean_hz": centroid_mean,
        "centroid_sd_hz": centroid_sd,
    }


def averaged(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean over files of each statistic, where it could be measured; that of pitches in octaves."""
    result = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        values = values[np.isfinite(values)]
        if name == "geo_mean_hz":
            result[name] = float(2.0 ** _mean_sd(np.log2(values))[0])
        else:
            result[name] = _mean_sd(values)[0]
    return result


def _mean_sd(values: np.ndarray) -> tuple[float, float]:
    return (float(values.mean()), float(values.std())) if len(values) else (float("nan"), float("nan"))
