from __future__ import annotations

import numpy as np
import pytest

from gantools.effects import spectrum
from gantools.effects.grid import GRID_HZ
from gantools.effects.spectrum import MeanSpectrum, SpectrumMeter, axis_levels_db, gamma_size, grid_magnitude, log_axis


def measure(
    wave: np.ndarray, rate_hz: int = 44100, gate_db: float | None = -40.0, block: int = 100_000
) -> MeanSpectrum:
    meter = SpectrumMeter(rate_hz, len(wave), gate_db)
    for start in range(0, wave.shape[1], block):
        meter.push(wave[:, start : start + block])
    return meter.result()


def noise(seconds: float, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, round(44100 * seconds))).astype(np.float32) * 0.1


def plain_gamma(wave: np.ndarray, gate_db: float) -> np.ndarray:
    """Equation 2 written out, with the gate."""
    n_fft = 65536
    hops = max(0, -(-(wave.shape[1] - n_fft) // (n_fft // 2)))
    padded = np.pad(wave.astype(float), ((0, 0), (0, n_fft + hops * n_fft // 2 - wave.shape[1])))
    window = np.sqrt(np.hanning(n_fft + 1)[:-1])
    frames = np.stack([padded[:, h * n_fft // 2 :][:, :n_fft] * window for h in range(hops + 1)])
    energy = (frames**2).sum(axis=(1, 2))
    kept = energy > energy.max() * 10 ** (gate_db / 10)
    return np.abs(np.fft.rfft(frames[kept])).mean(axis=(0, 1))


@pytest.mark.parametrize("channels", [1, 2])
def test_gamma_is_equation_2_of_the_frames_above_the_gate(channels: int) -> None:
    wave = noise(9, channels)
    wave[:, 100_000:250_000] *= 0.003
    found = measure(wave)
    assert 0 < found.kept < found.frames
    np.testing.assert_allclose(found.gamma, plain_gamma(wave, -40), rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("block", [1000, 65536, 10**9])
def test_blocks_of_any_size_give_the_same(block: int) -> None:
    wave = noise(5)
    np.testing.assert_allclose(measure(wave, block=block).gamma, measure(wave).gamma, rtol=1e-6)


def test_silence_between_does_not_count() -> None:
    wave = noise(30)
    rests = np.concatenate([wave[:, :600_000], np.zeros_like(wave), wave[:, 600_000:]], axis=1)
    levels = [axis_levels_db(measure(w).gamma, 44100) for w in (wave, rests)]
    difference = (levels[1] - levels[0])[log_axis(44100) > 30]
    assert np.abs(difference - np.median(difference)).max() < 0.1


def test_gate_needs_no_second_pass_however_many_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "_MOST_GROUPS", 8)
    wave = noise(40, 1)
    wave *= np.repeat(10 ** np.random.default_rng(1).uniform(-4, 0, 40), 44100).astype(np.float32)
    found = measure(wave)
    exact = plain_gamma(wave, -40)
    # With 8 groups instead of 256 a frame near the gate may be misjudged, which has hardly any weight.
    np.testing.assert_allclose(found.gamma / np.linalg.norm(found.gamma), exact / np.linalg.norm(exact), rtol=0.1)


def test_no_gate_counts_every_frame() -> None:
    wave = np.concatenate([noise(6, 1), np.zeros((1, 44100 * 20), np.float32)], axis=1)
    found = measure(wave, gate_db=None)
    assert found.kept == found.frames
    assert found.gamma.mean() < 0.4 * measure(wave).gamma.mean()


def test_silence_and_short_sounds() -> None:
    assert not measure(np.zeros((2, 200_000), np.float32)).gamma.any()
    assert not measure(np.zeros((2, 0), np.float32)).gamma.any()
    found = measure(noise(0.5))
    assert found.frames == 1
    assert found.gamma.min() > 0


def test_levels_on_the_grid_are_the_same_at_every_rate() -> None:
    assert [gamma_size(rate) for rate in (44100, 48000, 96000)] == [65536, 65536, 131072]
    curves = []
    for rate_hz in (44100, 96000):
        # White noise of one density in power per hertz.
        wave = np.random.default_rng(0).standard_normal((1, rate_hz * 20)) * np.sqrt(rate_hz / 44100) * 0.1
        gamma = measure(wave.astype(np.float32), rate_hz).gamma
        curves.append(20 * np.log10(grid_magnitude(gamma, rate_hz)))
    assert curves[0].shape == GRID_HZ.shape
    assert np.abs(curves[0] - curves[1])[GRID_HZ > 500].max() < 0.5  # below, chance rules the few bins
