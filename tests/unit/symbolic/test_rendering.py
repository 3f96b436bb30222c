"""Notes to sound: places to the sample, loops without a seam or drift."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.symbolic.config import SoundConfig
from gantools.symbolic.rendering import render
from gantools.symbolic.score import Bars, Score, Track

FOUR = np.full(1, 4, np.int64)


def score_of(*tracks: Track, bpm: float = 120.0) -> Score:
    return Score(480, tracks, np.zeros(1, np.int64), np.array([bpm]), Bars(np.array([0, 1920]), FOUR, FOUR))


def part(onsets: list[int], pitches: list[int], *, length: int = 120, drum: bool = True, program: int = 34) -> Track:
    count = len(onsets)
    columns = np.array(onsets), np.full(count, length), np.array(pitches), np.full(count, 100)
    return Track("", 0 if drum else program, drum, *columns)


def test_drums_and_bass_sound_where_they_are_written() -> None:
    wave = render(score_of(part([480], [36]), part([960], [40], drum=False)), SoundConfig())
    loud = np.abs(wave).max(axis=0) > 0.002
    assert np.flatnonzero(loud)[0] == pytest.approx(22050, abs=60)
    assert loud[44100:44500].any()


@pytest.mark.parametrize("bpm", [120.0, 121.7])
def test_a_loop_never_drifts(bpm: float) -> None:
    score, loop_s = score_of(part([0, 960], [36, 49]), bpm=bpm), 240 / bpm
    wave = render(score, SoundConfig(), loop_seconds=loop_s, repeats=64)
    assert wave.shape == (2, round(64 * loop_s * 44100))
    once = render(score, SoundConfig(), loop_seconds=loop_s)
    last = round(63 * loop_s * 44100)
    np.testing.assert_allclose(wave[:, last : last + 40000], once[:, :40000], atol=1e-6)
