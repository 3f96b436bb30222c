"""The kernel distance against its definition, pair by pair, and against what sets of known kinds must get."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.metrics.frechet.kernel import KernelDistance, median_bandwidth


def pair_by_pair(generated: np.ndarray, real: np.ndarray, bandwidth: float) -> float:
    """Gretton et al. 2012, equation 3, in two loops."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-(np.linalg.norm(a - b) ** 2) / (2 * bandwidth**2)))

    def within(x: np.ndarray) -> float:
        n = len(x)
        return sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))

    across = sum(kernel(a, b) for a in generated for b in real) / (len(generated) * len(real))
    return 100 * (within(generated) + within(real) - 2 * across)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_distance_is_that_of_the_definition(grouped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantools.metrics.embedders.distances._BLOCK_ROWS", 7)
    random = np.random.default_rng(0)
    generated, real = 100 + random.standard_normal((23, 5)) * 1.4, 100.3 + random.standard_normal((31, 5))
    distances = [np.linalg.norm(real[i] - real[j]) for i in range(31) for j in range(i)]
    assert median_bandwidth(real) == pytest.approx(np.median(distances), rel=1e-9)
    groups = (np.repeat([0, 1], [12, 11]), np.repeat([0, 1, 2], [20, 1, 10])) if grouped else (None, None)
    found = KernelDistance(real, groups[1]).interval(generated, groups[0])
    assert found.value == pytest.approx(pair_by_pair(generated, real, float(np.median(distances))), rel=1e-9)
    assert found.low < found.value < found.high


def test_two_points_by_hand() -> None:
    # One apart within each set; across, of (0, 1) and (0, 1): two pairs at 0, two at 1. The bandwidth is 1.
    both = np.array([[0.0], [1.0]])
    assert KernelDistance(both).to(both) == pytest.approx(100 * (2 * np.exp(-0.5) - 2 * (2 + 2 * np.exp(-0.5)) / 4))


def test_it_is_unbiased_where_a_frechet_distance_is_not() -> None:
    random = np.random.default_rng(1)
    found = [KernelDistance(random.standard_normal((20, 8))).to(random.standard_normal((20, 8))) for _ in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 200**0.5
    far = KernelDistance(random.standard_normal((20, 8))).to(2 + random.standard_normal((20, 8)))
    assert far > 10 * np.std(found)


def test_the_interval_has_the_width_that_other_draws_of_the_law_show() -> None:
    random = np.random.default_rng(2)
    sets = [(random.standard_normal((60, 4)) + 0.5, random.standard_normal((60, 4))) for _ in range(60)]
    spread = 2 * 1.96 * np.std([KernelDistance(real).to(made) for made, real in sets])
    widths = [one.high - one.low for one in (KernelDistance(real).interval(made) for made, real in sets[:5])]
    assert np.mean(widths) == pytest.approx(spread, rel=0.3)


def test_what_has_no_distance_is_refused() -> None:
    with pytest.raises(InputError, match="most of the real windows are equal"):
        KernelDistance(np.ones((5, 3)))
    with pytest.raises(InputError, match=r"1 generated window\(s\)"):
        KernelDistance(np.eye(5)).to(np.ones((1, 5)))
    with pytest.raises(InputError, match="NaN"):
        KernelDistance(np.full((5, 3), np.nan))
