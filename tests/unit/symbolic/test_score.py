"""Ticks, seconds and tempi of a score."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.symbolic.score import Bars, Score, Track


def score_with(tempi: dict[int, float], end: int = 1920) -> Score:
    track = Track("", 0, False, np.array([0]), np.array([end]), np.array([60]), np.array([90]))
    bars = Bars(np.array([0, 1920]), np.array([4]), np.array([4]))
    return Score(480, (track,), np.array(list(tempi)), np.array(list(tempi.values())), bars)


def test_seconds_under_changing_tempi() -> None:
    # 480 ticks at 120 bpm last 0.5 s, 480 at 60 bpm 1 s, and what follows is at 240 bpm: 0.25 s a quarter.
    score = score_with({0: 120.0, 480: 60.0, 960: 240.0})
    ticks = np.array([0, 240, 480, 720, 960, 1440, 4800])
    np.testing.assert_allclose(score.seconds(ticks), [0, 0.25, 0.5, 1.0, 1.5, 1.75, 3.5], rtol=1e-12)
    assert float(score.seconds(960)) == pytest.approx(1.5)


def test_the_main_tempo_lasts_longest_in_seconds() -> None:
    # The slow half has fewer ticks, and lasts longer.
    assert score_with({0: 200.0, 1152: 50.0}).bpm == 50
    assert score_with({0: 120.0}).bpm == 120
    assert score_with({0: 90.0, 9600: 140.0}).bpm == 90  # a tempo after the last note


def test_basses_are_programs_32_to_39_and_no_drums() -> None:
    none = np.array([0])
    found = [p for p in range(128) if Track("", p, False, none, none, none, none).is_bass]
    assert found == list(range(32, 40))
    assert not Track("", 33, True, none, none, none, none).is_bass
    assert Score(480, (), none, np.ones(1), Bars(np.array([0, 1]), none + 4, none + 4)).end == 0
