"""Scores as rows and back: nothing is lost, whatever the meter, the length of notes and the number of tracks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_symphony import small_score

from gantools.symbolic.midi import read_midi, write_midi
from gantools.symbolic.mmr.grammar import Words, first_fault
from gantools.symbolic.mmr.merges import Merges, count_sets, learn
from gantools.symbolic.mmr.rows import decode, encode, positions
from gantools.symbolic.mmr.score import DRUMS, GridScore, on_grid, to_midi, without_overlaps
from gantools.symbolic.mmr.vocabulary import NEW_TRACK, Vocabulary
from gantools.symbolic.score import Bars, Score, Track

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "midi"
VOCABULARY = Vocabulary()


def notes_of(score: GridScore) -> Counter[tuple[int, ...]]:
    """The multiset of (track, program, pitch, onset, length)."""
    onset, track, pitch, length, _ = score.notes.T
    return Counter(map(tuple, np.stack([track, score.programs[track], pitch, onset, length], 1).tolist()))


def random_score(seed: int) -> GridScore:
    """A piece of any meters, one of them cut short, of up to forty tracks with programs that repeat, and long notes."""
    random = np.random.default_rng(seed)
    meters = [[(4, 4), (3, 4), (7, 8), (5, 16), (6, 4)][random.integers(5)] for _ in range(12)]
    lengths = [4 * 24 * top // bottom for top, bottom in meters]
    lengths[5] -= 7
    edges = np.append(0, np.cumsum(lengths))
    tracks = int(random.integers(1, 41))
    programs = random.choice([0, 40, 40, 73, 60], tracks)
    programs[0] = DRUMS if seed % 2 else 40
    notes = np.stack(
        [random.integers(edges[-1], size=400), random.integers(tracks, size=400), random.integers(128, size=400),
         random.integers(1, 300, 400), random.integers(1, 128, 400)], 1,
    )  # fmt: skip
    notes[:tracks, 1] = np.arange(tracks)
    notes = notes[np.lexsort(notes.T[2::-1])]
    notes = notes[np.unique(notes[:, :3], axis=0, return_index=True)[1]]
    piece = GridScore(
        24, edges, np.array(meters), np.full(12, 120.0), programs, ("x",) * tracks, without_overlaps(notes)
    )
    cut = np.minimum(piece.notes[:, 3], edges[-1] - piece.notes[:, 0])
    return replace(piece, notes=np.column_stack([piece.notes[:, :3], cut, piece.notes[:, 4]]))


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost(seed: int, tmp_path: Path) -> None:
    score = random_score(seed)
    merges = learn(count_sets(encode(score, VOCABULARY), VOCABULARY), 16)
    vocabulary = Vocabulary(merges=16)
    for rows in (encode(score, VOCABULARY), encode(score, vocabulary, merges)):
        told = decode(rows, vocabulary, merges)
        assert notes_of(told) == notes_of(score)
        assert np.array_equal(told.edges, score.edges)
        assert first_fault(rows, Words(vocabulary, merges)) == -1
    whole = np.diff(score.edges) == 96 * score.meters[:, 0] // score.meters[:, 1]
    assert np.array_equal(told.meters[whole], score.meters[whole])
    assert abs(np.log2(told.tempi / score.tempi)).max() < 0.07  # half a step of 32 from 24 to 400 bpm
    write_midi(tmp_path / "x.mid", to_midi(told))
    again = on_grid(read_midi(tmp_path / "x.mid"), 24)
    assert notes_of(again) == notes_of(score)
    assert np.array_equal(again.edges, score.edges)


def test_real_music_is_whole_after_a_round_trip(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    files = [*sorted(SHARED.glob("orchestral/*.mid"))[::9], *sorted(SHARED.glob("band/*.mid"))[::40]]
    for path in files:
        score = on_grid(read_midi(path), 24)
        told = decode(encode(score, VOCABULARY), VOCABULARY)
        assert notes_of(told) == notes_of(score), path
        write_midi(tmp_path / "x.mid", to_midi(told))
        assert notes_of(on_grid(read_midi(tmp_path / "x.mid"), 24)) == notes_of(score), path


@pytest.mark.parametrize(
    ("programs", "low"), [((0, 0), 36), ((40, 40, 41, 42), 48)], ids=["piano solo", "string quartet"]
)
def test_other_ensembles_keep_their_parts(programs: tuple[int, ...], low: int) -> None:
    """Two hands of one piano, and two violins of one program, stay two tracks each."""
    random = np.random.default_rng(0)
    columns = [
        (onset, track, low + 12 * (len(programs) - track) + int(random.integers(12)), 12, 80)
        for onset in range(0, 8 * 96, 12)
        for track in range(len(programs))
    ]
    names = tuple(f"part {n}" for n in range(len(programs)))
    edges, meters = np.arange(9) * 96, np.tile([4, 4], (8, 1))
    notes = np.array(columns, np.int64)
    score = GridScore(24, edges, meters, np.full(8, 90.0), np.array(programs), names, notes)
    told = decode(encode(score, VOCABULARY), VOCABULARY)
    assert notes_of(told) == notes_of(score)
    assert told.programs.tolist() == list(programs)


def test_the_papers_rows_strike_long_notes_again() -> None:
    score = small_score(0, bars=4)
    eight = replace(score, grid=8, edges=score.edges // 3, notes=score.notes // np.array([3, 1, 1, 3, 1]))
    paper = Vocabulary(8, held=False, meters=False, tempo=False, velocity=False)
    told = decode(encode(eight, paper), paper)
    bass = told.notes[told.notes[:, 1] == 2]
    assert bass[:, [0, 3]].tolist() == [[0, 32], [32, 18], [64, 32], [96, 18]]
    assert paper.sizes == (4 + 128 + 133 + 96 + 96, 33, 41, 130, 1)


def test_positions_are_those_of_the_paper() -> None:
    rows = encode(small_score(0, bars=2), VOCABULARY)
    order, measure = positions(rows, VOCABULARY).T
    # BOS, bar, chord, tempo, then the flute's block: new track, and four times a position and a note.
    assert order[:13].tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert measure[:5].tolist() == [0, 1, 2, 2, 3]
    strings = int(np.flatnonzero(rows[:, 0] == NEW_TRACK)[1])
    assert order[strings : strings + 5].tolist() == [1, 2, 3, 3, 3]  # simultaneous notes share one
    second = int(np.flatnonzero(measure == 4)[0])
    assert measure[second : second + 3].tolist() == [4, 5, 6]  # no new tempo


def test_tracks_beyond_forty_are_joined_and_empty_bars_stay() -> None:
    onsets, one = np.array([480 * 12]), np.array([1])
    tracks = [Track(f"{n}", n % 30, False, onsets, 240 * one, (n + 20) * one, 90 * one) for n in range(45)]
    bars = Bars(np.arange(5) * 1920, np.full(4, 4), np.full(4, 4))
    score = on_grid(Score(480, tracks, np.zeros(1, np.int64), np.array([120.0]), bars), 24)
    assert len(score.programs) == 40
    assert len(score.notes) == 45
    assert "has 45 tracks" in score.remarks[0]
    assert decode(encode(score, VOCABULARY), VOCABULARY).bars == 4


def test_notes_that_meet_the_chain_of_a_held_one_end_it() -> None:
    """A note of six quarters, and its pitch struck again after four: the first ends there, and no note is lost."""
    onsets, lengths, pitches = np.array([0, 4 * 480]), np.array([6 * 480, 4 * 480]), np.array([60, 60])
    track = Track("a", 40, False, onsets, lengths, pitches, np.array([80, 80]))
    bars = Bars(np.arange(4) * 1920, np.full(3, 4), np.full(3, 4))
    score = on_grid(Score(480, [track], np.zeros(1, np.int64), np.array([120.0]), bars), 24)
    assert score.notes[:, [0, 3]].tolist() == [[0, 96], [96, 96]]
    assert notes_of(decode(encode(score, VOCABULARY), VOCABULARY)) == notes_of(score)


def test_a_merge_stands_for_its_pitches() -> None:
    vocabulary, merges = Vocabulary(merges=2), Merges([(60, 64), (67, 128)])
    score = small_score(0, bars=2)
    assert score.notes[score.notes[:, 0] == 0][:, 2].tolist()[1:4] == [60, 64, 67]
    rows, plain = encode(score, vocabulary, merges), encode(score, vocabulary)
    assert len(plain) - len(rows) == 2  # the other bar has another chord
    assert (rows[:, 0] == vocabulary.merge + 1).sum() == 1
    assert notes_of(decode(rows, vocabulary, merges)) == notes_of(score)
