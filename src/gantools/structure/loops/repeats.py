"""Where a piece itself says that bars are a loop: they come again at once, and are made of a shorter phrase.

Known loops of 8 and 16 bars are rare. A piece that plays the same bars twice in a row, as GigaMIDI's method of finding
loops looks for, tells as surely as a label; and it tells it by bars outside the window, which a detector never sees.
"""

from __future__ import annotations

import numpy as np

#: How alike the bars of a window and those that follow must be, on average and at least.
SAME_MEAN, SAME_LEAST = 0.9, 0.6
#: How alike the phrases that make up a loop must be, on average and at least: the least lets fills pass.
INNER_MEAN, INNER_LEAST = 0.8, 0.5
_PHRASES = (1, 2, 4, 8)


def repeating(likeness: np.ndarray, usable: np.ndarray, bars: int) -> np.ndarray:
    """Return the first bars of windows that come again at once, int64 rising.

    Parameters
    ----------
    likeness : float array (m, m)
        How alike the bars of the piece are: correlations of kind ``grid``.
    usable : bool array (m,)
        Whether a bar sounds, and is in the right meter.
    bars : int
        Of a window.
    """
    starts = np.arange(max(0, len(likeness) - 2 * bars + 1))
    if not len(starts):
        return starts
    again = np.diagonal(likeness, bars)
    windows = np.lib.stride_tricks.sliding_window_view(again, bars)
    whole = np.lib.stride_tricks.sliding_window_view(usable, 2 * bars).all(axis=1)
    return starts[whole & (windows.mean(axis=1) >= SAME_MEAN) & (windows.min(axis=1) >= SAME_LEAST)]


def inner_likeness(likeness: np.ndarray, starts: np.ndarray, bars: int) -> np.ndarray:
    """Return how alike the phrases are that windows consist of, float64 (n,).

    For phrases of 1, 2, 4 or 8 bars, at most half of the window: the mean likeness of bars a phrase apart, of the
    length that gives most; -1 where for each length two such bars differ too much.
    """
    best = np.full(len(starts), -1.0)
    for phrase in (length for length in _PHRASES if length <= bars // 2):
        apart = np.diagonal(likeness, phrase)
        if len(apart) < bars - phrase or not len(starts):
            continue
        windows = np.lib.stride_tricks.sliding_window_view(apart, bars - phrase)[starts]
        mean = np.where(windows.min(axis=1) >= INNER_LEAST, windows.mean(axis=1), -1.0)
        best = np.maximum(best, mean)
    return best


def find_loops(likeness: np.ndarray, usable: np.ndarray, bars: int) -> np.ndarray:
    """Return the first bars of the loops of a piece: windows that come again at once and repeat a shorter phrase.

    A window of 8 bars that comes again without repeating anything within itself is a loop to a listener. To who sees
    its bars alone it is like any other music, so it is none here.
    """
    starts = repeating(likeness, usable, bars)
    return starts[inner_likeness(likeness, starts, bars) >= INNER_MEAN]


def distinct(correlations: np.ndarray, least: float = 0.02) -> np.ndarray:
    """Return which of some phrases' correlations (n, pairs) to keep so that any two differ by `least` on average.

    A section of 60 equal bars is one loop, not 50.
    """
    kept: list[int] = []
    for index, row in enumerate(correlations):
        if not kept or np.abs(correlations[kept] - row).mean(axis=1).min() > least:
            kept.append(index)
    return np.array(kept, np.int64)
