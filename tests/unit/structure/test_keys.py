"""Keys of chords that are known, in any tuning, and their likeness as mir_eval grades it."""

from __future__ import annotations

import itertools

import mir_eval
import numpy as np
import pytest

from gantools.structure.keys import MAJOR, MINOR, RATE_HZ, chroma, find_key, key_name, likeness


def played(chords: list[tuple[int, ...]], tuning: float = 0.0, seconds: float = 1.5) -> np.ndarray:
    """Chords of MIDI pitches, with three partials each."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    parts = []
    for pitches in chords:
        hz = [440 * 2 ** ((pitch - 69 + tuning) / 12) for pitch in pitches]
        parts.append(sum(0.5**k * np.sin(2 * np.pi * (k + 1) * one * time) for one in hz for k in range(3)))
    return (0.05 * np.concatenate(parts)).astype(np.float32)


CADENCE = [(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)]
MINOR_CADENCE = [(57, 60, 64), (62, 65, 69), (64, 68, 71), (57, 60, 64)]


@pytest.mark.parametrize("tonic", [0, 4, 9])
@pytest.mark.parametrize("tuning", [0.0, 0.4])
def test_cadences_are_in_their_keys(tonic: int, tuning: float) -> None:
    for chords, number in ((CADENCE, 0), (MINOR_CADENCE, 9 + 12)):
        moved = [tuple(pitch + tonic for pitch in chord) for chord in chords]
        key = find_key(chroma(played(moved, tuning)))
        assert key.number == (number + tonic) % 12 + 12 * (number >= 12)
        assert key.clarity > 0.7


def test_pitch_classes_of_tones_have_their_share() -> None:
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    wave = np.sin(2 * np.pi * 440 * time) + 0.25 * np.sin(2 * np.pi * 440 * 2 ** (3 / 12) * time)
    found = chroma(wave.astype(np.float32))
    assert found[[9, 0]] == pytest.approx([0.8, 0.2], abs=0.01)
    assert not chroma(np.zeros(RATE_HZ, np.float32)).any()


def test_a_profile_is_its_own_key() -> None:
    for profile, first in ((MAJOR, 0), (MINOR, 12)):
        for tonic in range(12):
            key = find_key(np.roll(profile, tonic))
            assert (key.number, key.clarity) == (first + tonic, pytest.approx(1.0))
    assert find_key(np.ones(12)).clarity == 0
    assert (key_name(21), key_name(10)) == ("Am", "Bb")


def test_likeness_is_what_mir_eval_grades_in_either_direction() -> None:
    names = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
    words = [f"{name} {mode}" for mode in ("major", "minor") for name in names]
    for one, other in itertools.product(range(24), repeat=2):
        grades = [mir_eval.key.evaluate(*pair)["Weighted Score"] for pair in
                  ((words[one], words[other]), (words[other], words[one]))]  # fmt: skip
        assert likeness(one, other) == max(grades), (words[one], words[other])
