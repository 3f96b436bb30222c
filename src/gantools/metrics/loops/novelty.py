"""How far phrases lie from what a model learned from: a model that copies its training set is worth nothing.

The distance of two phrases is the number of cells of the roll in which they differ. As a copy in another key is a copy,
the basses are also compared from their lowest note on, and the smaller distance counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gantools.symbolic.roll import DRUM_ROWS

_BLOCK = 2048


def in_one_key(sounding: np.ndarray) -> np.ndarray:
    """Return rolls, bool (n, steps, 57), with each bass moved so that its lowest note is in the lowest column."""
    moved = sounding.copy()
    bass = sounding[:, :, DRUM_ROWS:]
    used = np.asarray(bass.any(axis=1))
    # Of no note at all the first column is the lowest.
    lowest = used.argmax(axis=1)
    for shift in np.unique(lowest).tolist():
        of_this = lowest == shift
        moved[of_this, :, DRUM_ROWS:] = np.roll(bass[of_this], -shift, axis=2)
    return moved


def nearest_cells(
    sounding: np.ndarray, count: int, others: Callable[[slice], np.ndarray], *, block: int = _BLOCK
) -> np.ndarray:
    """Return the distance of each phrase to the nearest of some others, in cells, int64 (n,).

    Parameters
    ----------
    sounding : bool array (n, steps, 57)
    count : int
        How many others there are, at least 1.
    others : callable
        A range of them to what sounds in them, bool (m, steps, 57).
    block : int
        Phrases of each side at a time.
    """
    nearest = np.full(len(sounding), np.iinfo(np.int64).max)
    for at in range(0, count, block):
        there = others(slice(at, min(at + block, count)))
        keyed, sizes = in_one_key(there), there.sum(axis=(1, 2))
        for first in range(0, len(sounding), block):
            here = sounding[first : first + block]
            drums = _shared(here[:, :, :DRUM_ROWS], there[:, :, :DRUM_ROWS])
            bass = _shared(here[:, :, DRUM_ROWS:], there[:, :, DRUM_ROWS:])
            moved = _shared(in_one_key(here)[:, :, DRUM_ROWS:], keyed[:, :, DRUM_ROWS:])
            both = drums + np.maximum(bass, moved)
            apart = here.sum(axis=(1, 2)) + (sizes - 2 * both).min(axis=1)
            part = nearest[first : first + block]
            np.minimum(part, apart.astype(np.int64), out=part)
    return nearest


def _shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how many cells sound in both, of all pairs: float32 (n, m), exact up to 2^24."""
    flat = [plane.reshape(len(plane), -1) for plane in (one, other)]
    used = flat[0].any(axis=0) & flat[1].any(axis=0)
    a, b = (plane[:, used].astype(np.float32) for plane in flat)
    return np.asarray(a @ b.T)
