"""Chords of bars, and their names."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.errors import ConfigError
from gantools.symbolic.chords import (
    CHORDS,
    NO_CHORD,
    TEMPLATES,
    chord_classes,
    chord_name,
    chord_tone_share,
    chords_of_bars,
    parse_chords,
    transposed,
)


def test_every_chord_is_found_in_its_own_notes_and_its_name_means_it() -> None:
    for chord in range(NO_CHORD):
        root = chord % 12
        # The root is the lowest note: it tells Csus2 from Gsus4, and the four names of a diminished chord.
        pitches = np.array([36 + root, *(60 + pitch for pitch in chord_classes(chord))])
        onsets, lengths = np.zeros(len(pitches), int), np.full(len(pitches), 96)
        lengths[0] = 1
        found = chords_of_bars(onsets, lengths, pitches, np.array([0, 96]))
        assert found.tolist() == [chord], chord_name(chord)
        assert parse_chords(chord_name(chord)) == [chord]
    assert CHORDS == 133
    assert np.allclose(np.linalg.norm(TEMPLATES, axis=1), 1)


def test_notes_count_by_how_long_they_sound_in_each_bar() -> None:
    """C for a bar and a half, then a short F chord: the second bar is what sounds longest in it."""
    onsets, lengths = np.array([0, 0, 0, 144, 144, 144]), np.array([144, 144, 144, 12, 12, 12])
    pitches = np.array([48, 52, 55, 53, 57, 60])
    found = chords_of_bars(onsets, lengths, pitches, np.array([0, 96, 192, 288]))
    assert [chord_name(int(chord)) for chord in found] == ["C", "C", "N"]


def test_names_as_people_write_them() -> None:
    assert [chord_name(chord) for chord in parse_chords("C, am | F#m7b5 Bb7 Eo N")] == [
        "C", "Am", "Gbm7b5", "Bb7", "Edim", "N",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="'H' is no chord"):
        parse_chords("C H")


def test_transposing_moves_roots_round() -> None:
    chords = np.array([*parse_chords("B Am G7"), NO_CHORD])
    assert [chord_name(int(chord)) for chord in transposed(chords, 3)] == ["D", "Cm", "Bb7", "N"]


def test_the_share_of_chord_tones_is_by_length_within_bars() -> None:
    """C and D in a bar of C, of which D sounds a third; then G in a bar without a chord."""
    onsets, lengths, pitches = np.array([0, 64, 96]), np.array([64, 900, 48]), np.array([60, 62, 67])
    chords = np.array([*parse_chords("C N")])
    edges = np.array([0, 96, 192])
    assert chord_tone_share(onsets, lengths, pitches, edges, chords) == pytest.approx(64 / (64 + 32 + 48))
