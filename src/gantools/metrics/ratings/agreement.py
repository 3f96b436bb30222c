"""How far listeners agree: correlations of each two, of each with the others, and intraclass correlations."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

_LEAST_CLIPS = 3


def correlations(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the Pearson and the Spearman matrix of listeners, and on how many clips each entry stands.

    Parameters
    ----------
    scores : array (raters, clips)
        NaN where a clip was not rated. Each two are compared on the clips that both rated; NaN below three of them,
        and where one of them gave all the same.
    """
    count = len(scores)
    pearson, spearman = np.full((2, count, count), np.nan)
    common = np.zeros((count, count), int)
    for one in range(count):
        for two in range(count):
            both = ~np.isnan(scores[one]) & ~np.isnan(scores[two])
            common[one, two] = both.sum()
            pearson[one, two] = _pearson(scores[one, both], scores[two, both])
            spearman[one, two] = _pearson(stats.rankdata(scores[one, both]), stats.rankdata(scores[two, both]))
    return pearson, spearman, common


def _pearson(one: np.ndarray, two: np.ndarray) -> float:
    if len(one) < _LEAST_CLIPS or np.ptp(one) == 0 or np.ptp(two) == 0:
        return float("nan")
    return float(np.corrcoef(one, two)[0, 1])


def leave_one_out(scores: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation of each listener with the mean of all others, (raters,)."""
    found = np.full(len(scores), np.nan)
    for row, own in enumerate(scores):
        others = np.delete(scores, row, axis=0)
        known = ~np.isnan(own) & ~np.isnan(others).all(axis=0)
        if len(others):
            found[row] = _pearson(own[known], np.nanmean(others[:, known], axis=0))
    return found


def intraclass(scores: np.ndarray) -> dict[str, Any]:
    """Return the six intraclass correlations of Shrout and Fleiss (1979), of the clips that every listener rated.

    Listeners are those of a clip (1), a sample of all listeners (2), or all there are (3); of one listener (1) or of
    the mean of them (k). ICC(2,1) says how well one listener stands for another one, ICC(2,k) how well the mean of
    these would come out again with others.

    Parameters
    ----------
    scores : array (raters, clips)

    Returns
    -------
    dict
        ``ICC(1,1)`` ... ``ICC(3,k)``, ``clips``; NaN below two listeners or three clips.
    """
    whole = scores[:, ~np.isnan(scores).any(axis=0)].T
    n, k = whole.shape
    names = [f"ICC({kind},{of})" for of in ("1", "k") for kind in (1, 2, 3)]
    if k < 2 or n < _LEAST_CLIPS:
        return dict.fromkeys(names, float("nan")) | {"clips": n}
    # Mean squares of the two-way table: between clips, within clips, between listeners, and what is left.
    mean = whole.mean()
    between = k * np.square(whole.mean(axis=1) - mean).sum() / (n - 1)
    within = np.square(whole - whole.mean(axis=1, keepdims=True)).sum() / (n * (k - 1))
    listeners = n * np.square(whole.mean(axis=0) - mean).sum() / (k - 1)
    residual = (within * n * (k - 1) - listeners * (k - 1)) / ((n - 1) * (k - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        values = [
            (between - within) / (between + (k - 1) * within),
            (between - residual) / (between + (k - 1) * residual + k * (listeners - residual) / n),
            (between - residual) / (between + (k - 1) * residual),
            (between - within) / between,
            (between - residual) / (between + (listeners - residual) / n),
            (between - residual) / between,
        ]
    return dict(zip(names, map(float, values), strict=True)) | {"clips": n}


def mean_pair(matrix: np.ndarray) -> float:
    """Return the mean of a matrix of listeners above its diagonal."""
    upper = matrix[np.triu_indices(len(matrix), 1)]
    upper = upper[~np.isnan(upper)]
    return float(upper.mean()) if len(upper) else float("nan")
