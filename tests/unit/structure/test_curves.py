"""Curves of sounds: clicks counted, tempi of stretches, levels and centroids of tones."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.structure.curves import RATE_HZ, Curves, measure, window_tempi

LATENT_S = 0.1


def clicks(per_second: float, seconds: float = 12.0) -> np.ndarray:
    """Return decaying bursts of noise, evenly spaced."""
    wave, random = np.zeros(round(seconds * RATE_HZ), np.float32), np.random.default_rng(1)
    burst = (random.standard_normal(2000) * np.exp(-np.arange(2000) / 300)).astype(np.float32)
    for start in np.arange(0.1, seconds - 0.2, 1 / per_second):
        at = round(start * RATE_HZ)
        wave[at : at + 2000] += 0.3 * burst
    return wave


def test_onsets_are_counted_and_the_tempo_found() -> None:
    for per_second in (2.0, 4.0):
        curves = measure(clicks(per_second), LATENT_S, 120)
        assert float(np.median(curves.density[20:100])) == pytest.approx(per_second, rel=0.05)
    tempo = measure(clicks(2.0), LATENT_S, 120).tempo
    assert float(tempo[0]) == pytest.approx(120, rel=0.02)


def test_level_and_centroid_of_a_tone() -> None:
    seconds = np.arange(4 * RATE_HZ) / RATE_HZ
    wave = (0.1 * np.sin(2 * np.pi * 1000 * seconds)).astype(np.float32)
    curves = measure(wave, LATENT_S, 40)
    assert float(curves.loudness[20]) == pytest.approx(-23.01, abs=0.1)  # a sine of .1 is 3 dB below -20 dB
    assert float(curves.brightness[20]) == pytest.approx(1000, rel=0.01)


def test_each_stretch_has_a_tempo_of_its_own() -> None:
    wave = np.concatenate([clicks(2.0, 10.0), clicks(2.5, 10.0), clicks(2.0, 4.0)])
    assert window_tempi(wave, 10.0).tolist() == pytest.approx([120, 150], rel=0.03)
    assert len(window_tempi(wave[: 5 * RATE_HZ], 10.0)) == 1


def test_curves_go_on_from_the_last_value_to_the_middle_one() -> None:
    own = Curves(*(np.array([1.0, 2.0, 2.0, 6.0]) * scale for scale in (1, -10, 100, 60)))
    on = own.then(own.settling(4))
    assert on.density.tolist() == [1, 2, 2, 6, 5, 4, 3, 2]
    assert on.loudness.tolist() == [-10, -20, -20, -60, -50, -40, -30, -20]
