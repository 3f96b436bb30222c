from __future__ import annotations

import numpy as np
import pytest

from gantools.audio.loudness import measure_loudness
from gantools.audio.truepeak import true_peak
from gantools.effects.gain import design_gain

RATE_HZ = 44100


def bursts(level: float) -> np.ndarray:
    """Noise that fades and comes back, stereo."""
    n_samples = RATE_HZ * 8
    envelope = 10 ** (2 * np.sin(np.arange(n_samples) * 2e-5) - 2)
    return (np.random.default_rng(0).standard_normal((2, n_samples)) * envelope * level).astype(np.float32)


@pytest.mark.parametrize("level", [0.001, 0.1])
def test_loudness_reaches_the_target(level: float) -> None:
    wave = bursts(level)
    settings = design_gain(measure_loudness(wave, RATE_HZ), true_peak(wave, RATE_HZ), -30)
    wave *= np.float32(settings.gain)
    assert measure_loudness(wave, RATE_HZ).integrated_lufs() == pytest.approx(-30, abs=0.001)
    assert settings.after_lufs == pytest.approx(-30, abs=1e-6)
    assert 20 * np.log10(true_peak(wave, RATE_HZ)) == pytest.approx(settings.true_peak_after_db, abs=0.001)
    assert not settings.tp_limited


def test_ceiling_reduces_the_gain() -> None:
    wave = bursts(0.1)
    loudness, peak = measure_loudness(wave, RATE_HZ), true_peak(wave, RATE_HZ)
    settings = design_gain(loudness, peak, -5, ceiling_dbtp=-1)
    assert settings.tp_limited
    assert settings.true_peak_after_db == pytest.approx(-1)
    assert settings.after_lufs < -5
    free = design_gain(loudness, peak, -5, ceiling_dbtp=None)
    assert not free.tp_limited
    assert free.after_lufs == pytest.approx(-5, abs=1e-6)


def test_amount_scales_the_decibels() -> None:
    wave = bursts(0.1)
    loudness = measure_loudness(wave, RATE_HZ)
    whole, half, none = (design_gain(loudness, 0.1, -40, amount=amount) for amount in (1.0, 0.5, 0.0))
    assert half.gain_db == pytest.approx(whole.gain_db / 2)
    assert none.gain == 1


def test_silence_is_left_alone() -> None:
    settings = design_gain(measure_loudness(np.zeros((1, 50_000), np.float32), RATE_HZ), 0.0, -30)
    assert settings.gain == 1
    assert settings.before_lufs == settings.after_lufs == settings.true_peak_after_db == -np.inf
    assert not settings.tp_limited
