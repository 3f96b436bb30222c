"""Precision, recall, density and coverage: whether generated music is real-looking, and whether it shows all kinds.

A Fréchet distance mixes two faults, and a model that makes one good clip for ever can score well. These four tell them
apart, in the space of a network, by balls that reach from each vector to its k-th nearest neighbour in its own set.

Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models", NeurIPS 2019, section 2;
Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gantools.errors import InputError
from gantools.metrics.coverage.config import CoverageConfig
from gantools.metrics.embedders.embedding import describe_sets, embed_set, open_embedder
from gantools.metrics.metric import Conditions, Result
from gantools.report.clip import Clip

FIGURES = ("precision", "recall", "density", "coverage")
_BLOCK_ROWS = 1024


def _squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield squared distances (rows, m) of blocks of rows of `a` (n, d) to all of `b` (m, d), with the first row."""
    squares = np.square(b).sum(axis=1)
    for first in range(0, len(a), _BLOCK_ROWS):
        rows = a[first : first + _BLOCK_ROWS]
        values = squares - 2 * rows @ b.T + np.square(rows).sum(axis=1)[:, None]
        # Rounding may leave the distance of equal vectors just below 0.
        yield first, np.maximum(values, 0.0, out=values)


def ball_radii(vectors: np.ndarray, k: int) -> np.ndarray:
    """Return the distance of each vector to its k-th nearest neighbour in the set, itself left out, float64 (n,)."""
    radii = np.empty(len(vectors))
    for first, values in _squared_distances(vectors, vectors):
        own = np.arange(len(values))
        values[own, first + own] = np.inf
        radii[first : first + len(values)] = np.sqrt(np.partition(values, k - 1, axis=1)[:, k - 1])
    return radii


def prdc(real: np.ndarray, generated: np.ndarray, k: int = 5) -> dict[str, float]:
    """Return precision, recall, density and coverage.

    With ``B(x)`` the closed ball around x up to its k-th nearest neighbour in the set of x:

    - precision: share of generated vectors in a ball of any real one (Kynkäänniemi, eq. 1 and 2);
    - recall: share of real vectors in a ball of any generated one;
    - density: number of real balls that hold a generated vector, over k, averaged (Naeem, eq. 4); may exceed 1;
    - coverage: share of real balls that hold any generated vector (Naeem, eq. 5).

    Two sets from one distribution get densities near 1; coverage then is near 1 - 1/2^k, .97 for k = 5, where both are
    of one size.

    Parameters
    ----------
    real, generated : numpy.ndarray
        Embeddings (n, d) and (m, d), more than k rows each.
    k : int

    Returns
    -------
    dict of str to float

    Raises
    ------
    InputError
        If a set is too small, or a value is not finite.
    """
    for name, vectors in (("real", real), ("generated", generated)):
        if len(vectors) <= k:
            raise InputError(
                f"{len(vectors)} {name} windows, k = {k} needs {k + 1}; give more audio, or fewer --neighbours"
            )
        if not np.isfinite(vectors).all():
            raise InputError(f"the {name} embeddings hold NaN or infinite values; leave out the broken audio")
    # No distance changes, and the differences of squares lose fewer digits.
    centre = real.mean(axis=0, dtype=np.float64)
    real, generated = real - centre, generated - centre
    real_radii, generated_radii = ball_radii(real, k), ball_radii(generated, k)
    balls_on = np.zeros(len(generated))  # real balls around each generated vector
    covered, recalled = np.zeros(len(real), bool), np.zeros(len(real), bool)
    for first, values in _squared_distances(real, generated):
        distances, rows = np.sqrt(values), slice(first, first + len(values))
        inside = distances <= real_radii[rows, None]
        balls_on += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (distances <= generated_radii).any(axis=1)
    return {
        "precision": float(np.mean(balls_on > 0)),
        "recall": float(np.mean(recalled)),
        "density": float(np.mean(balls_on) / k),
        "coverage": float(np.mean(covered)),
    }


def compare_coverage(
    generated: Sequence[Clip], real: Sequence[Clip], config: CoverageConfig, conditions: Conditions
) -> Result:
    """Precision, recall, density and coverage of two sets of audio files.

    Parameters
    ----------
    generated, real : sequence of Clip
    config : CoverageConfig
    conditions : Conditions

    Returns
    -------
    dict
        The four figures, the embedder and the numbers of vectors and files; under ``real`` the same of every other
        real file against the rest, where there are enough: what real music gets. Means over the networks, if several.
    """
    embedder = open_embedder(config, conditions.device)
    a, b = (embed_set(clips, embedder, config, conditions) for clips in (generated, real))
    result = {**describe_sets(embedder, config, a, b), "k": config.neighbours}
    result |= _averaged(b.vectors, a.vectors, config.neighbours)
    even = b.groups % 2 == 0
    if min(np.count_nonzero(even), np.count_nonzero(~even)) > config.neighbours:
        result["real"] = _averaged(b.vectors[:, ~even], b.vectors[:, even], config.neighbours)
    return result


def _averaged(real: np.ndarray, generated: np.ndarray, k: int) -> dict[str, float]:
    each = [prdc(*vectors, k) for vectors in zip(real, generated, strict=True)]
    return {name: float(np.mean([figures[name] for figures in each])) for name in FIGURES}
