"""The Fréchet distance of single files to a real set, which names the clips that are least like it.

Gui et al., "Adapting Fréchet audio distance for generative music evaluation", ICASSP 2024, section 2.4, find so the
songs that a low score comes from. A clip has few windows, and so its covariance is shrunk: Ledoit and Wolf, "A
well-conditioned estimator for large-dimensional covariance matrices", 2004.
"""

from __future__ import annotations

import numpy as np

from gantools.metrics.frechet.distance import root_trace
from gantools.metrics.frechet.extrapolation import reduced


def file_distances(generated: np.ndarray, groups: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return the Fréchet distance of each generated file to all of the real set, float64 (files,).

    Compare files of one length: one with few windows shows little of what the real set holds, and is farther from it.
    A file of a single window counts as a point.

    Parameters
    ----------
    generated : numpy.ndarray
        Embeddings (n, d).
    groups : numpy.ndarray
        (n,), which file each comes from, in order; numbers that are missing get NaN.
    real : numpy.ndarray
        (m, d), two at least.
    """
    own, beside = reduced(generated, real)
    mean = beside.mean(0)
    spread = (beside - mean) / np.sqrt(len(beside) - 1)
    triangle = np.linalg.qr(spread)[1]
    distances = np.full(int(groups.max(initial=-1)) + 1, np.nan)
    for file in np.unique(groups):
        windows = own[groups == file]
        offset = float(np.sum((windows.mean(0) - mean) ** 2))
        factor = _shrunk_factor(windows)
        traces = float(np.sum(spread**2) + np.sum(factor**2))
        distances[file] = offset + traces - 2.0 * root_trace(factor, triangle)
    return np.maximum(distances, 0.0)


def _shrunk_factor(vectors: np.ndarray) -> np.ndarray:
    """Return F of the shrunk covariance ``F.T @ F`` of vectors (n, d); of a single one all zeros."""
    from sklearn.covariance import ledoit_wolf

    if len(vectors) < 2:
        return np.zeros_like(vectors)
    covariance, _ = ledoit_wolf(vectors)
    values, axes = np.linalg.eigh(covariance)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * axes.T)
