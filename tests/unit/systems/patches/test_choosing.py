"""What speaks against a draw: figures of texture, and stretches that stand in the clip."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.texture.measures import measure
from gantools.systems.patches.choosing import Judge, distance, texture

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


def test_what_stands_in_the_clip_for_more_than_seven_tenths_of_a_second_is_a_fault() -> None:
    clip = np.random.default_rng(1).standard_normal((1, 8 * RATE_HZ)).astype(np.float32)
    other = np.random.default_rng(2).standard_normal((1, 8 * RATE_HZ)).astype(np.float32)
    judge = Judge(clip, RATE_HZ)
    assert judge.fault(clip) == pytest.approx(8 - 0.7, abs=0.11)
    new = judge.fault(other)
    assert new < 0.3
    # Two seconds of the clip, at another place and level.
    other[:, 3 * RATE_HZ : 5 * RATE_HZ] = 0.5 * clip[:, RATE_HZ : 3 * RATE_HZ]
    assert 1.0 < judge.fault(other) - new < 1.5
