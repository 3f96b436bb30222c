"""Rolls: what stands where on the grid, and that no note is lost on the way to MIDI and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from midi_bytes import meter, notes, smf, tempo

from gantools.errors import InputError
from gantools.symbolic.midi import read_midi, write_midi
from gantools.symbolic.roll import (
    BAR_STEPS,
    BASS_LOW,
    DRUM_ROWS,
    DRUMS,
    PITCHES,
    Roll,
    all_parts,
    drums_and_bass,
    find_bass,
    roll_edges,
    score_of,
    steps_of,
)
from gantools.symbolic.score import Bars, Score, Track


def part(pitches: list[int], *, name: str = "", program: int = 34, drum: bool = False, at: list[int] | None = None,
         length: int = 120) -> Track:  # fmt: skip
    count = len(pitches)
    onsets = np.arange(count) * 480 if at is None else np.array(at)
    return Track(name, program, drum, onsets, np.full(count, length), np.array(pitches), np.full(count, 90))


def in_bars(*tracks: Track, bars: int = 4) -> Score:
    four = np.full(bars, 4)
    return Score(480, tracks, np.zeros(1, int), np.array([120.0]), Bars(np.arange(bars + 1) * 1920, four, four))


def random_roll(seed: int, bars: int = 8) -> Roll:
    """Return a roll as dense as the paper's: some 3 drums a beat, and a bass of one note at a time, some repeated."""
    rng = np.random.default_rng(seed)
    sounding = np.zeros((bars * BAR_STEPS, PITCHES), bool)
    onsets = np.zeros_like(sounding)
    sounding[:, :DRUM_ROWS] = onsets[:, :DRUM_ROWS] = rng.random((len(sounding), DRUM_ROWS)) < 0.08
    step = int(rng.integers(0, 4))
    while step < len(sounding):
        length, pitch = int(rng.integers(1, 9)), DRUM_ROWS + int(rng.integers(0, 48))
        strikes = rng.choice((1, 1, 2))
        for start in range(step, min(step + strikes * length, len(sounding)), length):
            sounding[start : start + length, pitch] = True
            onsets[start, pitch] = True
        step += strikes * length + int(rng.integers(0, 3))
    # A crash that sounds once in the whole piece, which the paper's program loses.
    sounding[:, 6] = onsets[:, 6] = False
    sounding[5, 6] = onsets[5, 6] = True
    return Roll(sounding, onsets, np.arange(bars + 1) * BAR_STEPS)


@pytest.mark.parametrize("seed", range(4))
def test_no_note_is_lost_on_the_way_to_midi_and_back(tmp_path: Path, seed: int) -> None:
    roll = random_roll(seed)
    write_midi(tmp_path / "a.mid", score_of(roll, 97.0))
    score = read_midi(tmp_path / "a.mid")
    again = drums_and_bass(score)
    bars = len(again)  # up to the last note
    np.testing.assert_array_equal(again.sounding, roll.sounding[: bars * BAR_STEPS])
    np.testing.assert_array_equal(again.onsets, roll.onsets[: bars * BAR_STEPS])
    assert not roll.sounding[bars * BAR_STEPS :].any()
    assert score.bpm == pytest.approx(97, rel=1e-5)
    # As many notes as onsets, each with the paper's velocities.
    assert sum(len(track.onsets) for track in score.tracks) == roll.onsets.sum()
    assert [set(track.velocities) for track in score.tracks if track.is_drum] == [{90}]


def test_real_pieces_come_back_from_the_grid_as_they_are(tmp_path: Path, shared_data: Path) -> None:
    for path in sorted((shared_data / "midi/band").glob("*.mid"))[::25]:
        roll = drums_and_bass(read_midi(path))
        whole = np.diff(roll.edges) == BAR_STEPS
        if not whole.all():
            continue
        write_midi(tmp_path / "a.mid", score_of(roll, 120.0))
        again = drums_and_bass(read_midi(tmp_path / "a.mid"))
        np.testing.assert_array_equal(again.sounding, roll.sounding[: len(again.sounding)])
        np.testing.assert_array_equal(again.onsets, roll.onsets[: len(again.onsets)])
        assert not roll.sounding[len(again.sounding) :].any()


@pytest.mark.parametrize(
    ("meters", "edges"),
    [
        (meter(7, 8), [0, 14, 28, 42]),
        (meter(3, 4), [0, 12, 24, 36, 48]),
        (meter(4, 4) + meter(3, 4, 1920), [0, 16, 28, 40, 52]),
        # A bar that is cut short has what is left of it.
        (meter(4, 4) + meter(2, 4, 2400), [0, 16, 20, 28, 36, 44]),
        (meter(5, 16), [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]),
    ],
)
def test_steps_of_bars(tmp_path: Path, meters: bytes, edges: list[int]) -> None:
    (tmp_path / "a.mid").write_bytes(smf(tempo(120) + meters, notes([(0, 10, 36), (4800, 10, 38)])))
    score = read_midi(tmp_path / "a.mid")
    assert roll_edges(score).tolist() == edges
    roll = drums_and_bass(score)
    assert roll.sounding.shape == (edges[-1], PITCHES)
    snare = int(np.flatnonzero(roll.sounding[:, 1])[0])
    bar = int(np.searchsorted(score.bars.edges, 4800, side="right")) - 1
    assert snare == edges[bar] + (4800 - score.bars.edges[bar]) // 120


