"""Figures of scores on pieces whose figures can be told by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_symphony import small_score

from gantools.metrics.symbolic.copies import Learned
from gantools.metrics.symbolic.guessing import Registers
from gantools.metrics.symbolic.statistics import mean_figures, measure_score, with_bars_shuffled
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.score import GridScore
from gantools.systems.symphony.judging import merge_name, named_merges


def score_of(notes: list[tuple[int, int, int, int]], programs: list[int], bars: int) -> GridScore:
    """A piece in 4/4 of (onset, track, pitch, length)."""
    table = np.array([(*note, 80) for note in sorted(notes)], np.int64)
    edges, meters = np.arange(bars + 1) * 96, np.tile([4, 4], (bars, 1))
    return GridScore(24, edges, meters, np.full(bars, 120.0), np.array(programs), ("",) * len(programs), table)


def test_figures_by_hand() -> None:
    """Two bars of C major in quarters on a violin, the second an octave up and two eighths later; then C-E-G held."""
    first = [(beat * 24, 0, pitch, 24) for beat, pitch in enumerate((60, 64, 67, 72))]
    second = [(96 + beat * 24, 0, pitch + 12, 24) for beat, pitch in enumerate((60, 64, 67, 72))]
    held = [(192, 1, pitch, 96) for pitch in (48, 52, 55)]
    found = measure_score(score_of(first + second + held, [40, 43], 3))
    shares = np.array([5, 3, 3]) / 11
    assert found["pitch_class_entropy"] == pytest.approx(-(shares * np.log2(shares)).sum())
    assert found["scale_consistency"] == 1
    assert found["chord_tones"] == 1
    assert found["chord_changes"] == 0
    # The rhythm of the second bar is that of the first; the third has one onset of four in common.
    assert found["groove_consistency"] == pytest.approx(1 - (0 + 3 / 96) / 2)
    assert found["instrument_similarity"] == pytest.approx((1 + 0) / 2)
    assert found["moving"] == 1
    assert found["notes_per_bar"] == pytest.approx(11 / 3)
    assert found["parts_per_bar"] == 1
    assert found["in_register"] == 1
    low = measure_score(score_of([(0, 0, 40, 24), (24, 0, 60, 24)], [40], 1))
    assert low["in_register"] == 0.5
    assert mean_figures([score_of(first, [40], 1)] * 2) == measure_score(score_of(first, [40], 1))


def test_shuffled_bars_have_the_same_notes_and_end_copies() -> None:
    score = small_score(1, bars=8)
    other = with_bars_shuffled(score, 1)
    assert sorted(other.notes[:, 2].tolist()) == sorted(score.notes[:, 2].tolist())
    assert measure_score(other)["pitch_class_entropy"] == measure_score(score)["pitch_class_entropy"]
    assert Learned([score]).longest_copy(other) < Learned([score]).longest_copy(score) == 8


def test_copies_count_in_bars_in_any_key_and_stop_where_the_interval_changes() -> None:
    learned = Learned([small_score(1, bars=8)])
    notes = small_score(1, bars=8).notes.copy()
    notes[:, 2] += 5
    moved = replace(small_score(1, bars=8), notes=notes)
    assert learned.longest_copy(moved) == 8
    broken = notes.copy()
    broken[(broken[:, 0] >= 3 * 96) & (broken[:, 1] != 3), 2] += 1
    assert learned.longest_copy(replace(moved, notes=broken)) == 5
    assert learned.longest_copy(small_score(7, bars=8)) <= 1
    assert learned.share([moved]) == 1


def test_a_pitch_that_is_struck_again_and_again_is_no_copy() -> None:
    for pitches, copied in (([60], 0), ([60, 62], 0), ([60, 62, 64], 4)):
        notes = [(24 * n, 0, pitches[n % len(pitches)], 24) for n in range(16)]
        score = score_of(notes, [40], 4)
        assert Learned([score]).longest_copy(score) == copied


def test_instruments_are_guessed_by_register() -> None:
    training = [score_of([(0, 0, 80, 24), (0, 1, 40, 24), (24, 2, 41, 24)], [73, 43, 43], 1)]
    registers = Registers(training)
    assert registers.majority == 43
    held_out = [score_of([(0, 0, 80, 24), (0, 1, 41, 24)], [73, 43], 1)]
    assert registers.accuracy(held_out) == {"majority": 0.5, "register": 1.0}


def test_merges_have_the_names_of_intervals_and_chords() -> None:
    assert merge_name((60, 67)) == ("interval", "fifth")
    assert merge_name((48, 60)) == ("interval", "octave")
    assert merge_name((60, 64, 67)) == ("chord", "major on C")
    assert merge_name((57, 60, 64)) == ("chord", "m on A")
    assert merge_name((60, 61, 62))[0] == "other"
    found = named_merges(Merges([(60, 64), (67, 128), (61, 62), (63, 130)]))
    assert (found["count"], found["intervals"], found["chords"], found["other"]) == (4, 2, 1, 1)
    assert found["common_share"] == 0.5
