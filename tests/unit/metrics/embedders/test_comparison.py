"""Differences of generated sets, against sets that are known to differ or not."""

from __future__ import annotations

from pathlib import Path

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


NAMES = {Path(letter): letter for letter in "abcdefghijklmnx"}


def embedded(files: str, windows: int) -> Embeddings:
    """Return a set of files, a letter each, of so many windows."""
    groups = np.repeat(np.arange(len(files)), windows)
    return Embeddings(np.zeros((1, len(groups), 1)), groups, tuple(Path(letter) for letter in files), 0)


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
    few, many, other = embedded("ab", 12), embedded("cdefgh", 4), embedded("ijklmn", 4)
    units, word = _units(many, other, NAMES)
    assert ([len(unit) for unit in units[0] + units[1]], word) == ([4] * 12, "files")
    units, word = _units(many, few, NAMES)
    assert ([len(unit) for unit in units[0]], [len(unit) for unit in units[1]]) == ([4] * 6, [6] * 4)
    assert word == "runs of windows"


def test_files_of_the_same_names_are_drawn_in_pairs_whatever_their_order() -> None:
    one, two = embedded("cdefgh", 4), embedded("hgfedc", 3)
    units, word = _units(one, two, NAMES)
    assert word == "pairs of files"
    assert [unit[0] for unit in units[0]] == [0, 4, 8, 12, 16, 20]
    assert [unit[0] for unit in units[1]] == [15, 12, 9, 6, 3, 0]
    # A name without a counterpart, and one that is there twice, pair nothing.
    assert _units(one, embedded("cdefgx", 4), NAMES)[1] == "files"
    assert _units(one, embedded("cdefghc", 4), NAMES)[1] == "files"


def test_what_both_files_of_a_pair_share_does_not_widen_the_interval() -> None:
    random = np.random.default_rng(0)
    one = 5 + random.standard_normal((50, 1))
    other = one + 0.1 + 0.05 * random.standard_normal((50, 1))
    units = [[np.array([row]) for row in range(50)] for _ in range(2)]
    judge = mean_distance(np.zeros((3, 1)))
    found = {
        paired: difference([judge], [[one], [other]], units, {"apart": False}, 0, paired=paired)["apart"]
        for paired in (False, True)
    }
    assert found[True]["difference"] == found[False]["difference"]
    # The mean of fifty differences of deviation .05, and the difference of two means of deviation 1.
    assert found[True]["high"] - found[True]["low"] == pytest.approx(2 * 1.96 * 0.05 / 50**0.5, rel=0.25)
    assert found[False]["high"] - found[False]["low"] == pytest.approx(2 * 1.96 * (2 / 50) ** 0.5, rel=0.25)
    assert (found[True]["better"], found[False]["better"]) == ("generated", None)


def test_sets_are_thinned_evenly() -> None:
    made = Embeddings(np.arange(10.0).reshape(1, 10, 1), np.repeat([0, 1], 5), (), 0)
    thinned = made.thinned(4)
    assert (thinned.vectors.ravel().tolist(), thinned.groups.tolist()) == ([0, 3, 6, 9], [0, 0, 1, 1])
    assert len(made.thinned(20).groups) == 10
