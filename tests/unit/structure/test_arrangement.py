"""New orders of a clip: a form that can be heard, of any length, and slices that are all there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sounds import drum_pattern

from gantools.errors import ConfigError, InputError
from gantools.structure.arrangement import arrange, place_form, shuffle
from gantools.structure.beats import BeatGrid, equal_grid, find_beats
from gantools.structure.form import POOL_SECONDS, pooled_levels, similarities

RATE_HZ = 8000


def test_form_is_heard_and_sections_repeat() -> None:
    clip = drum_pattern(120.0, 16.0, RATE_HZ)
    clip[:, : 8 * RATE_HZ] *= np.linspace(0.3, 1, 8 * RATE_HZ, dtype=np.float32)
    grid = find_beats(clip, RATE_HZ)
    placed = place_form(clip, RATE_HZ, "a b a c", None, 5, grid=grid)
    assert placed.letters == "ABAC"
    assert len(set(placed.lengths)) == 1
    bars = np.round(grid.bar_edges()).tolist()
    assert all(start in bars for start in placed.starts)
    assert placed.starts[0] == placed.starts[2]
    assert len(set(placed.starts)) == 3
    spans = sorted((start, start + placed.lengths[0]) for start in set(placed.starts))
    assert all(end <= after + 2 for (_, end), (after, _) in itertools.pairwise(spans))
    wave = arrange(clip, RATE_HZ, "ABAC", seed=5, grid=grid)
    section = placed.lengths[0]
    assert wave.shape == (1, 4 * section)
    middle = slice(section // 8, section - section // 8)
    np.testing.assert_allclose(wave[:, :section][:, middle], wave[:, 2 * section : 3 * section][:, middle], atol=1e-6)
    levels, span = pooled_levels(wave, RATE_HZ), section / RATE_HZ / POOL_SECONDS
    matrix = similarities([levels[round(n * span) :][: int(span)] for n in range(4)])
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    others = [matrix[pair] for pair in itertools.combinations(range(4), 2) if pair != (0, 2)]
    assert matrix[0, 2] - np.mean(others) > 0.3


@pytest.mark.parametrize("seconds", [3.0, 10.0, 17.31, 40.0])
def test_a_form_fills_any_length(seconds: float) -> None:
    clip = drum_pattern(120.0, 16.0, RATE_HZ)
    grid = find_beats(clip, RATE_HZ)
    wave = arrange(clip, RATE_HZ, "AABA", seconds, grid=grid)
    assert wave.shape == (1, round(seconds * RATE_HZ))
    placed = place_form(clip, RATE_HZ, "AABA", seconds, 0, grid=grid)
    missing = 1 - sum(placed.lengths) / wave.shape[1]
    assert -0.5 / len(placed.letters) - 0.05 < missing < 0.35


def test_forms_that_cannot_be_played() -> None:
    clip = drum_pattern(120.0, 4.0, RATE_HZ)
    with pytest.raises(ConfigError, match="letters"):
        arrange(clip, RATE_HZ, "A1")
    with pytest.raises(InputError, match="no room"):
        arrange(clip, RATE_HZ, "ABCDEFGHIJKL", bpm=120)


@pytest.mark.parametrize("unit", ["beats", "bars"])
def test_shuffled_slices_are_all_there_and_no_neighbours_stay(unit: str) -> None:
    # Each beat is a constant of its own, so that slices can be told apart.
    beats, length = 24, 1000
    clip = np.repeat(np.arange(1, beats + 1, dtype=np.float32), length)[None] / beats
    grid = BeatGrid(np.arange(beats + 1) * length, 0, 4, 60 * RATE_HZ / length, True, "")
    wave = shuffle(clip, RATE_HZ, unit, seed=1, grid=grid)
    assert wave.shape == clip.shape
    order = np.round(wave[0, length // 2 :: length] * beats).astype(int) - 1
    assert sorted(order) == list(range(beats))
    if unit == "beats":
        assert np.all(np.diff(order) != 1)
        assert (order % 4).tolist() == list(range(4)) * 6  # each keeps its place in the bar
    else:
        assert np.all(np.diff(order[::4] // 4) != 1)
        assert (np.diff(order.reshape(-1, 4), axis=1) == 1).all()
    assert not np.array_equal(wave, shuffle(clip, RATE_HZ, unit, seed=2, grid=grid))
    longer = shuffle(clip, RATE_HZ, unit, seed=1, seconds=7.77, grid=grid)
    assert longer.shape == (1, round(7.77 * RATE_HZ))
    with pytest.raises(ConfigError, match="neither"):
        shuffle(clip, RATE_HZ, "notes", grid=grid)
    with pytest.raises(InputError, match="shuffled"):
        shuffle(clip, RATE_HZ, unit, grid=equal_grid(1000, RATE_HZ, 4))
