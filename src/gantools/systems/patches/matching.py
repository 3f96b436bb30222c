"""Patches of feature sequences: the coarse-to-fine nearest-neighbour synthesis of Granot et al. (CVPR 2022).

A sequence has the shape (frames, features); a patch is eight neighbouring frames of a sequence whose frames have been
averaged in groups, so patches of a coarse level last long and those of a fine level are short.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

PATCH_FRAMES = 8
#: Queries compared with all keys at once.
_BLOCK_QUERIES = 512
#: Distances that are kept, 16 MB: all of 30 s against 30 s.
_MOST_KEPT = 1 << 22


def synthesise(
    frames: np.ndarray,
    count: int,
    pools: Sequence[int],
    random: np.random.Generator,
    *,
    alpha: float,
    noise: float,
    iterations: int,
    clock: np.ndarray | None = None,
) -> np.ndarray:
    """Return a new sequence whose patches of all levels are those of another one.

    Parameters
    ----------
    frames : float32 array (n, features)
        The real sequence, features of unit variance or less.
    count : int
        Frames to make.
    pools : sequence of int
        Frames averaged to one at each level, falling. The coarsest level begins with shuffled pieces of the real one.
    random : numpy.random.Generator
    alpha : float
        Completeness: the smaller, the more must every real patch be used (equation 2).
    noise : float
        Deviation of the noise added to the start; a fifth of it at finer levels.
    iterations : int
        Rounds of matching and averaging at each level but the last, which has one.
    clock : float32 array (count, k), optional
        The last k features, where they are not to be made but are known: the metre.

    Returns
    -------
    float32 array (count, features)
    """
    made = np.zeros((0, frames.shape[1]), np.float32)
    before = 0
    for pool in pools:
        # Coarse to fine: the coarsest level begins with shuffled pieces of the real sequence, every other one with what
        # the level above has made. Noise moves it off the patches that it came from.
        keys, size = pooled(frames, pool), -(-count // pool)
        last = pool == pools[-1]
        made = stretched(made, size, before / pool) if before else shuffled_pieces(keys, size, random)
        strength = noise if not before else 0.2 * noise
        made = made + np.float32(strength) * random.standard_normal(made.shape, np.float32)
        # Every patch becomes its nearest real one, and overlapping patches are averaged: again and again, until what
        # was shuffled has found an order that the real sequence knows.
        for _ in range(1 if last else iterations):
            if clock is not None:
                made[:, -clock.shape[1] :] = stretched(clock, size, 1 / pool)
            made = averaged(keys, nearest(made, keys, alpha), len(made))
        before = pool
    made = stretched(made, count, float(before))
    if clock is not None:
        made[:, -clock.shape[1] :] = clock
    return made


def pooled(frames: np.ndarray, pool: int) -> np.ndarray:
    """Return the means of groups of frames; a last group that is not full is left out unless it is the only one."""
    groups = len(frames) // pool
    if groups == 0:
        return frames.mean(0, keepdims=True)
    return np.asarray(frames[: groups * pool].reshape(groups, pool, -1).mean(1))


def stretched(frames: np.ndarray, size: int, ratio: float) -> np.ndarray:
    """Return `size` frames, `ratio` for each given one, by linear interpolation between the middles of frames."""
    position = np.clip((np.arange(size) + 0.5) / ratio - 0.5, 0, len(frames) - 1)
    low = position.astype(np.int64)
    share = (position - low).astype(np.float32)[:, None]
    return np.asarray(frames[low] * (1 - share) + frames[np.minimum(low + 1, len(frames) - 1)] * share)


def shuffled_pieces(keys: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Return pieces of half to one patch from anywhere, in a row."""
    pieces, total = [], 0
    while total < size:
        length = int(random.integers(PATCH_FRAMES // 2, PATCH_FRAMES + 1))
        start = int(random.integers(0, max(1, len(keys) - length + 1)))
        pieces.append(keys[start : start + length])
        total += len(pieces[-1])
    return np.concatenate(pieces)[:size]


def nearest(queries: np.ndarray, keys: np.ndarray, alpha: float) -> np.ndarray:
    """Return for each patch of `queries` the first frame of the patch of `keys` with the best score.

    The score is d(q, k) / (alpha + min over q of d(q, k)), d being the mean squared difference (equation 2): a real
    patch that nothing resembles yet is as near as one that is met exactly.

    Returns
    -------
    int64 array (patches,)
        The patch length is that of `PATCH_FRAMES` or of the shorter sequence.
    """
    length = min(PATCH_FRAMES, len(queries), len(keys))
    asked, known = (sliding_window_view(s, length, axis=0).reshape(len(s) - length + 1, -1) for s in (queries, keys))
    known = np.ascontiguousarray(known)
    squares = np.square(known).sum(1)

    def distances(first: int) -> np.ndarray:
        block = asked[first : first + _BLOCK_QUERIES]
        # |q - k|^2 by a matrix product, which rounding may take a little below 0.
        product = squares - 2 * (block @ known.T) + np.square(block).sum(1)[:, None]
        return np.asarray(np.maximum(product, 0) / known.shape[1])

    # The score of any pair needs the nearest query of its key: where there are too many distances to keep, all are
    # worked out twice.
    blocks = range(0, len(asked), _BLOCK_QUERIES)
    kept = [distances(first) for first in blocks] if len(asked) * len(known) <= _MOST_KEPT else None
    least = np.full(len(known), np.inf, np.float32)
    for index, first in enumerate(blocks):
        np.minimum(least, (kept[index] if kept else distances(first)).min(0), out=least)
    return np.concatenate(
        [
            np.argmin((kept[index] if kept else distances(first)) / (alpha + least), axis=1)
            for index, first in enumerate(blocks)
        ]
    )


def averaged(keys: np.ndarray, chosen: np.ndarray, size: int) -> np.ndarray:
    """Return the `size` frames that overlapping patches make, each the mean of those that cover it."""
    total = np.zeros((size, keys.shape[1]), np.float32)
    covers = np.zeros((size, 1), np.float32)
    for frame in range(size - len(chosen) + 1):
        total[frame : frame + len(chosen)] += keys[chosen + frame]
        covers[frame : frame + len(chosen)] += 1
    return total / covers
