"""Which draw is kept: figures of texture, and stretches that stand in the clip."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.texture.measures import measure
from gantools.systems.patches.choosing import copied_seconds, distance, fault, texture

RATE_HZ = 22050


def test_texture_is_that_of_the_metric() -> None:
    random = np.random.default_rng(0)
    time = np.arange(RATE_HZ // 2) / RATE_HZ
    notes = [np.sin(2 * np.pi * hz * time) * np.exp(-4 * time) for hz in random.uniform(200, 900, 12)]
    wave = (0.3 * np.concatenate(notes)).astype(np.float32)
    figures = measure(wave, None, 0)
    expected = [figures[name] for name in ("attack_db", "attack_p90_db", "partial_ms")]
    np.testing.assert_allclose(np.exp(texture(np.stack([wave, wave]), RATE_HZ)), expected, rtol=1e-6)
    assert np.isnan(texture(np.zeros((1, RATE_HZ), np.float32), RATE_HZ)).all()


def test_distance_is_the_mean_of_what_is_known() -> None:
    assert distance(np.log([2.0, 8.0, np.nan]), np.log([1.0, 8.0, 3.0])) == pytest.approx(np.log(2) / 2)
    assert distance(np.full(3, np.nan), np.zeros(3)) == 0.0


def test_copies_are_runs_at_one_lag_of_almost_all_energy() -> None:
    levels = np.array([[1.0] * 6, [1.0] * 6, [0.01] * 6])
    lags = np.array([[0.0] * 6, [5.0, 0.0, 0.0, 0.0, 5.0, 5.0], [9.0] * 6])
    # In frames 1 to 3 both loud bands play at lag 0; the quiet one does not count.
    assert copied_seconds(lags, levels, 0.5) == 1.5
    # Another lag ends a run, and 1 ms is none.
    lags[:2] = [0.0, 0.001, 0.001, 2.0, 2.0, 2.0]
    assert copied_seconds(lags, levels, 0.5) == 1.5
    levels[2] = 1.0
    assert copied_seconds(lags, levels, 0.5) == 0.0


def test_a_copy_beyond_seven_tenths_of_a_second_is_a_fault() -> None:
    same = np.zeros(3)
    assert fault(same, same, 0.7) == 0.0
    assert fault(same, same, 1.0) == pytest.approx(0.3)
