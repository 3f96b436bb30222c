"""The clips of a test as they sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gantools.audio.loudness import measure_loudness
from gantools.audio.truepeak import true_peak
from gantools.report.clip import Clip
from gantools.report.listening.plan import Stimulus
from gantools.report.listening.sound import RATE_HZ, bandwidth, best_start, level, low_passed


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    """White noise, float32 (1, n)."""
    return 0.1 * np.random.default_rng(seed).standard_normal((1, round(seconds * RATE_HZ))).astype(np.float32)


@pytest.mark.parametrize("hz", [3500.0, 6000.0, 8000.0, 11025.0])
def test_the_bandwidth_is_where_a_low_pass_ends(hz: float) -> None:
    """In sixths of an octave: at most 12 % off."""
    real = [noise(2, seed) for seed in range(3)]
    made = [low_passed(noise(2, seed), hz) for seed in (8, 9)]
    assert bandwidth(made, real) == pytest.approx(hz, rel=0.13)
    assert bandwidth(real, made) == 0
    assert bandwidth(real, [noise(2, 7)]) == 0


def test_a_low_pass_keeps_length_and_what_lies_below() -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    low, high = (np.sin(2 * np.pi * hz * time)[None].astype(np.float32) for hz in (1000.0, 9000.0))
    found = low_passed(low + high, 6000.0)
    assert found.shape == low.shape
    inner = slice(2000, -2000)
    assert np.abs(found - low)[0, inner].max() < 2e-3


def test_clips_begin_where_they_sound() -> None:
    wave = np.zeros((1, 10 * RATE_HZ), np.float32)
    wave[:, 6 * RATE_HZ : 8 * RATE_HZ] = noise(2)
    assert best_start([wave], 2.0) / RATE_HZ == pytest.approx(6.0, abs=0.11)
    assert best_start([noise(5)], 2.0) == 0
    assert best_start([noise(1)], 2.0) == 0


def _stimulus(id: str, level_of: str = "") -> Stimulus:
    return Stimulus(id, "a", "song", (Clip(Path("x.wav"), "x", "mix", "song"),), level_of=level_of)


def test_all_clips_get_one_loudness_that_none_of_them_clips_at() -> None:
    sharp = noise(2) * 0.01
    sharp[:, ::22050] = 1.0
    waves = {"a": noise(2), "b": noise(2, 1) * 0.01, "c": sharp, "d": np.zeros((1, RATE_HZ), np.float32)}
    gains, lufs = level([_stimulus(id) for id in waves], waves, -16.0)
    assert lufs < -16.0
    for id in "abc":
        wave = waves[id] * np.float32(gains[id])
        assert measure_loudness(wave, RATE_HZ, dual_mono=True).integrated_lufs() == pytest.approx(lufs, abs=0.01)
    peaks = [true_peak(wave * np.float32(gains[id]), RATE_HZ) for id, wave in waves.items()]
    assert 20 * np.log10(max(peaks)) == pytest.approx(-1.0, abs=0.01)


def test_stems_keep_the_balance_of_their_sum() -> None:
    waves = {"sum": noise(2), "stem": noise(2, 1) * 0.2}
    gains, _ = level([_stimulus("sum"), _stimulus("stem", "sum")], waves, -23.0)
    assert gains["stem"] == gains["sum"]