def test_the_nearest_step_is_taken() -> None:
    score = in_bars(part([40]))
    edges = roll_edges(score)
    ticks = np.array([0, 59, 60, 119, 179, 180, 1859, 1860, 1919, 1920])
    assert steps_of(score, ticks, edges).tolist() == [0, 0, 1, 1, 1, 2, 15, 16, 16, 16]
    # A third of a quarter lies nearest to the first step, two thirds nearest to the third.
    assert steps_of(score, np.array([160, 320]), edges).tolist() == [1, 3]


def test_every_drum_of_general_midi_has_the_paper_s_column_or_none() -> None:
    merged = {35: (35, 36), 38: (37, 38, 39, 40), 42: (42, 44), 45: (41, 43, 45), 46: (46,), 48: (47, 48),
              49: (49, 55, 57), 50: (50,), 51: (51, 59)}  # fmt: skip
    for note in range(128):
        [column] = [DRUMS.index(drum) for drum, group in merged.items() if note in group] or [None]
        roll = drums_and_bass(in_bars(part([note], drum=True, length=900)))
        assert np.flatnonzero(roll.sounding[0]).tolist() == ([] if column is None else [column])
        assert roll.sounding.sum() == roll.onsets.sum() == (column is not None)
        assert any("1 hits of drums" in remark for remark in roll.remarks) == (column is None)


@pytest.mark.parametrize(
    ("pitch", "column"), [(24, 0), (71, 47), (23, 11), (12, 0), (0, 0), (5, 5), (72, 36), (95, 47)]
)
def test_a_bass_moves_by_octaves_into_its_four(pitch: int, column: int) -> None:
    roll = drums_and_bass(in_bars(part([pitch])))
    assert np.flatnonzero(roll.sounding[0, DRUM_ROWS:]).tolist() == [column]
    assert (column + BASS_LOW - pitch) % 12 == 0


def test_the_lowest_note_sounds_alone_and_the_one_above_begins_when_it_is_uncovered() -> None:
    high = part([60], at=[0], length=960)
    low = part([40], at=[240], length=240)
    roll = drums_and_bass(in_bars(high, low))
    columns = [60 - BASS_LOW + DRUM_ROWS, 40 - BASS_LOW + DRUM_ROWS]
    assert roll.sounding[:10, columns].astype(int).tolist() == [[1, 0]] * 2 + [[0, 1]] * 2 + [[1, 0]] * 4 + [[0, 0]] * 2
    assert np.argwhere(roll.onsets).tolist() == [[0, columns[0]], [2, columns[1]], [4, columns[0]]]


def test_repeated_notes_and_held_ones_differ() -> None:
    held = drums_and_bass(in_bars(part([40], at=[0], length=480)))
    struck = drums_and_bass(in_bars(part([40, 40], at=[0, 240], length=240)))
    np.testing.assert_array_equal(held.sounding, struck.sounding)
    assert (held.onsets.sum(), struck.onsets.sum()) == (1, 2)
    # A short note has a step of its own, also before its own repeat.
    assert drums_and_bass(in_bars(part([40], at=[0], length=1))).sounding.sum() == 1


def test_where_the_bass_is() -> None:
    lead, chords = part([72, 76, 79], program=80), part([48, 52, 55], program=0, at=[0, 0, 0])
    low = part([38, 43, 45], program=0, name="left hand")
    assert find_bass(in_bars(lead, chords, part([60], program=33)))[1] == ""
    named = part([70], program=81, name="Synth BASS 1")
    assert find_bass(in_bars(lead, low, named)) == ([named], "bass by name: Synth BASS 1")
    drum, bassoon = part([70], program=81, name="Bass Drum"), part([70], program=70, name="Bassoon")
    assert find_bass(in_bars(lead, chords, low, drum, bassoon))[0] == [low]
    assert "left hand" in find_bass(in_bars(lead, low))[1]
    # What plays chords, or high, is none.
    assert find_bass(in_bars(lead, chords)) == ([], "no bass")
    with pytest.raises(InputError, match="neither drums nor a bass"):
        drums_and_bass(in_bars(lead, chords))
    assert "no drums" in drums_and_bass(in_bars(low)).remarks


def test_bars_cut_out_begin_with_what_is_held_into_them() -> None:
    roll = drums_and_bass(in_bars(part([40], at=[1800], length=480), part([36], drum=True, at=[5000])))
    window = roll.window(1, 2)
    assert (len(window), window.sounding.shape) == (2, (2 * BAR_STEPS, PITCHES))
    assert window.edges.tolist() == [0, 16, 32]
    assert np.argwhere(window.onsets).tolist() == [[0, 40 - BASS_LOW + DRUM_ROWS], [26, 0]]
    assert not roll.onsets[BAR_STEPS].any()  # the piece itself is as it was


def test_all_parts_share_a_roll() -> None:
    roll = all_parts(in_bars(part([36], drum=True), part([60], program=0), part([107, 108], program=70)))
    assert roll.sounding.shape == (64, DRUM_ROWS + 84)
    assert np.flatnonzero(roll.sounding[0]).tolist() == [0, DRUM_ROWS + 36, DRUM_ROWS + 83]
    assert np.flatnonzero(roll.sounding[4]).tolist() == [DRUM_ROWS + 72]
