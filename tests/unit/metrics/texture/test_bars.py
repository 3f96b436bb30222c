from __future__ import annotations

import itertools

import numpy as np
import pytest

from gantools.metrics.brackets import bars_shuffled, shaped_noise
from gantools.metrics.texture.bars import bar_likeness, pulse_clarity, share_as_good
from gantools.metrics.texture.spectrum import FRAME_HZ, RATE_HZ, band_power, band_rises, power_spectra
from gantools.structure.beats import BeatGrid, find_beats

BANDS = 6


def grid_of(bars: int, beat_s: float = 0.5, downbeat: int = 0) -> BeatGrid:
    edges = np.round(np.arange(4 * bars + downbeat + 1) * beat_s * RATE_HZ).astype(np.int64)
    return BeatGrid(edges, downbeat, 4, 60 / beat_s, True, "")


def rises_of(patterns: np.ndarray, beat_s: float = 0.5) -> np.ndarray:
    """Return rises (frames, bands) with each cell of bars (bars, 16, bands) in the middle of its sixteenth."""
    bars = len(patterns)
    rises = np.zeros((round(bars * 4 * beat_s * FRAME_HZ) + 2, BANDS))
    middles = (np.arange(16 * bars) + 0.5) * beat_s / 4 * FRAME_HZ
    rises[np.round(middles).astype(int)] = patterns.reshape(-1, BANDS)
    return rises


def drawn(bars: int, seed: int = 0) -> np.ndarray:
    """Return bars of sixteenths of bands, a quarter of whose cells are filled."""
    random = np.random.default_rng(seed)
    return random.uniform(1, 9, (bars, 16, BANDS)) * (random.random((bars, 16, BANDS)) < 0.25)


def test_a_bar_that_repeats_is_alike_and_one_whose_beats_are_shuffled_less() -> None:
    found = bar_likeness(rises_of(np.repeat(drawn(1), 8, axis=0)), grid_of(8), seed=0)
    assert (found.following, found.fourth) == (pytest.approx(1.0), pytest.approx(1.0))
    assert found.beats_shuffled.max() < 0.9
    assert share_as_good(found.following, found.beats_shuffled) == 1 / 200
    # The order of equal bars does not matter.
    assert share_as_good(found.following, found.bars_shuffled) == 1.0
    np.testing.assert_allclose(found.matrix, 1.0)


def test_likeness_is_the_cosine_of_patterns_less_the_mean_of_each_band() -> None:
    patterns = drawn(6, 1)
    found = bar_likeness(rises_of(patterns), grid_of(6), seed=0)
    centred = (patterns - patterns.mean(axis=(0, 1))).reshape(6, -1)
    expected = centred @ centred.T
    expected /= np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(found.matrix, expected, atol=1e-9)
    assert found.following == pytest.approx(np.diagonal(expected, 1).mean())
    assert found.fourth == pytest.approx(np.diagonal(expected, 4).mean())
    # All orders of the bars: the drawn ones have their mean.
    every = [expected[order[:-1], order[1:]].mean() for order in map(np.array, itertools.permutations(range(6)))]
    assert found.bars_shuffled.mean() == pytest.approx(np.mean(every), abs=4 * np.std(every) / 199**0.5)


def test_a_phrase_of_four_bars_is_seen_by_the_fourth_and_lost_when_bars_are_shuffled() -> None:
    patterns = np.tile(drawn(4, 2), (4, 1, 1))
    found = bar_likeness(rises_of(patterns), grid_of(16), seed=0)
    assert found.fourth == pytest.approx(1.0)
    order = np.random.default_rng(3).permutation(16)
    assert bar_likeness(rises_of(patterns[order]), grid_of(16), seed=0).fourth < 0.6
    # Two sections: neighbours are alike, which bars in any order are not.
    sections = np.repeat(drawn(2, 4), 8, axis=0)
    found = bar_likeness(rises_of(sections), grid_of(16), seed=0)
    assert share_as_good(found.following, found.bars_shuffled) == 1 / 200


