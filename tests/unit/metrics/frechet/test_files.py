"""The distances of single files against the matrix root, and their order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.covariance import LedoitWolf

from gantools.metrics.frechet.files import file_distances


def test_each_file_gets_the_distance_of_its_shrunk_gaussian() -> None:
    random = np.random.default_rng(0)
    real = random.standard_normal((60, 6)) * np.arange(1, 7)
    made, groups = random.standard_normal((15, 6)) + 1, np.repeat([0, 2], [9, 6])
    found = file_distances(made, groups, real)
    assert np.isnan(found[1])
    for file in (0, 2):
        windows = made[groups == file]
        covariance, beside = LedoitWolf().fit(windows).covariance_, np.cov(real.T)
        offset = np.sum((windows.mean(0) - real.mean(0)) ** 2)
        expected = offset + np.trace(covariance + beside) - 2 * np.trace(sqrtm(covariance @ beside)).real
        assert found[file] == pytest.approx(expected, rel=1e-6)


def test_a_single_window_is_a_point() -> None:
    real = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    # Variances of 2/3 on both axes, and three away.
    assert file_distances(np.array([[3.0, 0.0]]), np.array([0]), real) == pytest.approx([9 + 4 / 3])
