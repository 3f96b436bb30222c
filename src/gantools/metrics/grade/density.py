"""How probable music is among real music: Gaussians in the space of layers of a network (section 4.4).

The paper fits a Gaussian to the activations of real samples at several layers of a network, and takes the density at
a generated sample as a feature. That of 753 dimensions underflows, and its covariance is singular with fewer samples:
here it is the logarithm, on principal components, with the covariance shrunk after Ledoit and Wolf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.errors import InputError

_MOST_COMPONENTS = 64
#: Real windows for each component, and at least.
_PER_COMPONENT, _LEAST = 5, 20


@dataclass(frozen=True)
class Density:
    """A Gaussian on principal components.

    Attributes
    ----------
    mean : array (d,)
    components : array (k, d)
        Orthonormal.
    precision : array (k, k)
        Inverse of the covariance of the components.
    """

    mean: np.ndarray
    components: np.ndarray
    precision: np.ndarray

    def log(self, vectors: np.ndarray) -> np.ndarray:
        """Return the logarithm of the density at vectors (n, d), float64 (n,)."""
        centred = (np.asarray(vectors, np.float64) - self.mean) @ self.components.T
        distance = np.einsum("ni,ij,nj->n", centred, self.precision, centred)
        logdet = np.linalg.slogdet(self.precision)[1]
        return 0.5 * (logdet - distance - len(self.precision) * np.log(2 * np.pi))


def fit_density(vectors: np.ndarray) -> Density:
    """Fit real vectors (n, d) with min(64, n / 5) components; raises InputError for fewer than 20 vectors."""
    from sklearn.covariance import LedoitWolf

    if len(vectors) < _LEAST:
        raise InputError(f"{len(vectors)} windows of real music, needs {_LEAST}; give more of it")
    vectors = np.asarray(vectors, np.float64)
    mean = vectors.mean(axis=0)
    _, sizes, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    # Directions in which real music does not vary would make anything improbable.
    count = min(_MOST_COMPONENTS, len(vectors) // _PER_COMPONENT, int((sizes > 1e-6 * sizes[0]).sum()))
    components = axes[: max(1, count)]
    covariance = LedoitWolf(assume_centered=True).fit((vectors - mean) @ components.T).covariance_
    return Density(mean, components, np.linalg.inv(covariance))
