"""Which onsets of two parts fall together: F-measure of onsets within 50 ms, as MIREX and mir_eval count them.

Raffel et al., "mir_eval: a transparent implementation of common MIR metrics", ISMIR 2014, section 3.2: hits are the
largest matching in which each onset of one part has at most one of the other, no more than 50 ms away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gantools.audio.onset_strength import levelled
from gantools.metrics.rhythm.alignment import onset_envelope
from gantools.structure.curves import onsets

WINDOW_S = 0.05
#: Other windows that each window is set against.
MOST_OTHERS = 20
#: Times are multiples of a frame: what is 50 ms away by rounding alone is within.
_ROUNDING_S = 1e-9


def onset_times(mel_db: np.ndarray, frame_hz: float) -> np.ndarray:
    """Return when sounds begin in a mel window (frames, n_mels) in dB, float64 (onsets,), in seconds.

    Peaks of the onset envelope that stand out of the second around, as everywhere (`gantools.structure.curves`). A
    frame of 23 ms leaves 12 ms of error.
    """
    return np.asarray(onsets(levelled(onset_envelope(mel_db), frame_hz), frame_hz) / frame_hz)


def matched(one: np.ndarray, other: np.ndarray, window_s: float = WINDOW_S) -> int:
    """Return the size of the largest matching of two rising sequences of times in which partners are near each other.

    On a line the greedy matching is the largest: of the earliest two that fit, no other pair makes better use.
    """
    count, i, j = 0, 0, 0
    while i < len(one) and j < len(other):
        apart = one[i] - other[j]
        if abs(apart) <= window_s + _ROUNDING_S:
            count, i, j = count + 1, i + 1, j + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return count


def f_measure(one: np.ndarray, other: np.ndarray, window_s: float = WINDOW_S) -> float:
    """Return twice the hits over all onsets of both parts, in [0, 1]; NaN where neither has any."""
    total = len(one) + len(other)
    return 2 * matched(one, other, window_s) / total if total else math.nan


def coincidence(generated: Sequence[np.ndarray], sources: Sequence[np.ndarray], frame_hz: float) -> dict[str, Any]:
    """Return how far the onsets of windows fall together with those of their sources, and with those of others.

    Parameters
    ----------
    generated, sources : sequence of numpy.ndarray
        Mel windows (frames, n_mels) in dB, pairs in the same order.
    frame_hz : float

    Returns
    -------
    dict
        ``onset_f``, the mean over pairs; ``onset_f_other``, the mean over pairings with up to twenty other windows
        each, which is what chance gives at this density of onsets; NaN where there is no onset.
    """
    own, beside = ([onset_times(mel, frame_hz) for mel in mels] for mels in (generated, sources))
    n = len(own)
    paired = [f_measure(*pair) for pair in zip(own, beside, strict=True)]
    shifts = range(1, min(n - 1, MOST_OTHERS) + 1)
    others = [f_measure(own[i], beside[(i + shift) % n]) for i in range(n) for shift in shifts]
    return {"onset_f": _mean(paired), "onset_f_other": _mean(others)}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan
