from __future__ import annotations

import numpy as np
import pytest
from sounds import stem

from gantools.effects.framing import change_spectra, frame_count, spectra_of
from gantools.effects.noisefloor import is_noise, loud_frames, measure_bands, noise_floor_db, quiet_frames

RATE_HZ = 44100


def noise(seconds: float, channels: int = 2, slope: float = 0.0, seed: int = 0) -> np.ndarray:
    """Gaussian noise whose amplitude falls with frequency to the power of `slope`."""
    n_samples = round(seconds * RATE_HZ)
    spectra = np.fft.rfft(np.random.default_rng(seed).standard_normal((channels, n_samples)))
    spectra /= np.maximum(np.arange(spectra.shape[1]), 1.0) ** slope
    wave = np.fft.irfft(spectra, n_samples)
    return (0.02 * wave / np.abs(wave).max()).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [1000, 8000, 44100, 48000, 192000])
def test_bands_hold_the_power_of_a_frame(rate_hz: int) -> None:
    wave = np.random.default_rng(0).standard_normal((2, 3 * rate_hz)).astype(np.float32)
    levels = measure_bands(wave, rate_hz)
    n_fft = levels.n_fft
    assert len(levels.power) == frame_count(wave.shape[1], n_fft)
    assert np.all(np.diff(levels.edges) > 0)
    assert (levels.edges[0], levels.edges[-1]) == (0, n_fft // 2 + 1)
    hann = np.sin(np.pi * np.arange(n_fft) / n_fft) ** 2
    for frame in (1, 20):  # frame i begins at (i - 1) hop
        part = wave[:, (frame - 1) * n_fft // 2 :][:, :n_fft] * hann
        squares = np.sum(np.abs(np.fft.rfft(part)) ** 2, axis=0)
        by_hand = [squares[a:b].sum() for a, b in zip(levels.edges[:-1], levels.edges[1:], strict=True)]
        np.testing.assert_allclose(levels.power[frame], by_hand, rtol=1e-4)


def test_noise_moves_as_much_as_is_said() -> None:
    levels = measure_bands(noise(20, channels=1), RATE_HZ)
    moves = np.std(10 * np.log10(levels.power[1:-2]), axis=0)
    many = np.diff(levels.edges) >= 8
    np.testing.assert_allclose(moves[many], levels.noise_db[many], rtol=0.2)


def test_a_bass_does_not_leak_into_the_bands_of_hiss() -> None:
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    levels = measure_bands(np.sin(2 * np.pi * 55.3 * time_s)[None].astype(np.float32), RATE_HZ)
    high = levels.power[2:-2, levels.edges_hz[:-1] > 2000]
    assert 10 * np.log10(high.sum(axis=1).max() / levels.power[2:-2].sum(axis=1).min()) < -90


@pytest.mark.parametrize("channels", [1, 2])
def test_spectra_that_are_not_changed_give_the_wave(channels: int) -> None:
    wave = noise(3.21, channels)
    out = np.empty_like(wave)
    change_spectra(wave, 2048, lambda first, spectra: None, out)
    np.testing.assert_allclose(out, wave, atol=1e-7)
    seen = [(first, spectra.shape[1]) for first, spectra in spectra_of(wave, np.ones(2048, np.float32))]
    assert seen[0] == (0, 64)
    assert seen[-1][0] + seen[-1][1] == frame_count(wave.shape[1], 2048)

    def halve(first: int, spectra: np.ndarray) -> None:
        spectra *= np.float32(0.5)

    change_spectra(wave, 2048, halve, wave)  # over itself
    np.testing.assert_allclose(wave, out / 2, atol=1e-7)


def test_loud_and_quiet_frames() -> None:
    assert loud_frames(np.array([0.0, 1.0, 30.0])).tolist() == [False, False, True]
    levels_db = np.array([0.0, -35, *[-37.0] * 8, -99, -101])
    quiet = quiet_frames(levels_db)
    assert quiet is not None
    assert quiet.tolist() == [False] * 2 + [True] * 9 + [False]
    assert quiet_frames(levels_db[:9]) is None  # seven are too few


def test_the_floor_is_what_a_band_has_in_rests() -> None:
    total_db = np.repeat([-3.0, -50.0, -120.0], 100)
    level_db = np.concatenate([np.full(100, -20.0), np.linspace(-71, -51, 100), np.full(100, -120.0)])
    assert noise_floor_db(level_db, total_db, 1.0) == pytest.approx(-56, abs=0.01)  # the quarter of 71 to 51 from above


def test_without_rests_the_floor_is_what_stays_as_it_is() -> None:
    rng = np.random.default_rng(0)
    total_db = rng.uniform(-20, 0, 200)
    hiss_db = -60 + rng.standard_normal(200)
    assert noise_floor_db(hiss_db, total_db, 1.0) == pytest.approx(-60, abs=0.3)
    assert noise_floor_db(total_db - 60, total_db, 1.0) == -np.inf  # comes and goes with the rest
    assert noise_floor_db(hiss_db + 20, total_db, 1.0) == -np.inf  # loud enough to be a part of the music
    assert noise_floor_db(hiss_db, np.full(200, -1.0), 1.0) == -np.inf  # nothing moves, as in a drone
    assert noise_floor_db(hiss_db[:30], total_db[:30], 1.0) == -np.inf  # too short to tell


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_noise_is_noise_in_any_colour(slope: float, channels: int) -> None:
    assert is_noise(measure_bands(noise(5, channels, slope), RATE_HZ))


def test_what_is_no_noise() -> None:
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    pad = sum(np.sin(2 * np.pi * 110 * n * time_s) / n for n in range(1, 60))[None].astype(np.float32)
    rests = noise(4)
    rests[:, RATE_HZ : 2 * RATE_HZ] *= 0.1
    others = [pad, rests, noise(0.5), np.zeros((2, RATE_HZ * 3), np.float32)]
    others += [stem(role, 5.0).T for role in ("drums", "bass", "vocals", "other")]
    assert [is_noise(measure_bands(wave, RATE_HZ)) for wave in others] == [False] * len(others)
