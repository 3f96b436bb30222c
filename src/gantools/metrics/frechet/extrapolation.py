"""How sure a Fréchet distance is: its limit for endless material (FAD-infinity) and bootstrap intervals.

With few vectors the distance is too large, by about c / n. Chong and Forsyth ("Effectively unbiased FID and Inception
score and where to find them", CVPR 2020) measure it at several n and extrapolate along 1/n; Gui et al. ("Adapting
Fréchet audio distance for generative music evaluation", ICASSP 2024) carry that to audio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.errors import InputError
from gantools.metrics.frechet.distance import frechet_distance

SIZES = 15
DRAWS_PER_SIZE = 5
SMALLEST_SIZE = 50
LEAST_VECTORS = 100
BOOTSTRAP_DRAWS = 300
BLOCK_VECTORS = 8
_CORE_SHARE = 0.99
_LEFT_OUT_SHARE = 1e-6
_NORMAL_95 = 1.96


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class FadInfinity:
    """Line through distances over 1/n.

    Attributes
    ----------
    limit : Interval
        The intercept: the distance that endless material of the same kind would have.
    slope : float
        Growth of the distance with 1/n.
    r_squared : float
        Share of the variation over the draws that the line explains. It is low where the distance hardly depends
        on n, which is no fault.
    core_axes : int
        Principal axes that hold 99 % of the variance; they set how many vectors are needed.
    sizes, distances : tuple
        The draws, for a plot.
    """

    limit: Interval
    slope: float
    r_squared: float
    core_axes: int
    sizes: tuple[int, ...]
    distances: tuple[float, ...]


def core_axes(a: np.ndarray, b: np.ndarray) -> int:
    """Return how many principal axes hold 99 % of the variance of both sets together."""
    spread = np.linalg.svd(_centred(a, b), compute_uv=False) ** 2
    return _axes_holding(spread, _CORE_SHARE)


def _centred(*sets: np.ndarray) -> np.ndarray:
    every = np.concatenate(sets).astype(np.float64)
    return every - every.mean(0)


def _axes_holding(spread: np.ndarray, share: float) -> int:
    return 1 + int(np.count_nonzero(np.cumsum(spread) < share * spread.sum()))


def reduced(*sets: np.ndarray) -> list[np.ndarray]:
    """Turn sets into their common principal axes, without those that hold the last millionth of the variance.

    Distances change by about a millionth of the variance, and hundreds of them become cheap: 753 values of MusiCNN
    become about 200.
    """
    every = _centred(*sets)
    _, spread, axes = np.linalg.svd(every, full_matrices=False)
    turned = every @ axes[: _axes_holding(spread**2, 1.0 - _LEFT_OUT_SHARE)].T
    return np.split(turned, np.cumsum([len(one) for one in sets])[:-1])


def blocks_of(groups: np.ndarray) -> list[np.ndarray]:
    """Indices of neighbouring vectors, at most `BLOCK_VECTORS` of one group each."""
    edges = 1 + np.flatnonzero(np.diff(groups))
    runs = np.split(np.arange(len(groups)), edges)
    return [block for run in runs for block in np.array_split(run, -(-len(run) // BLOCK_VECTORS))]


def bootstrap_interval(
    a: np.ndarray, b: np.ndarray, groups_a: np.ndarray, groups_b: np.ndarray, seed: int = 0
) -> Interval:
    """Fréchet distance with a 95 % block-bootstrap interval.

    Patches of music that overlap or follow each other are alike, so blocks of up to eight neighbours are drawn,
    with replacement, in both sets. A draw repeats vectors and is biased upwards as a smaller set would be; the
    interval therefore carries the spread of the draws around their own mean over to the measured distance.
    It says how much other excerpts of these files would change it, not what other songs would give.

    Parameters
    ----------
    a, b : numpy.ndarray
        (n, d) and (m, d).
    groups_a, groups_b : numpy.ndarray
        (n,) and (m,), which file each vector comes from, in order.
    seed : int

    Returns
    -------
    Interval
    """
    distance = frechet_distance(a, b)
    low_a, low_b = reduced(a, b)
    blocks_a, blocks_b = blocks_of(groups_a), blocks_of(groups_b)
    random = np.random.default_rng(seed)
    draws = np.empty(BOOTSTRAP_DRAWS)
    for i in range(BOOTSTRAP_DRAWS):
        rows_a = np.concatenate([blocks_a[j] for j in random.integers(len(blocks_a), size=len(blocks_a))])
        rows_b = np.concatenate([blocks_b[j] for j in random.integers(len(blocks_b), size=len(blocks_b))])
        draws[i] = frechet_distance(low_a[rows_a], low_b[rows_b])
    low, high = np.percentile(draws, [2.5, 97.5]) - draws.mean()
    return Interval(distance, max(0.0, distance + float(low)), distance + float(high))


def fad_infinity(a: np.ndarray, b: np.ndarray, measured: Interval, seed: int = 0) -> FadInfinity:
    """Fréchet distance extrapolated to endless material.

    At each of 15 sizes n, five random draws of n vectors without replacement from both sets give a distance; least
    squares on 1/n gives the limit. The line holds once n is well above the number of axes along which the vectors
    really vary (99 % of the variance), which for MusiCNN on music is 30 to 80, far below its 753 values. In a
    simulation with the covariances of real drums and vocals the limit was unbiased from 300 vectors on.

    Parameters
    ----------
    a, b : numpy.ndarray
        (n, d) and (m, d).
    measured : Interval
        What `bootstrap_interval` gave for the same sets; its width goes into that of the limit.
    seed : int

    Returns
    -------
    FadInfinity
        The interval of its limit covers the error of the line and that of the material.

    Raises
    ------
    InputError
        If a set is smaller than 100 or three times the number of axes.
    """
    axes = core_axes(a, b)
    available, needed = min(len(a), len(b)), max(3 * axes, LEAST_VECTORS)
    if available < needed:
        raise InputError(
            f"FAD-infinity needs {needed} vectors in each set, the smaller has {available}; "
            "give more audio or a smaller hop"
        )
    low_a, low_b = reduced(a, b)
    random = np.random.default_rng(seed)
    sizes, distances = [], []
    # From twice the number of axes on: below, the bias no longer goes with 1 / n.
    for size in np.linspace(max(2 * axes, SMALLEST_SIZE), available, SIZES).round().astype(int):
        for _ in range(DRAWS_PER_SIZE):
            rows_a = random.choice(len(a), size, replace=False)
            rows_b = random.choice(len(b), size, replace=False)
            sizes.append(int(size))
            distances.append(frechet_distance(low_a[rows_a], low_b[rows_b]))
    intercept, slope, error, r_squared = _line(1.0 / np.array(sizes), np.array(distances))
    # The two errors are taken as independent, so their squares add.
    half = np.hypot(_NORMAL_95 * error, (measured.high - measured.low) / 2)
    limit = Interval(intercept, intercept - float(half), intercept + float(half))
    return FadInfinity(limit, slope, r_squared, axes, tuple(sizes), tuple(distances))


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float, float]:
    """Least squares: intercept, slope, standard error of the intercept, R squared."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    intercept = float(y.mean() - slope * x.mean())
    residual = float(np.sum((y - intercept - slope * x) ** 2))
    error = np.sqrt(residual / (len(x) - 2) * (1 / len(x) + x.mean() ** 2 / (centred @ centred)))
    total = float(np.sum((y - y.mean()) ** 2))
    return intercept, slope, float(error), 1.0 - residual / total if total > 0 else 1.0
