"""Differences of sets."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.ratings.answers import Answer
from gantools.metrics.ratings.differences import compare_sets, kruskal, paired_t


def answers(values: dict[str, list[list[float]]], song: bool = False) -> list[Answer]:
    """Return set -> a list of values for each rater as answers."""
    return [
        Answer(f"r{rater}", f"{name}{n}", name, f"song{n}" if song else "", "quality", float(value))
        for name, rows in values.items()
        for rater, row in enumerate(rows)
        for n, value in enumerate(row)
    ]


def test_kruskal_wallis_by_hand() -> None:
    """Ranks 1 to 9 in three groups of sums 6, 15 and 24: H = 12 / 90 * (36 + 225 + 576) / 3 - 30 = 7.2."""
    found = kruskal([np.array([1.0, 2, 3]), np.array([4.0, 5, 6]), np.array([7.0, 8, 9])])
    assert found["h"] == pytest.approx(7.2)
    assert found["p"] == pytest.approx(np.exp(-3.6))  # chi square of two degrees


def test_mann_whitney_by_hand_and_its_bonferroni() -> None:
    """Of 3 x 3 pairs a exceeds b in none: U = 0, and two of the 20 orders are as extreme: p = .1."""
    found = compare_sets(answers({"a": [[1, 2, 3]], "b": [[4, 5, 6]], "c": [[7, 8, 9]]}), "abc", "quality", 100, 0)
    pair = found["pairs"][0]
    assert (pair["a"], pair["b"], pair["u"], pair["difference"]) == ("a", "b", 0, -3)
    assert pair["p"] == pytest.approx(0.1)
    assert pair["p_bonferroni"] == pytest.approx(0.3)
    assert found["sets"]["a"]["sd"] == 1
    assert found["sets"]["a"]["median"] == 2


def test_paired_t_by_hand() -> None:
    """Changes 1, 2, 3: mean 2, standard error 1 / sqrt(3), so t = 2 sqrt(3) of two degrees of freedom."""
    sets = answers({"a": [[2, 4, 6]], "b": [[1, 2, 3]]}, song=True)
    found = paired_t(sets[:3], sets[3:])
    assert found["t"] == pytest.approx(2 * np.sqrt(3))
    # Student's t of two degrees: p = 1 - t / sqrt(2 + t^2).
    assert found["t_p"] == pytest.approx(1 - np.sqrt(12 / 14))
    assert (found["pairs"], found["paired"]) == (3, "songs of a listener")


def test_without_common_songs_listeners_are_the_pairs() -> None:
    sets = answers({"a": [[2, 4], [5, 5], [6, 8]], "b": [[1, 3], [3, 3], [4, 4]]})
    found = paired_t(sets[:6], sets[6:])
    change = np.array([1.0, 2.0, 3.0])
    assert found["t"] == pytest.approx(change.mean() / (change.std(ddof=1) / np.sqrt(3)))
    assert (found["pairs"], found["paired"]) == (3, "listeners")


def test_intervals_hold_the_planted_difference_as_often_as_they_say() -> None:
    """60 tests of 8 listeners and 12 clips a set, a difference of 1; 95 % intervals are a little narrow or wide."""
    held, wide = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        tastes = rng.normal(0, 1, (8, 1))
        values = {
            name: (5 + effect + tastes + rng.normal(0, 1, (1, 12)) + rng.normal(0, 1, (8, 12))).tolist()
            for name, effect in (("a", 1.0), ("b", 0.0))
        }
        low, high = compare_sets(answers(values), "ab", "quality", 300, seed)["pairs"][0]["interval"]
        held += low <= 1 <= high
        wide.append(high - low)
    assert 52 <= held <= 60
    assert 0.8 < np.mean(wide) < 2.5
