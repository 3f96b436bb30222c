"""Beats and bars of patterns whose tempo and downbeat are known."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import drum_pattern

from gantools.errors import ConfigError
from gantools.structure.beats import find_beats, tempo

RATE_HZ = 8000


@pytest.mark.parametrize("bpm", [84.0, 97.0, 120.0, 140.0])
def test_tempo_and_phase_of_patterns(bpm: float) -> None:
    grid = find_beats(drum_pattern(bpm, 12.0, RATE_HZ, 0.1), RATE_HZ)
    assert grid.clear
    assert abs(grid.bpm / bpm - 1) < 0.01
    beats = 0.1 + np.arange(100) * 60 / bpm
    away = np.abs(grid.edges[1:-1, None] / RATE_HZ - beats).min(axis=1)
    assert away.max() < 0.02
    assert (grid.downbeat, grid.edges[0] / RATE_HZ) == (0, pytest.approx(0.1, abs=0.02))


@pytest.mark.parametrize("bpm", [84.0, 97.0, 120.0])
@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_bar_begins_where_the_kick_is_strongest(bpm: float, late: int) -> None:
    pattern = drum_pattern(bpm, 12.0, RATE_HZ, 0.1)[:, round(late * 60 / bpm * RATE_HZ) :]
    grid = find_beats(pattern, RATE_HZ)
    assert grid.downbeat == 4 - late


def test_a_given_tempo_is_not_doubted() -> None:
    grid = find_beats(drum_pattern(120.0, 8.0, RATE_HZ), RATE_HZ, bpm=60.0, beats_per_bar=3)
    assert grid.clear
    assert grid.bpm == pytest.approx(60.0, rel=1e-3)
    assert grid.beats_per_bar == 3
    assert "as given" in grid.note
    for wrong in (10.0, 900.0):
        with pytest.raises(ConfigError, match="tempo"):
            find_beats(drum_pattern(120.0, 2.0, RATE_HZ), RATE_HZ, bpm=wrong)


def test_without_a_pulse_slices_are_equal_and_it_is_said() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 10 * RATE_HZ)).astype(np.float32)
    for clip in (noise, np.zeros_like(noise), noise[:, :2000]):
        grid = find_beats(clip, RATE_HZ)
        assert not grid.clear
        assert "equal slices" in grid.note
        assert grid.edges[0] == 0
        assert grid.edges[-1] == clip.shape[1]
        assert np.ptp(np.diff(grid.edges)) <= 1
    assert tempo(np.zeros(500), np.zeros(500), 100.0)[1] == 0.0
