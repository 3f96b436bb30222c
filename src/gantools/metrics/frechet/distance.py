"""Fréchet distance between two sets of embeddings.

Each set is summarised by the mean and covariance of its vectors; the distance is that between two Gaussians
(Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982), used on audio by
Kilgour et al., "Fréchet audio distance", Interspeech 2019.
"""

from __future__ import annotations

import numpy as np

from gantools.errors import InputError

NEGATIVE_TOLERANCE = 1e-9


def _checked(vectors: np.ndarray, what: str) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2:
        raise InputError(f"{what}: embeddings must have the shape (n, d), not {vectors.shape}")
    if len(vectors) < 2:
        raise InputError(f"{what}: {len(vectors)} embedding(s); a covariance needs at least two, give more audio")
    if not np.isfinite(vectors).all():
        raise InputError(f"{what}: the embeddings hold NaN or infinite values; leave out the broken audio")
    return vectors


def root_trace(a: np.ndarray, b: np.ndarray) -> float:
    """Trace of the square root of the product of two covariances.

    `a` (n, d) and `b` (m, d) are factors: centred vectors over the root of their number less one, so that
    the covariances are ``a.T @ a`` and ``b.T @ b``. The trace is the nuclear norm of ``a @ b.T``, which needs
    no covariance and no matrix root. Eigenvalues of a product of covariances would lose half of the digits where
    they are near 0, as in any set with fewer independent vectors than dimensions.
    """
    # The triangle of a long factor has the same nuclear norm and only d rows.
    short = [f if len(f) <= f.shape[1] else np.linalg.qr(f)[1] for f in (a, b)]
    return float(np.linalg.svd(short[0] @ short[1].T, compute_uv=False).sum())


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance between the Gaussians fitted to two sets of vectors.

    ``|mean_a - mean_b|^2 + tr C_a + tr C_b - 2 tr (C_a C_b)^(1/2)`` with unbiased covariances, in float64.

    Parameters
    ----------
    a, b : numpy.ndarray
        Embeddings, shapes (n, d) and (m, d), at least two rows each.

    Returns
    -------
    float
        At least 0, in squared units of the embedding.

    Raises
    ------
    InputError
        If a set has fewer than two vectors, the widths differ or a value is not finite.
    """
    a, b = _checked(a, "first set"), _checked(b, "second set")
    if a.shape[1] != b.shape[1]:
        raise InputError(f"embeddings of widths {a.shape[1]} and {b.shape[1]} cannot be compared; use one embedder")
    mean_a, mean_b = a.mean(0), b.mean(0)
    factor_a = (a - mean_a) / np.sqrt(len(a) - 1)
    factor_b = (b - mean_b) / np.sqrt(len(b) - 1)
    spread = float(np.sum(factor_a**2) + np.sum(factor_b**2))
    offset = float(np.sum((mean_a - mean_b) ** 2))
    distance = offset + spread - 2.0 * root_trace(factor_a, factor_b)
    # Equal sets may come out just below 0 by rounding; more than that is an error of the program.
    if distance < -NEGATIVE_TOLERANCE * (offset + spread):
        raise ArithmeticError(f"Fréchet distance {distance:g} is negative beyond rounding")
    return max(distance, 0.0)
