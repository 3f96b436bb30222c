from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from gantools.errors import InputError
from gantools.metrics.frechet.distance import frechet_distance


def by_matrix_root(a: np.ndarray, b: np.ndarray) -> float:
    root = sqrtm(np.cov(a.T) @ np.cov(b.T))
    offset = np.sum((a.mean(0) - b.mean(0)) ** 2)
    return float(offset + np.trace(np.cov(a.T) + np.cov(b.T)) - 2 * np.trace(root).real)


@pytest.mark.parametrize(("n", "m", "d"), [(300, 200, 16), (40, 55, 64), (30, 400, 48), (400, 30, 48)])
def test_equals_the_matrix_root(n: int, m: int, d: int) -> None:
    random = np.random.default_rng(n)
    a = random.standard_normal((n, d)) * random.uniform(0.1, 3, d)
    b = random.standard_normal((m, d)) + 0.2
    assert frechet_distance(a, b) == pytest.approx(by_matrix_root(a, b), rel=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)


def test_known_gaussians_and_identity() -> None:
    # N(0, 1) and N(1, 4): 1 + 1 + 4 - 2 * 2 = 2. Two points at +-s have the unbiased variance 2 s^2.
    a, b = np.array([[-1.0], [1.0]]) / np.sqrt(2), np.array([[-2.0], [2.0]]) / np.sqrt(2) + 1
    assert frechet_distance(a, b) == pytest.approx(2.0, abs=1e-12)
    same = np.random.default_rng(0).standard_normal((50, 80)) * 10
    assert frechet_distance(same, same) == pytest.approx(0.0, abs=1e-8)


def test_only_the_offset_counts_between_moved_copies() -> None:
    a = np.random.default_rng(1).standard_normal((20, 30)).astype(np.float32)
    assert frechet_distance(a, a + 2) == pytest.approx(4 * 30, rel=1e-5)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "at least two"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "widths 3 and 4"),
        (np.zeros(5), np.zeros((5, 4)), "shape"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "NaN"),
    ],
)
def test_refuses_what_has_no_distance(a: np.ndarray, b: np.ndarray, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        frechet_distance(a, b)


@pytest.mark.parametrize("shape", [(2, 1), (50, 80), (300, 20)])
def test_equal_sets_are_never_nearer_than_zero(shape: tuple[int, int]) -> None:
    for seed in range(10):
        same = np.random.default_rng(seed).standard_normal(shape) * 10.0**seed
        scale = float(np.square(same).sum()) / len(same)
        assert 0 <= frechet_distance(same, same[::-1]) <= 1e-12 * scale
    assert frechet_distance(np.ones(shape), np.ones(shape)) == 0


def test_single_precision_is_counted_in_double() -> None:
    a, b = (100 + np.random.default_rng(seed).standard_normal((30, 4)).astype(np.float32) for seed in (0, 1))
    assert frechet_distance(a, b) == frechet_distance(a.astype(np.float64), b.astype(np.float64))


def test_rounding_below_zero_is_zero_and_more_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    a = np.array([[-1.0], [1.0]])  # variance 2, so that the distance is 4 less twice the trace
    for excess, fine in ((0.5e-9, True), (1.5e-9, False)):
        monkeypatch.setattr("gantools.metrics.frechet.distance.root_trace", lambda a, b, trace=2 * (1 + excess): trace)
        if fine:
            assert frechet_distance(a, a) == 0
        else:
            with pytest.raises(ArithmeticError, match="negative beyond rounding"):
                frechet_distance(a, a)
