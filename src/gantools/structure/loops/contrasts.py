"""What is no loop, made of real pieces: shuffled bars, windows over a change of section, bars from all over a piece.

A one-class detector never learns from these; they tell how well it separates. All are given as numbers of bars of a
piece, so that they serve for sound and for notes.
"""

from __future__ import annotations

import numpy as np

#: A shuffled loop must look different, by so much on average, or it is the same loop.
_MOVED = 0.1
#: No bar behind a change of section is as like as this to one before it.
_OTHER = 0.6
#: No two bars of through-composed music are as like as this.
_UNLIKE = 0.9
_TRIES = 200


def shuffled(likeness: np.ndarray, windows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return loops (n, bars) with their bars in another order; those of equal bars throughout have none."""
    made = []
    for window in windows:
        before = likeness[np.ix_(window, window)]
        for _ in range(20):
            order = random.permutation(window)
            if np.abs(likeness[np.ix_(order, order)] - before).mean() > _MOVED:
                made.append(order)
                break
    return _stacked(made, windows.shape[1])


def straddling(likeness: np.ndarray, windows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return windows over a change from one loop of a piece to another, cut anywhere 2 bars from the ends or more.

    The end of one loop is followed by the start of another in which no bar is like those before.
    """
    bars, made = windows.shape[1], []
    for window in windows:
        for _ in range(30):
            other, cut = windows[random.integers(len(windows))], int(random.integers(2, bars - 1))
            before, after = window[cut:], other[:cut]
            if likeness[np.ix_(before, after)].max() < _OTHER:
                made.append(np.concatenate([before, after]))
                break
    return _stacked(made, bars)


def through_composed(
    likeness: np.ndarray, usable: np.ndarray, bars: int, count: int, random: np.random.Generator
) -> np.ndarray:
    """Return windows of bars from all over a piece, no two of which are alike; fewer than `count` where it has none."""
    places, made = np.flatnonzero(usable), []
    for _ in range(count if len(places) >= bars else 0):
        for _ in range(_TRIES):
            window = random.choice(places, bars, replace=False)
            found = likeness[np.ix_(window, window)]
            if found[np.triu_indices(bars, 1)].max() < _UNLIKE:
                made.append(window)
                break
        else:
            break
    return _stacked(made, bars)


def _stacked(windows: list[np.ndarray], bars: int) -> np.ndarray:
    return np.array(windows, np.int64).reshape(-1, bars)
