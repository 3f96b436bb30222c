"""Scores as notation: note heads, ties, rests and voices that say what the score says; read back, where music21 is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_symphony import small_score

from gantools.symbolic.mmr.rows import playable
from gantools.symbolic.mmr.score import LENGTH, ONSET
from gantools.systems.symphony.musicxml import heads_of, voices_of, write_musicxml


@pytest.mark.parametrize(
    ("units", "grid", "heads"),
    [(24, 24, (24,)), (36, 24, (36,)), (5, 24, (4, 1)), (10, 24, (9, 1)), (150, 24, (96, 48, 6)), (7, 20, (5, 2))],
)
def test_a_length_takes_few_heads(units: int, grid: int, heads: tuple[int, ...]) -> None:
    found = heads_of(units, grid)
    assert sum(found) == units
    assert len(found) == len(heads)


def test_voices_have_neither_gaps_nor_overlaps_and_ties_cross_bars() -> None:
    random = np.random.default_rng(0)
    notes = np.stack([random.integers(0, 180, 60), np.zeros(60), random.integers(40, 80, 60)], 1).astype(np.int64)
    notes = np.concatenate([notes, random.integers(1, 90, (60, 1)), np.full((60, 1), 80)], 1)
    heard: Counter[tuple[int, int]] = Counter()
    for start, end in ((0, 96), (96, 192)):
        inside = notes[(notes[:, ONSET] < end) & (notes[:, ONSET] + notes[:, LENGTH] > start)]
        for voice in voices_of(inside, start, end):
            assert [event[0] for event in voice] == [start, *[event[0] + event[1] for event in voice]][:-1]
            assert sum(event[1] for event in voice) == end - start
            for onset, length, pitches, before, after in voice:
                assert not before or onset == start
                assert not after or onset + length == end
                heard.update((unit, pitch) for pitch in pitches for unit in range(onset, onset + length))
    wanted = Counter((unit, p) for o, _, p, n, _ in notes.tolist() for unit in range(o, min(o + n, 192)))
    assert heard == wanted


def test_music21_reads_back_what_was_written(tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    score = playable(small_score(1))
    write_musicxml(tmp_path / "a.musicxml", score)
    read = music21.converter.parse(tmp_path / "a.musicxml", forceSource=True, storePickle=False)
    assert {len(part.getElementsByClass("Measure")) for part in read.parts} == {score.bars}
    found = []
    for track, part in enumerate(read.parts):
        for made in part.stripTies().flatten().notes:
            found += [(made.offset * 24, track, p.midi, made.quarterLength * 24) for p in made.pitches]
    assert Counter(found) == Counter(map(tuple, score.notes[:, :4].tolist()))
