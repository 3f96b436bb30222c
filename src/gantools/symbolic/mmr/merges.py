"""Music BPE: pitches that often sound together become one word (section 4 of the paper, by its program).

A word of music is the set of pitches of one onset, track, duration and velocity. As a set has no order, all of its
pairs are counted, not only neighbours.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from gantools.symbolic.mmr.score import DRUMS
from gantools.symbolic.mmr.vocabulary import DURATION, EVENT, INSTRUMENT, PITCHES, TRACK, VELOCITY, Vocabulary

Pair = tuple[int, int]
_MOST_KEPT = 1 << 18


class Merges:
    """Learned merges of pitches, in the order in which they apply.

    Parameters
    ----------
    pairs : sequence of (int, int)
        Symbols that each merge joins: pitches 0 to 127, and 128 + k for merge k.

    Attributes
    ----------
    pitches : list of tuple of int
        The pitches of each symbol, rising.

    Raises
    ------
    ValueError
        A merge joins what is not there before it, or pitches that are equal.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = [(int(a), int(b)) for a, b in pairs]
        self.pitches: list[tuple[int, ...]] = [(pitch,) for pitch in range(PITCHES)]
        for first, second in self.pairs:
            if not 0 <= first < second < len(self.pitches):
                raise ValueError(f"a merge joins {first} and {second}, which are not there before it")
            joined = tuple(sorted({*self.pitches[first], *self.pitches[second]}))
            if len(joined) < len(self.pitches[first]) + len(self.pitches[second]):
                raise ValueError(f"a merge joins {first} and {second}, which share a pitch")
            self.pitches.append(joined)
        self._rank = {pair: number for number, pair in enumerate(self.pairs)}
        self._kept: dict[tuple[int, ...], tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.pairs)

    def split(self, pitches: Iterable[int]) -> tuple[int, ...]:
        """Return the symbols, rising, that say a set of pitches: disjoint, and together the whole set."""
        key = tuple(sorted(pitches))
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = self._split(key)
        return found

    def _split(self, key: tuple[int, ...]) -> tuple[int, ...]:
        symbols = list(key)
        while len(symbols) > 1:
            ranks = [self._rank.get(pair, len(self.pairs)) for pair in combinations(symbols, 2)]
            best = min(ranks)
            if best == len(self.pairs):
                break
            first, second = self.pairs[best]
            symbols = sorted([*(s for s in symbols if s not in (first, second)), PITCHES + best])
        return tuple(symbols)

    def apply(self, rows: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
        """Return rows in which words of pitches stand for several rows; those of drums stay.

        Parameters
        ----------
        rows : uint16 array (rows, 5)
            With a row for each note.
        vocabulary : Vocabulary
        """
        kept = np.ones(len(rows), bool)
        rows = rows.copy()
        starts, sizes = chords_in(rows, vocabulary)
        pitches = (rows[:, EVENT].astype(np.int64) - vocabulary.pitch).tolist()
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
            symbols = self.split(pitches[start : start + size])
            if len(symbols) == size:
                continue
            for place, symbol in enumerate(symbols):
                rows[start + place, EVENT] = (
                    vocabulary.pitch + symbol if symbol < PITCHES else vocabulary.merge + symbol - PITCHES
                )
            kept[start + len(symbols) : start + size] = False
        return rows[kept]


def chords_in(rows: np.ndarray, vocabulary: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    """Return the first rows and the sizes of all words of two pitches or more, without drums."""
    event = rows[:, EVENT]
    single = (event >= vocabulary.pitch) & (event < vocabulary.chord) & (rows[:, INSTRUMENT] != DRUMS + 1)
    # Rows of one position follow each other; any other row between them is no single note.
    same = single[1:] & single[:-1]
    for field in (DURATION, TRACK, VELOCITY):
        same &= rows[1:, field] == rows[:-1, field]
    edge = np.diff(np.concatenate([[False], same, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    return starts, ends - starts + 1


def count_sets(rows: np.ndarray, vocabulary: Vocabulary, shifts: Sequence[int] = (0,)) -> Counter[tuple[int, ...]]:
    """Return how often each set of pitches is a word in rows, moved by each of some semitones."""
    starts, sizes = chords_in(rows, vocabulary)
    pitches = (rows[:, EVENT].astype(np.int64) - vocabulary.pitch).tolist()
    found = Counter(tuple(pitches[start : start + size]) for start, size in zip(starts, sizes, strict=True))
    if tuple(shifts) == (0,):
        return found
    moved: Counter[tuple[int, ...]] = Counter()
    for word, count in found.items():
        for shift in shifts:
            if word[0] + shift >= 0 and word[-1] + shift < PITCHES:
                moved[tuple(pitch + shift for pitch in word)] += count
    return moved


def learn(sets: Mapping[tuple[int, ...], int], count: int) -> Merges:
    """Return the merges learned from sets of pitches and how often each is there.

    The pair that is most often in one set becomes a symbol, of equal ones the smallest; then the counts are taken
    anew. Ends early where no pair is left.
    """
    words = [set(word) for word in sorted(sets)]
    weights = [sets[word] for word in sorted(sets)]
    totals: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, word in enumerate(words):
        for pair in combinations(sorted(word), 2):
            totals[pair] += weights[index]
            where[pair].add(index)
    heap = [(-total, pair) for pair, total in totals.items()]
    heapq.heapify(heap)
    pairs: list[Pair] = []
    while heap and len(pairs) < count:
        total, pair = heapq.heappop(heap)
        # Counts in the heap grow old: one that has fallen since goes back with what it is now.
        if -total != totals[pair]:
            if totals[pair] > 0:
                heapq.heappush(heap, (-totals[pair], pair))
            continue
        symbol = PITCHES + len(pairs)
        pairs.append(pair)
        for other in _replace(words, weights, totals, where, pair, symbol):
            heapq.heappush(heap, (-totals[other], other))
    return Merges(pairs)


def _replace(
    words: list[set[int]],
    weights: list[int],
    totals: Counter[Pair],
    where: defaultdict[Pair, set[int]],
    pair: Pair,
    symbol: int,
) -> set[Pair]:
    """Put a symbol for a pair into all words that have it, and correct the counts of pairs; return the new pairs."""
    made: set[Pair] = set()
    for index in where.pop(pair):
        word, weight = words[index], weights[index]
        rest = word - set(pair)
        for other in rest:
            for one in pair:
                old = (min(one, other), max(one, other))
                totals[old] -= weight
                where[old].discard(index)
            new = (other, symbol)
            totals[new] += weight
            made.add(new)
            where[new].add(index)
        word.difference_update(pair)
        word.add(symbol)
    del totals[pair]
    return made
