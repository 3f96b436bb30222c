"""Recognising one recording in two files: by its samples, and by how loud which bands are when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from gantools.audio.resample import resample
from gantools.files.hashing import hash_bytes

_RATE_HZ = 8000
_FRAME = 256  # 32 ms
_BANDS = 12
_LOWEST_HZ = 60.0
_SMOOTH_FRAMES = 12
#: Encoders shift sound by up to 0.1 s and pad its end.
_MOST_SHIFT, _MOST_LONGER = 4, 8
#: Levels this far below the loudest one differ between encoders, and say nothing.
_RANGE_DB = 45.0
#: Mean difference of the levels up to which two files are one recording.
_SAME_DB = 1.2
_LEAST_FRAMES = 8
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What one recording is known by.

    Attributes
    ----------
    digest : str
        Hash of the decoded samples: equal in files of different lossless formats.
    levels_db : float16 array (frames, bands)
        Relative to the loudest, every 32 ms; similar after a lossy encoder, another rate, another gain or one channel.
    """

    digest: str
    levels_db: np.ndarray

    def sounds_like(self, other: Fingerprint) -> bool:
        """Return whether two files hold the same recording: all of it, from the same beginning to the same end."""
        if self.digest == other.digest:
            return True
        count = min(len(self.levels_db), len(other.levels_db))
        if count < _LEAST_FRAMES or abs(len(self.levels_db) - len(other.levels_db)) > _MOST_LONGER:
            return False
        return any(
            _difference_db(self.levels_db[max(shift, 0) :], other.levels_db[max(-shift, 0) :]) <= _SAME_DB
            for shift in range(-_MOST_SHIFT, _MOST_SHIFT + 1)
        )


def fingerprint(wave: np.ndarray, rate_hz: int, samples: np.ndarray | None = None) -> Fingerprint:
    """Return the fingerprint of a recording.

    Parameters
    ----------
    wave : float array (channels, n)
    rate_hz : int
    samples : array, optional
        What to hash instead, where the caller has the samples in another form.
    """
    hashed = np.ascontiguousarray(wave if samples is None else samples)
    mono = np.ascontiguousarray(wave.mean(axis=0, dtype=np.float32))
    mono = resample(mono, rate_hz, _RATE_HZ, quality="rough")
    frames = mono[: len(mono) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)))
    edges = np.geomspace(_LOWEST_HZ, _RATE_HZ / 2, _BANDS + 1) / _RATE_HZ * _FRAME
    bins = np.unique(np.round(edges).astype(int))
    # reduceat takes its last band to the end of the array, which is therefore cut at the last edge.
    bands = np.add.reduceat(power[:, : bins[-1]], bins[:-1], axis=1)
    smooth = uniform_filter1d(bands.astype(np.float64), _SMOOTH_FRAMES, axis=0, mode="nearest")
    levels = 10 * np.log10(np.maximum(smooth, 1e-12) / max(float(smooth.max(initial=0.0)), 1e-12))
    return Fingerprint(hash_bytes(hashed.tobytes()), np.maximum(levels, -_RANGE_DB).astype(np.float16))


def _difference_db(one: np.ndarray, two: np.ndarray) -> float:
    count = min(len(one), len(two))
    a, b = one[:count].astype(np.float32), two[:count].astype(np.float32)
    heard = np.maximum(a, b) > -_RANGE_DB
    return float(np.abs(a - b)[heard].mean()) if heard.any() else float("inf")


def twins(prints: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Return the groups of names, each of two or more in the given order, whose files hold the same recording."""
    groups: list[list[str]] = []
    for name, own in prints.items():
        for group in groups:
            if own.sounds_like(prints[group[0]]):
                group.append(name)
                break
        else:
            groups.append([name])
    return [group for group in groups if len(group) > 1]


def describe_twins(groups: Sequence[Sequence[str]], what: str = "they stay on one side of the split") -> list[str]:
    """Return a sentence on recordings that are there more than once, or none; `what` says what becomes of them."""
    shown = "; ".join(" = ".join(group) for group in groups[:_SHOWN])
    more = f"; and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return [f"the same recording more than once: {shown}{more}; {what}"] if groups else []
