"""Kernel audio distance: the maximum mean discrepancy of two sets of embeddings, which takes neither for a Gaussian.

Chung et al., "KAD: No more FAD! An effective and efficient evaluation metric for audio generation", arXiv 2502.15602,
2025, with the unbiased estimator of Gretton et al., "A kernel two-sample test", JMLR 13, 2012, lemma 6.
"""

from __future__ import annotations

import numpy as np

from gantools.errors import InputError
from gantools.metrics.embedders.distances import squared_distances
from gantools.metrics.frechet.extrapolation import BOOTSTRAP_DRAWS, Interval, blocks_of

#: The paper's factor, which brings values of music to the order of 1.
SCALE = 100.0
#: The median is taken over the pairs of so many real vectors at most, evenly spread.
_MOST_FOR_MEDIAN = 2000


def median_bandwidth(real: np.ndarray) -> float:
    """Return the median distance between two different vectors of the real set (n, d), the paper's bandwidth.

    Raises
    ------
    InputError
        More than half of the pairs are equal, or there are fewer than two vectors.
    """
    _check("real", real)
    rows = np.linspace(0, len(real) - 1, min(len(real), _MOST_FOR_MEDIAN)).round().astype(int)
    some = _centred(real[rows], real)
    squares = np.concatenate([values for _, values in squared_distances(some, some)])
    median = float(np.median(squares[np.triu_indices(len(some), 1)]))
    if not median > 1e-12 * float(np.square(some).sum(1).mean()):
        raise InputError("most of the real windows are equal; a kernel distance has no bandwidth there")
    return float(np.sqrt(median))


class KernelDistance:
    """Kernel audio distances to a real set.

    Parameters
    ----------
    real : numpy.ndarray
        Embeddings (m, d), two at least.
    groups : numpy.ndarray, optional
        (m,), which file each comes from, in order; for the interval. By default each is a file of its own.
    """

    def __init__(self, real: np.ndarray, groups: np.ndarray | None = None) -> None:
        self.bandwidth = median_bandwidth(real)
        self._real = real
        self._blocks = _blocks(real, groups)
        self._within = _BlockSums(real, real, self._blocks, self._blocks, self.bandwidth)

    def to(self, generated: np.ndarray) -> float:
        """Return the distance of generated embeddings (n, d): 100 times the unbiased squared discrepancy.

        About 0 for sets of one law, and then below 0 as often as above.
        """
        return self.interval(generated, draws=0).value

    def interval(
        self, generated: np.ndarray, groups: np.ndarray | None = None, seed: int = 0, draws: int = BOOTSTRAP_DRAWS
    ) -> Interval:
        """Return the distance with a 95 % block-bootstrap interval, as `bootstrap_interval` makes them.

        Pairs between two copies of a block are left out of a draw, as those of a vector with itself are of the
        distance: else each draw would be nearer to itself than any music is.
        """
        _check("generated", generated)
        blocks = _blocks(generated, groups)
        own = _BlockSums(generated, generated, blocks, blocks, self.bandwidth)
        across = _BlockSums(generated, self._real, blocks, self._blocks, self.bandwidth)

        def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            between = np.einsum("ki,ij,kj->k", a, across.sums, b) / ((a @ own.sizes) * (b @ self._within.sizes))
            return SCALE * (own.mean_within(a) + self._within.mean_within(b) - 2 * between)

        counts = np.ones((1, len(own.sizes))), np.ones((1, len(self._within.sizes)))
        value = float(distances(*counts)[0])
        if not draws:
            return Interval(value, value, value)
        random = np.random.default_rng(seed)
        drawn = [
            random.multinomial(one.shape[1], np.full(one.shape[1], 1 / one.shape[1]), draws).astype(float)
            for one in counts
        ]
        made = distances(*drawn)
        made = made[np.isfinite(made)]
        low, high = np.percentile(made, [2.5, 97.5]) - made.mean()
        return Interval(value, value + float(low), value + float(high))


class _BlockSums:
    """Sums of the kernel over the pairs of each two blocks of two sets, and what is in a block alone."""

    def __init__(
        self, a: np.ndarray, b: np.ndarray, blocks_a: np.ndarray, blocks_b: np.ndarray, bandwidth: float
    ) -> None:
        centre = b.mean(axis=0, dtype=np.float64)
        rows = []
        for _, squares in squared_distances(a - centre, b - centre):
            kernel = np.exp(-np.maximum(squares, 0.0) / (2 * bandwidth**2))
            rows.append(np.add.reduceat(kernel, blocks_b, axis=1))
        self.sums = np.add.reduceat(np.concatenate(rows), blocks_a, axis=0)
        self.sizes = np.diff(np.append(blocks_a, len(a))).astype(float)

    def mean_within(self, counts: np.ndarray) -> np.ndarray:
        """Return the mean over pairs of different vectors, of blocks drawn so many times: (draws, blocks) -> (draws,).

        Both sets are one. The kernel of a vector with itself is 1, which is what the diagonal holds too much.
        """
        inner = np.diag(self.sums)
        sums = np.einsum("ki,ij,kj->k", counts, self.sums, counts) - counts**2 @ inner + counts @ (inner - self.sizes)
        sizes = (counts @ self.sizes) ** 2 - counts**2 @ self.sizes**2 + counts @ (self.sizes * (self.sizes - 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums / sizes)


def _blocks(vectors: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Return where each block of neighbouring vectors begins, int64 (blocks,)."""
    runs = blocks_of(np.arange(len(vectors)) if groups is None else groups)
    return np.array([run[0] for run in runs], np.int64)


def _centred(vectors: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Return vectors around the mean of a set: distances stay, and their rounding errors become small."""
    return np.asarray(vectors - around.mean(axis=0, dtype=np.float64))


def _check(name: str, vectors: np.ndarray) -> None:
    if len(vectors) < 2:
        raise InputError(f"{len(vectors)} {name} window(s); a kernel distance needs two at least, give more audio")
    if not np.isfinite(vectors).all():
        raise InputError(f"the {name} embeddings hold NaN or infinite values; leave out the broken audio")
