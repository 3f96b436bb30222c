"""Beats of clips with a known tempo, and new orders on them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gantools.errors import ConfigError, InputError
from gantools.structure.arrangement import arrange, plan_form, shuffle
from gantools.structure.beats import BeatGrid, equal_grid, find_beats, tempo
from gantools.structure.form import form_similarity, self_similarity

RATE_HZ = 8000


def _pattern(bpm: float, seconds: float, offset_s: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return kicks, snares and hats in four, with a tone per bar."""
    random = np.random.default_rng(seed)
    time = np.arange(round(0.15 * RATE_HZ)) / RATE_HZ
    kick = np.sin(2 * np.pi * 60 * time) * np.exp(-time * 25)
    snare = 0.5 * random.standard_normal(len(time)) * np.exp(-time * 30)
    hat = 0.1 * np.diff(random.standard_normal(len(time) + 1)) * np.exp(-time * 80)
    wave = np.zeros(round((seconds + 1) * RATE_HZ))
    eighths = int(seconds * bpm / 30)
    for n in range(eighths):
        first = round((offset_s + n * 30 / bpm) * RATE_HZ)
        if first + len(time) > len(wave):
            break
        hit = hat.copy()
        if n % 8 in (0, 5):
            hit += kick * (1.3 if n % 8 == 0 else 1)
        if n % 4 == 2:
            hit += snare
        wave[first : first + len(time)] += hit
    place = np.arange(len(wave)) / RATE_HZ * bpm / 240
    wave += 0.05 * np.sin(2 * np.pi * 100 * 2 ** (place.astype(int) % 7 / 3) * np.arange(len(wave)) / RATE_HZ)
    return (0.5 * wave[: round(seconds * RATE_HZ)]).astype(np.float32)[None]


@pytest.mark.parametrize("bpm", [84.0, 97.0, 120.0, 140.0])
def test_tempo_and_phase_of_patterns(bpm: float) -> None:
    grid = find_beats(_pattern(bpm, 12.0, 0.1), RATE_HZ)
    assert grid.clear
    assert abs(grid.bpm / bpm - 1) < 0.01
    beats = 0.1 + np.arange(100) * 60 / bpm
    away = np.abs(grid.edges[1:-1, None] / RATE_HZ - beats).min(axis=1)
    assert away.max() < 0.02
    assert (grid.downbeat, grid.edges[0] / RATE_HZ) == (0, pytest.approx(0.1, abs=0.02))


@pytest.mark.parametrize("bpm", [84.0, 97.0, 120.0])
@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_bar_begins_where_the_kick_is_strongest(bpm: float, late: int) -> None:
    pattern = _pattern(bpm, 12.0, 0.1)[:, round(late * 60 / bpm * RATE_HZ) :]
    grid = find_beats(pattern, RATE_HZ)
    assert grid.downbeat == 4 - late


def test_a_given_tempo_is_not_doubted() -> None:
    grid = find_beats(_pattern(120.0, 8.0), RATE_HZ, bpm=60.0, beats_per_bar=3)
    assert grid.clear
    assert grid.bpm == pytest.approx(60.0, rel=1e-3)
    assert grid.beats_per_bar == 3
    assert "as given" in grid.note
    for wrong in (10.0, 900.0):
        with pytest.raises(ConfigError, match="tempo"):
            find_beats(_pattern(120.0, 2.0), RATE_HZ, bpm=wrong)


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


def test_form_is_heard_and_sections_repeat() -> None:
    clip = _pattern(120.0, 16.0)
    clip[:, : 8 * RATE_HZ] *= np.linspace(0.3, 1, 8 * RATE_HZ, dtype=np.float32)
    grid = find_beats(clip, RATE_HZ)
    plan = plan_form(clip, RATE_HZ, "a b a c", None, 5, grid=grid)
    assert plan.letters == "ABAC"
    assert len(set(plan.lengths)) == 1
    bars = np.round(grid.bar_edges()).tolist()
    assert all(start in bars for start in plan.starts)
    assert plan.starts[0] == plan.starts[2]
    assert len(set(plan.starts)) == 3
    spans = sorted((start, start + plan.lengths[0]) for start in set(plan.starts))
    assert all(end <= after + 2 for (_, end), (after, _) in itertools.pairwise(spans))
    wave = arrange(clip, RATE_HZ, "ABAC", seed=5, grid=grid)
    section = plan.lengths[0]
    assert wave.shape == (1, 4 * section)
    middle = slice(section // 8, section - section // 8)
    np.testing.assert_allclose(wave[:, :section][:, middle], wave[:, 2 * section : 3 * section][:, middle], atol=1e-6)
    assert form_similarity(wave, RATE_HZ, "ABAC") > 0.3
    assert form_similarity(wave, RATE_HZ, "AABC") < form_similarity(wave, RATE_HZ, "ABAC")
    matrix = self_similarity(wave, RATE_HZ, 4)
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose(np.diag(matrix), 1.0)


@pytest.mark.parametrize("seconds", [3.0, 10.0, 17.31, 40.0])
def test_a_form_fills_any_length(seconds: float) -> None:
    clip = _pattern(120.0, 16.0)
    grid = find_beats(clip, RATE_HZ)
    wave = arrange(clip, RATE_HZ, "AABA", seconds, grid=grid)
    assert wave.shape == (1, round(seconds * RATE_HZ))
    plan = plan_form(clip, RATE_HZ, "AABA", seconds, 0, grid=grid)
    missing = 1 - sum(plan.lengths) / wave.shape[1]
    assert -0.5 / len(plan.letters) - 0.05 < missing < 0.35


def test_forms_that_cannot_be_played() -> None:
    clip = _pattern(120.0, 4.0)
    with pytest.raises(ConfigError, match="letters"):
        arrange(clip, RATE_HZ, "A1")
    with pytest.raises(InputError, match="no room"):
        arrange(clip, RATE_HZ, "ABCDEFGHIJKL", bpm=120)
    with pytest.raises(ConfigError, match="comes again"):
        form_similarity(clip, RATE_HZ, "ABC")


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
