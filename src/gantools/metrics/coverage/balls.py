"""Precision, recall, density and coverage: whether generated music is real-looking, and whether it shows all kinds.

A Fréchet distance mixes two faults, and a model that makes one good clip for ever can score well. These four tell them
apart, in the space of a network, by balls that reach from each vector to its k-th nearest neighbour in its own set.

Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models", NeurIPS 2019, section 2;
Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gantools.errors import InputError
from gantools.metrics.embedders.distances import squared_distances
from gantools.metrics.embedders.embedding import Embeddings
from gantools.metrics.metric import Result

FIGURES = ("precision", "recall", "density", "coverage")
#: Pairs of figures of which one is of fidelity and one of diversity, by the name of their F1.
F1_PAIRS = {"f1_precision_recall": ("precision", "recall"), "f1_density_coverage": ("density", "coverage")}
#: Squared distances that differ by this share of the mean squared length are equal: rounding makes so much at most.
_ROUNDING = 1e-12


def _squared_radii(vectors: np.ndarray, k: int) -> np.ndarray:
    radii = np.empty(len(vectors))
    for first, values in squared_distances(vectors, vectors):
        own = np.arange(len(values))
        values[own, first + own] = np.inf
        values.partition(k - 1, axis=1)
        radii[first : first + len(values)] = values[:, k - 1]
    # Rounding may leave the distance of equal vectors just below 0.
    return np.maximum(radii, 0.0)


def ball_radii(vectors: np.ndarray, k: int) -> np.ndarray:
    """Return the distance of each vector to its k-th nearest neighbour in the set, itself left out, float64 (n,)."""
    return np.asarray(np.sqrt(_squared_radii(vectors, k)))


class RealBalls:
    """The balls of a real set, made once to judge any number of generated sets; see `prdc`.

    Parameters
    ----------
    real : numpy.ndarray
        Embeddings (n, d), more than k rows.
    k : int

    Raises
    ------
    InputError
        The set is too small, or a value is not finite.
    """

    def __init__(self, real: np.ndarray, k: int = 5) -> None:
        _check("real", real, k)
        # No distance changes, and the differences of squares lose fewer digits.
        self.centre, self.k = real.mean(axis=0, dtype=np.float64), k
        self.real = real - self.centre
        self._radii = _squared_radii(self.real, k)

    def judge(self, generated: np.ndarray) -> dict[str, float]:
        """Return precision, recall, density and coverage of embeddings (m, d)."""
        _check("generated", generated, self.k)
        generated = generated - self.centre
        radii = _squared_radii(generated, self.k)
        # Where vectors are equal, radii are 0: a closed ball of radius 0 holds its equals, however they are rounded.
        slack = _ROUNDING * max(np.square(vectors).sum(axis=1).mean() for vectors in (self.real, generated))
        balls_on = np.zeros(len(generated))  # real balls around each generated vector
        covered, recalled = np.zeros(len(self.real), bool), np.zeros(len(self.real), bool)
        for first, values in squared_distances(self.real, generated):
            rows = slice(first, first + len(values))
            inside = values <= self._radii[rows, None] + slack
            balls_on += np.count_nonzero(inside, axis=0)
            covered[rows] = inside.any(axis=1)
            recalled[rows] = (values <= radii + slack).any(axis=1)
        return {
            "precision": float(np.mean(balls_on > 0)),
            "recall": float(np.mean(recalled)),
            "density": float(np.mean(balls_on) / self.k),
            "coverage": float(np.mean(covered)),
        }


def _check(name: str, vectors: np.ndarray, k: int) -> None:
    if len(vectors) <= k:
        raise InputError(
            f"{len(vectors)} {name} windows, k = {k} needs {k + 1}; give more audio, or fewer --neighbours"
        )
    if not np.isfinite(vectors).all():
        raise InputError(f"the {name} embeddings hold NaN or infinite values; leave out the broken audio")


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
    return RealBalls(real, k).judge(generated)


def f1_scores(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the harmonic means of `F1_PAIRS` (Han et al., table 3); 0 where both figures are 0."""
    scores = {}
    for name, (fidelity, diversity) in F1_PAIRS.items():
        one, other = figures[fidelity], figures[diversity]
        scores[name] = 2 * one * other / (one + other) if one + other else 0.0
    return scores


def measure_coverage(generated: Embeddings, real: Embeddings, k: int) -> Result:
    """Return precision, recall, density and coverage of two sets of audio files.

    Returns
    -------
    dict
        The four figures with the F1 of each pair, and ``k``; under ``real`` the same of every other real file against
        the rest, where there are enough: what real music gets. Means over the networks, if several.
    """
    result: Result = {"k": k, **_averaged(real.vectors, generated.vectors, k)}
    even = real.groups % 2 == 0
    if min(np.count_nonzero(even), np.count_nonzero(~even)) > k:
        result["real"] = _averaged(real.vectors[:, ~even], real.vectors[:, even], k)
    return result


def _averaged(real: np.ndarray, generated: np.ndarray, k: int) -> dict[str, float]:
    each = [prdc(*vectors, k) for vectors in zip(real, generated, strict=True)]
    means = {name: float(np.mean([figures[name] for figures in each])) for name in FIGURES}
    return means | f1_scores(means)
