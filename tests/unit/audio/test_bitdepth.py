"""Dither: the error of rounding is noise of a known level, whatever the signal."""

from __future__ import annotations

import numpy as np

from gantools.audio.bitdepth import Dither


def rounded(wave: np.ndarray, step: float) -> np.ndarray:
    return np.round(wave / step) * step


def test_a_tone_below_one_step_survives_in_the_mean() -> None:
    time = np.arange(200_000)
    tone = (0.3 * 2.0**-15 * np.sin(2 * np.pi * 0.01 * time)).astype(np.float32)
    assert not rounded(tone, 2.0**-15).any()  # without dither it is gone
    heard = rounded(Dither("PCM_16", 1)(tone), 2.0**-15)
    gain = (heard @ tone) / (tone @ tone)
    assert abs(gain - 1) < 0.05


def test_the_error_has_a_quarter_square_step_and_silence_stays() -> None:
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, 400_000).astype(np.float32)
    wave[:1000] = 0
    dithered = Dither("PCM_16", 2)(wave)
    assert not dithered[:1000].any()
    error = rounded(dithered.astype(np.float64), 2.0**-15) - wave
    # Triangular noise (1/6) and rounding (1/12) of a square step.
    assert abs(np.mean(error[1000:] ** 2) / (2.0**-30 / 4) - 1) < 0.01


def test_float_gets_none() -> None:
    wave = np.ones(4, np.float32)
    assert Dither("FLOAT", 0)(wave) is wave
