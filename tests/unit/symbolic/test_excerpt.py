"""Bars cut out of a piece of notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gantools.symbolic.excerpt import cut_bars
from gantools.symbolic.midi import LOOP_END, LOOP_START, read_midi, write_midi
from gantools.symbolic.score import Bars, Score, Track


def track(name: str, *notes: tuple[int, int, int], drum: bool = False) -> Track:
    """Return a track of notes (onset, length, pitch)."""
    columns = np.array(notes, np.int64).reshape(-1, 3).T
    return Track(name, 0, drum, columns[0], columns[1], columns[2], np.full(len(notes), 70, np.int64))


def piece(*tracks: Track) -> Score:
    """Return two bars of 4/4, two of 7/8 and one of 3/4, 480 ticks a quarter, that change their tempo."""
    edges = np.cumsum([0, 1920, 1920, 1680, 1680, 1440]).astype(np.int64)
    meters = np.array([[4, 4], [4, 4], [7, 8], [7, 8], [3, 4]], np.int64)
    tempi = np.array([0, 2000, 4000], np.int64), np.array([100.0, 120.0, 90.0])
    return Score(480, tracks, *tempi, Bars(edges, meters[:, 0], meters[:, 1]))


def test_notes_that_cross_the_edges() -> None:
    score = piece(
        track("chord", (1900, 500, 60), (1000, 930, 64), (1920, 100, 67), (1000, 3000, 67), (3800, 900, 72)),
        track("kit", (1900, 100, 36), (1920, 60, 38), drum=True),
        track("late", (6000, 100, 50)),
    )
    cut = cut_bars(score, 1, 1)
    chord, kit, late = cut.tracks
    # 60 is held in and struck again, of 64 less than a sixteenth is left, 67 is struck anyway, 72 ends with the bar.
    assert list(zip(chord.onsets, chord.lengths, chord.pitches, strict=True)) == [
        (0, 480, 60),
        (0, 100, 67),
        (1880, 40, 72),
    ]
    assert list(kit.pitches) == [38]
    assert (late.name, len(late.onsets)) == ("late", 0)
    assert (cut.end, cut.bpm) == (1920, 120.0)


def test_tempi_and_meters_go_along(tmp_path: Path) -> None:
    cut = cut_bars(piece(track("a", *((tick, 100, 60) for tick in range(0, 8000, 480)))), 1, 2)
    assert list(cut.tempo_ticks) == [0, 80, 2080]
    assert list(cut.tempo_bpm) == [100.0, 120.0, 90.0]
    assert list(cut.bars.edges) == [0, 1920, 3600]
    assert cut.bars.meters == {(4, 4), (7, 8)}
    write_midi(tmp_path / "x.mid", cut, [(0, LOOP_START), (3600, LOOP_END)])
    back = read_midi(tmp_path / "x.mid")
    assert list(back.bars.edges) == [0, 1920, 3600]
    assert list(back.tempo_ticks) == [0, 80, 2080]
    np.testing.assert_array_equal(back.tracks[0].onsets, cut.tracks[0].onsets)


def test_notes_of_one_pitch_do_not_overlap() -> None:
    cut = cut_bars(piece(track("a", (0, 500, 60), (100, 50, 60), (100, 900, 62))), 0, 1)
    (a,) = cut.tracks
    assert list(zip(a.onsets, a.lengths, a.pitches, strict=True)) == [(0, 100, 60), (100, 50, 60), (100, 900, 62)]