def test_silent_bars_and_beats_before_the_first_bar_count_for_nothing() -> None:
    patterns = np.repeat(drawn(1, 5), 6, axis=0)
    patterns[3:] = 0
    assert bar_likeness(rises_of(patterns), grid_of(6), seed=0).following == pytest.approx(1.0)
    lead = np.concatenate([drawn(1, 6)[:, :4].reshape(-1, BANDS), drawn(2, 7).reshape(-1, BANDS)])
    both = np.concatenate([lead, np.zeros((12, BANDS))]).reshape(-1, 16, BANDS)
    late = bar_likeness(rises_of(both), grid_of(2, downbeat=1), seed=0)
    assert late.matrix == pytest.approx(bar_likeness(rises_of(drawn(2, 7)), grid_of(2), seed=0).matrix)
    few = bar_likeness(rises_of(drawn(1)), grid_of(1), seed=0)
    assert np.isnan([few.following, few.fourth, share_as_good(few.following, few.beats_shuffled)]).all()


def test_a_pulse_is_clear_at_its_period_and_noise_has_none() -> None:
    random = np.random.default_rng(0)
    frames, period = round(20 * FRAME_HZ), round(0.5 * FRAME_HZ)
    free = random.exponential(1.0, (frames, BANDS))
    assert pulse_clarity(free) < 0.1
    beat = np.zeros((frames, BANDS))
    beat[::period] = 5.0
    assert pulse_clarity(beat) == pytest.approx(1.0, abs=0.03)
    # A variance of s in noise of variance 1 leaves s / (1 + s).
    assert pulse_clarity(beat + free) == pytest.approx(beat.var() / (1 + beat.var()), abs=0.05)
    # One band now, another then: the sum has a pulse, the bands have none.
    walking, at = np.zeros((frames, BANDS)), np.arange(0, frames, period)
    walking[at, random.integers(0, BANDS, len(at))] = 5.0
    assert pulse_clarity(walking) < 0.5
    slow = np.zeros((frames, BANDS))
    slow[:: 6 * period] = 5.0  # 3 s, beyond what is looked at
    assert pulse_clarity(slow) < 0.1
    assert np.isnan([pulse_clarity(np.zeros((frames, BANDS))), pulse_clarity(free[:90])]).all()


def test_shaped_noise_has_the_bands_and_envelopes_of_a_sound_and_not_its_waveform() -> None:
    time = np.arange(8 * RATE_HZ) / RATE_HZ
    beat = np.exp(-6 * (time % 0.5)).astype(np.float32)
    wave = (beat * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    made = shaped_noise(wave, seed=1)
    assert made.shape == wave.shape
    assert np.array_equal(made, shaped_noise(wave, seed=1))
    assert np.mean(made**2) == pytest.approx(np.mean(wave**2), rel=0.15)
    one, two = (band_power(power_spectra(each)).mean(axis=0) for each in (wave, made))
    assert abs(int(np.argmax(one)) - int(np.argmax(two))) <= 1
    level = [np.sqrt(np.mean(each.reshape(-1, 2205) ** 2, axis=1)) for each in (wave, made)]
    assert np.corrcoef(*level)[0, 1] > 0.85
    assert abs(np.corrcoef(wave, made)[0, 1]) < 0.05


def test_bars_are_shuffled_where_there_are_three() -> None:
    time = np.arange(16 * RATE_HZ) / RATE_HZ
    click = np.exp(-60 * (time % 0.5)) * np.random.default_rng(0).standard_normal(len(time))
    wave = (click * (1 + (time % 2 < 0.5))).astype(np.float32)
    made = bars_shuffled(wave, seed=0)
    assert made is not None
    assert made.shape == wave.shape
    assert not np.allclose(made, wave)
    grid = find_beats(made[None], RATE_HZ)
    assert 60 / grid.bpm == pytest.approx(0.5, rel=0.01)
    assert bar_likeness(band_rises(power_spectra(made)), grid, seed=0).following > 0.5
    assert bars_shuffled(wave[: 3 * RATE_HZ], seed=0) is None
