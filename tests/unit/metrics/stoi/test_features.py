from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr

from gantools.errors import InputError
from gantools.metrics.stoi.features import stoi_features

# Three bands, four frames; rows are bands here as on paper, the functions take frames first.
X = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 2.0, 2.0], [3.0, 5.0, 1.0, 3.0]]).T
Y = np.array([[2.0, 1.0, 4.0, 3.0], [1.0, 0.0, 1.0, 0.0], [3.0, 5.0, 1.0, 3.0]]).T


def test_literal_by_hand() -> None:
    # Means over the bands: x: 2, 3, 2, 3; y: 2, 2, 2, 2. Row 1: (-1*0 + -1*-1 + 1*2 + 1*1) / 4 = 1, and so on.
    np.testing.assert_allclose(stoi_features(X, Y, "literal"), [1.0, (0 + 2 + 0 + 2) / 4, (1 + 6 + 1 + 0) / 4])


def test_pearson_by_hand() -> None:
    # Row 1: deviations (-1.5 -.5 .5 1.5) and (-.5 -1.5 1.5 .5): 3 / 5. Row 2 does not vary. Row 3 is a copy.
    np.testing.assert_allclose(stoi_features(X, Y), [0.6, 0.0, 1.0])


def test_pearson_equals_scipy_and_ignores_gain_and_offset() -> None:
    random = np.random.default_rng(0)
    x, y = random.standard_normal((256, 8)), random.standard_normal((256, 8))
    expected = [pearsonr(x[:, i], y[:, i])[0] for i in range(8)]
    np.testing.assert_allclose(stoi_features(x, y), expected, atol=1e-12)
    np.testing.assert_allclose(stoi_features(3 * x + 40, y - 20), expected, atol=1e-12)
    np.testing.assert_allclose(stoi_features(x, -x), -1.0)


def test_short_windows_are_averaged_and_forgive_slow_drift() -> None:
    random = np.random.default_rng(1)
    x, y = random.standard_normal((70, 4)), random.standard_normal((70, 4))
    expected = (stoi_features(x[:30], y[:30]) + stoi_features(x[30:60], y[30:60])) / 2
    np.testing.assert_allclose(stoi_features(x, y, "stoi"), expected)


def test_refuses() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        stoi_features(X, Y[:3])
    with pytest.raises(InputError, match="needs at least 30"):
        stoi_features(X, Y, "stoi")
    with pytest.raises(InputError, match="NaN"):
        stoi_features(X * np.nan, Y)
