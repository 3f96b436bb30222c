"""Distances between all vectors of two sets, block by block, so that memory does not grow with their product."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_BLOCK_ROWS = 1024


def squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield squared distances (rows, m) of blocks of rows of `a` (n, d) to all of `b` (m, d), with the first row.

    Rounding may leave the distance of equal vectors just below 0.
    """
    # |a|^2 - 2ab + |b|^2 as one product of matrices: passes over all pairs cost more than it.
    left = np.column_stack([-2 * a, np.square(a).sum(axis=1), np.ones(len(a))])
    right = np.column_stack([b, np.ones(len(b)), np.square(b).sum(axis=1)]).T
    for first in range(0, len(a), _BLOCK_ROWS):
        yield first, left[first : first + _BLOCK_ROWS] @ right
