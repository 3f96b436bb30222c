"""Lists of values in a report: short ones whole, long ones as quantiles."""

from __future__ import annotations

import numpy as np

from gantools.metrics.thinning import MOST_VALUES, thinned


def test_short_lists_come_back_in_order_and_rounded() -> None:
    assert thinned(np.array([]), 2) == []
    assert thinned(np.array([3.0, 1.006, 2.0, 1.0]), 2) == [1.0, 1.01, 2.0, 3.0]
    assert len(thinned(np.ones(MOST_VALUES), 4)) == MOST_VALUES


def test_quantiles_stand_for_long_lists() -> None:
    values = np.random.default_rng(0).permutation(10 * MOST_VALUES + 7).astype(float)
    kept = thinned(values, 4)
    assert (len(kept), kept[0], kept[-1]) == (MOST_VALUES, 0.0, len(values) - 1)
    steps = np.diff(kept)
    assert set(steps) <= {10.0, 11.0}
