"""Music BPE: learned as by counting everything anew each time, lossless, and without order."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from gantools.symbolic.mmr.merges import Merges, learn

Word = tuple[int, ...]


def random_sets(seed: int) -> Counter[Word]:
    random = np.random.default_rng(seed)
    words = [tuple(sorted(random.choice(12, random.integers(2, 6), replace=False).tolist())) for _ in range(20)]
    return Counter({word: int(random.integers(1, 9)) for word in words})


def by_counting(sets: Counter[Word], count: int) -> list[tuple[int, int]]:
    """The same by its definition."""
    words = [(set(word), weight) for word, weight in sets.items()]
    pairs: list[tuple[int, int]] = []
    while len(pairs) < count:
        totals: Counter[tuple[int, int]] = Counter()
        for word, weight in words:
            for pair in combinations(sorted(word), 2):
                totals[pair] += weight
        if not totals:
            break
        best = min(totals, key=lambda pair: (-totals[pair], pair))
        for word, _ in words:
            if set(best) <= word:
                word -= set(best)
                word.add(128 + len(pairs))
        pairs.append(best)
    return pairs


def test_learning_equals_counting_anew() -> None:
    for seed in range(200):
        sets = random_sets(seed)
        assert learn(sets, 12).pairs == by_counting(sets, 12), seed


def test_every_set_is_split_into_disjoint_parts_whatever_its_order() -> None:
    sets = random_sets(3)
    merges = learn(sets, 12)
    for word in [*sets, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (127,)]:
        parts = [merges.pitches[symbol] for symbol in merges.split(reversed(word))]
        assert sorted(pitch for part in parts for pitch in part) == list(word)
        assert merges.split(word) == merges.split(set(word))


def test_the_first_merges_are_a_prefix() -> None:
    sets = random_sets(5)
    assert learn(sets, 5).pairs == learn(sets, 12).pairs[:5]


@pytest.mark.parametrize("pairs", [[(60, 60)], [(60, 128)], [(60, 64), (64, 128)], [(64, 60)]])
def test_merges_that_make_no_sense_are_refused(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="a merge joins"):
        Merges(pairs)
