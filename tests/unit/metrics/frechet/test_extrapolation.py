from __future__ import annotations

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.metrics.frechet import extrapolation
from gantools.metrics.frechet.distance import frechet_distance
from gantools.metrics.frechet.extrapolation import bootstrap_interval, core_axes, fad_infinity, reduced


def law(random: np.random.Generator, n: int, d: int = 24, shift: float = 0.0) -> np.ndarray:
    """Vectors whose variance falls off along their axes, as that of embeddings does."""
    return random.standard_normal((n, d)) * np.exp(-np.arange(d) / 4) + shift


def test_the_same_law_is_at_distance_zero_and_plain_distance_is_not() -> None:
    random = np.random.default_rng(0)
    groups = np.arange(150)
    hits, plain = 0, []
    for seed in range(8):
        a, b = law(random, 150), law(random, 150)
        measured = bootstrap_interval(a, b, groups, groups, seed)
        result = fad_infinity(a, b, measured, seed)
        hits += result.limit.low <= 0 <= result.limit.high
        plain.append(measured.value)
        assert abs(result.limit.value) < measured.value
        assert result.slope > 0
    assert min(plain) > 0
    assert hits >= 7


def test_a_known_distance_lies_in_the_interval() -> None:
    random = np.random.default_rng(1)
    a, b = law(random, 400), law(random, 400, shift=0.3)
    groups = np.arange(400)
    measured = bootstrap_interval(a, b, groups, groups)
    result = fad_infinity(a, b, measured)
    truth = 24 * 0.3**2
    assert result.limit.low < truth < result.limit.high
    assert measured.low < measured.value < measured.high
    assert result == fad_infinity(a, b, measured)


def test_reduction_keeps_the_distance() -> None:
    random = np.random.default_rng(2)
    mixing = random.standard_normal((5, 60))
    a, b = (random.standard_normal((80, 5)) @ mixing + shift for shift in (0.0, 0.5))
    low_a, low_b = reduced(a, b)
    assert low_a.shape[1] <= 6
    assert frechet_distance(low_a, low_b) == pytest.approx(frechet_distance(a, b), rel=1e-5)
    assert core_axes(a, b) <= 6


def test_neighbours_of_one_file_are_drawn_together() -> None:
    groups = np.array([0] * 20 + [1] * 3)
    blocks = extrapolation.blocks_of(groups)
    assert [len(block) for block in blocks] == [7, 7, 6, 3]
    assert np.array_equal(np.concatenate(blocks), np.arange(23))


def test_dependent_vectors_widen_the_interval() -> None:
    random = np.random.default_rng(3)
    a, b = law(random, 240), law(random, 240)
    repeated_a, repeated_b = np.repeat(a[:30], 8, axis=0), np.repeat(b[:30], 8, axis=0)
    groups = np.repeat(np.arange(30), 8)
    wide = bootstrap_interval(repeated_a, repeated_b, groups, groups)
    narrow = bootstrap_interval(a, b, np.arange(240), np.arange(240))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_refuses_too_few_vectors() -> None:
    random = np.random.default_rng(4)
    a, b = law(random, 60), law(random, 300)
    measured = extrapolation.Interval(1.0, 0.5, 1.5)
    with pytest.raises(InputError, match="needs 100 vectors in each set, the smaller has 60"):
        fad_infinity(a, b, measured)
