"""What a window of a piece is: bars of one piece, moved, its tracks numbered anew; and corpora on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_symphony import small_score, tiny_config, write_pieces

from gantools.errors import ConfigError, InputError
from gantools.symbolic.chords import chords_of_bars
from gantools.symbolic.mmr.grammar import Words, first_fault
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.rows import decode, encode
from gantools.symbolic.mmr.score import DRUMS
from gantools.symbolic.mmr.vocabulary import BOS, EVENT, TRACK, VELOCITY, Vocabulary
from gantools.systems.symphony.corpus import CORPUS, INDEX, CorpusWriter, open_corpus
from gantools.systems.symphony.data import read_scores
from gantools.systems.symphony.networks import vocabulary_of
from gantools.systems.symphony.windows import (
    cut_window,
    louder,
    moved,
    piece_of,
    shuffled,
    spread_numbers,
    track_numbers,
    with_tracks,
    without_parts,
)

CONFIG = tiny_config()
VOCABULARY = vocabulary_of(CONFIG)


def rows_of(seed: int = 0) -> np.ndarray:
    return encode(small_score(seed), VOCABULARY)


def test_moving_moves_notes_and_chords_but_no_drums() -> None:
    rows = moved(rows_of(), 5, VOCABULARY)
    before, after = decode(rows_of(), VOCABULARY), decode(rows, VOCABULARY)
    drums = before.programs[before.notes[:, 1]] == DRUMS
    assert (after.notes[:, 2] - before.notes[:, 2]).tolist() == np.where(drums, 0, 5).tolist()
    chords = rows[(rows[:, EVENT] >= VOCABULARY.chord) & (rows[:, EVENT] < VOCABULARY.bar), EVENT] - VOCABULARY.chord
    onset, _, pitch, length, _ = after.pitched.T
    assert chords.tolist() == chords_of_bars(onset, length, pitch, after.edges).tolist()
    assert np.array_equal(moved(rows_of(), 90, VOCABULARY), rows_of())  # beyond MIDI's range


def test_a_window_begins_with_a_bar_and_its_tempo() -> None:
    piece = piece_of("a", rows_of(2), VOCABULARY)
    window = cut_window(piece, 3, 30, VOCABULARY)
    assert window[0, EVENT] == BOS
    assert VOCABULARY.bar_units[window[1, EVENT]] == 96
    assert VOCABULARY.bpm(window[3:4, EVENT].astype(np.int64))[0] == pytest.approx(102, rel=0.05)
    assert first_fault(window, Words(VOCABULARY, Merges([]))) == -1


def test_numbers_of_tracks_rise_at_random_or_say_nothing() -> None:
    random, rows = np.random.default_rng(0), rows_of()
    seen = []
    for _ in range(50):
        numbers = track_numbers(rows, random, rising=True)[:4]
        assert (np.diff(numbers) > 0).all()
        seen.append(numbers[0])
        told = np.unique(with_tracks(rows, track_numbers(rows, random, rising=False))[:, TRACK])
        assert len(told) == 5  # four tracks, and none
    assert len(set(seen)) > 5
    for count in (1, 2, 17, 39, 40):
        numbers = spread_numbers(count)[:count]
        assert len(set(numbers.tolist())) == count
        assert numbers.min() >= 1
        assert numbers.max() <= 40


def test_shuffled_tracks_say_the_same() -> None:
    rows = rows_of()
    other = shuffled(rows, VOCABULARY, np.random.default_rng(0))
    assert not np.array_equal(rows, other)
    assert np.array_equal(decode(rows, VOCABULARY).notes, decode(other, VOCABULARY).notes)
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, other.tolist()))


def test_parts_left_out_are_gone_and_the_others_stay_as_they_are() -> None:
    rows = encode(small_score(1), Vocabulary())
    words, kept = Words(Vocabulary(), Merges([])), set()
    for seed in range(20):
        fewer = without_parts(rows, 0.9, Vocabulary(), np.random.default_rng(seed))
        assert first_fault(fewer, words) == -1
        left = set(np.unique(fewer[:, TRACK])) - {0}
        kept.add(len(left))
        for track in left:
            # Its notes with the positions before them, and the bars, in their order.
            whole, part = decode(rows, Vocabulary()).notes, decode(fewer, Vocabulary()).notes
            assert np.array_equal(part[part[:, 1] == track - 1], whole[whole[:, 1] == track - 1])
    assert kept == {1, 2, 3, 4}
    assert without_parts(rows, 0.0, Vocabulary(), np.random.default_rng(0)) is rows


def test_louder_windows_stay_within_the_steps_of_velocity() -> None:
    rows = encode(small_score(1), Vocabulary())
    told = rows[:, VELOCITY] > 0
    for steps, wanted in ((2, np.minimum(rows[told, VELOCITY] + 2, 8)), (-9, np.ones(told.sum()))):
        found = louder(rows, steps)[:, VELOCITY]
        assert np.array_equal(found[told], wanted)
        assert not found[~told].any()


def test_a_corpus_gives_the_windows_of_its_files(tmp_path: Path) -> None:
    write_pieces(tmp_path / "midi")
    files = [(path.stem, path) for path in sorted((tmp_path / "midi").glob("*.mid"))]
    (tmp_path / "corpus").mkdir()
    CorpusWriter(files, CONFIG).write(tmp_path / "corpus")
    one, two = read_scores(files, CONFIG), open_corpus(tmp_path / "corpus", CONFIG)
    assert one.merges.pairs == two.merges.pairs != []
    assert one.split == two.split == {"train": ["piece0", "piece1"], "val": ["piece2"], "test": []}
    for seed in range(5):
        a, b = (scores.window(np.random.default_rng(seed)) for scores in (one, two))
        assert np.array_equal(a, b)
    with pytest.raises(ConfigError, match=r"grid: 8, but .* was made with 24"):
        open_corpus(tmp_path / "corpus", tiny_config(grid=8))


@pytest.mark.parametrize("change", ["gone", "index", "about", "path"])
def test_a_damaged_corpus_is_named(change: str, tmp_path: Path) -> None:
    write_pieces(tmp_path / "midi", 1)
    CorpusWriter([("piece0", tmp_path / "midi/piece0.mid")], CONFIG).write(tmp_path)
    index = (tmp_path / INDEX).read_text()
    damage: dict[str, Any] = {
        "gone": lambda: (tmp_path / INDEX).unlink(),
        "index": lambda: (tmp_path / INDEX).write_text(index.replace('"start": 0', '"start": 7')),
        "about": lambda: (tmp_path / CORPUS).write_text("{}"),
        "path": lambda: (tmp_path / INDEX).write_text(index.replace("rows-00000", "../rows-00000")),
    }
    damage[change]()
    with pytest.raises(InputError, match=r"make it again|no plain name below its folder"):
        open_corpus(tmp_path, CONFIG)
