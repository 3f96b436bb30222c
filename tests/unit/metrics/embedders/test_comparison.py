"""Differences of generated sets, against sets that are known to differ or not."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.embedders.comparison import _units, difference
from gantools.metrics.embedders.embedding import Embeddings


def mean_distance(real: np.ndarray):
    return lambda made: {"apart": float(np.abs(made.mean(0) - real.mean(0)).sum())}


def compared(one: np.ndarray, other: np.ndarray, seed: int = 0, more: bool = False) -> dict[str, float | str | None]:
    units = [[np.array([row]) for row in range(len(side))] for side in (one, other)]
    judge = mean_distance(np.zeros((3, 1)))
    return difference([judge], [[one], [other]], units, {"apart": more}, seed)["apart"]


def test_the_nearer_set_is_better_and_the_interval_is_that_of_normal_theory() -> None:
    random = np.random.default_rng(0)
    one, other = 5 + random.standard_normal((100, 1)), 6 + random.standard_normal((100, 1))
    found = compared(one, other)
    assert found["difference"] == pytest.approx(float(one.mean() - other.mean()))
    assert found["better"] == "generated"
    # Two means of a hundred draws of deviation 1.
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * (2 / 100) ** 0.5, rel=0.25)
    assert compared(one, other, more=True)["better"] == "other"
    assert compared(other, one)["better"] == "other"


def test_sets_of_one_law_are_seldom_said_to_differ() -> None:
    random = np.random.default_rng(1)
    sets = [[5 + random.standard_normal((40, 1)) for _ in range(2)] for _ in range(40)]
    assert sum(compared(*pair, seed=seed)["better"] is not None for seed, pair in enumerate(sets)) <= 6


def test_whole_files_are_drawn_where_there_are_five() -> None:
    few, many = np.repeat([0, 1], 12), np.repeat(np.arange(6), 4)
    assert [len(unit) for unit in _units(many, many, many)] == [4] * 6
    assert [len(unit) for unit in _units(many, many, few)] == [4] * 6
    assert [len(unit) for unit in _units(few, many, few)] == [6] * 4


def test_sets_are_thinned_evenly() -> None:
    made = Embeddings(np.arange(10.0).reshape(1, 10, 1), np.repeat([0, 1], 5), (), 0)
    thinned = made.thinned(4)
    assert (thinned.vectors.ravel().tolist(), thinned.groups.tolist()) == ([0, 3, 6, 9], [0, 0, 1, 1])
    assert len(made.thinned(20).groups) == 10
