from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from gantools.audio.loudness import Loudness, Meter, k_weighting, measure_loudness
from gantools.audio.peermeter import by_pyloudnorm
from gantools.errors import InputError


def tones(levels_dbfs: list[float], seconds: list[float], rate_hz: int = 48000, channels: int = 2) -> np.ndarray:
    """1 kHz sines one after the other, the same in every channel."""
    parts = [np.full(round(s * rate_hz), 10 ** (level / 20)) for level, s in zip(levels_dbfs, seconds, strict=True)]
    envelope = np.concatenate(parts)
    wave = envelope * np.sin(2 * np.pi * 1000 / rate_hz * np.arange(len(envelope)))
    return np.tile(wave.astype(np.float32), (channels, 1))


def uneven_noise(rate_hz: int, seconds: float, channels: int = 2, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * rate_hz)
    level = np.interp(np.arange(n_samples), np.linspace(0, n_samples, 20), 10 ** rng.uniform(-2.5, -0.5, 20))
    return (level * rng.standard_normal((channels, n_samples))).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [44100, 48000])
@pytest.mark.parametrize(
    ("levels_dbfs", "seconds"),
    [
        ([-23], [20]),
        ([-33], [20]),
        ([-36, -23, -36], [10, 60, 10]),
        ([-72, -36, -23, -36, -72], [10, 10, 60, 10, 10]),
        ([-26, -20, -26], [20, 20.1, 20]),
    ],
)
def test_ebu_tech_3341_integrated(levels_dbfs: list[float], seconds: list[float], rate_hz: int) -> None:
    expected = -33 if levels_dbfs == [-33] else -23
    assert measure_loudness(tones(levels_dbfs, seconds, rate_hz), rate_hz).integrated_lufs() == pytest.approx(
        expected, abs=0.1
    )


def test_ebu_tech_3341_surround() -> None:
    levels = np.array([-28, -28, -24, -30, -30])[:, np.newaxis]
    wave = (tones([0], [20], channels=5) * 10 ** (levels / 20)).astype(np.float32)
    assert measure_loudness(wave, 48000).integrated_lufs() == pytest.approx(-23, abs=0.1)
    with_low_frequencies = np.insert(wave, 3, wave[0], axis=0)
    assert measure_loudness(with_low_frequencies, 48000).integrated_lufs() == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    ("levels_dbfs", "range_lu"),
    [([-20, -30], 10), ([-20, -15], 5), ([-40, -20], 20), ([-50, -35, -20, -35, -50], 15)],
)
def test_ebu_tech_3342_range(levels_dbfs: list[float], range_lu: float) -> None:
    wave = tones(levels_dbfs, [20.0] * len(levels_dbfs))
    assert measure_loudness(wave, 48000).range_lu() == pytest.approx(range_lu, abs=1)


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000, 96000, 192000])
def test_calibration_is_exact_at_every_rate(rate_hz: int) -> None:
    sine = np.sin(2 * np.pi * 997 / rate_hz * np.arange(rate_hz * 5)).astype(np.float32)[np.newaxis]
    assert measure_loudness(sine, rate_hz).integrated_lufs() == pytest.approx(-3.0103, abs=0.001)
    assert measure_loudness(sine, rate_hz, dual_mono=True).integrated_lufs() == pytest.approx(0, abs=0.001)


def test_coefficients_are_those_of_the_standard_at_48_khz() -> None:
    shelf, high_pass = k_weighting(48000)
    np.testing.assert_allclose(shelf, [1.53512486, -2.69169619, 1.19839281, -1.69065929, 0.73248077], atol=3e-5)
    np.testing.assert_allclose(high_pass, [1, -2, 1, -1.99004745, 0.99007225], atol=1e-7)


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_agrees_with_pyloudnorm(rate_hz: int, channels: int) -> None:
    peer = pyloudnorm.Meter(rate_hz, filter_class="DeMan")
    for seed in range(3):
        wave = uneven_noise(rate_hz, 5, channels, seed)
        ours = measure_loudness(wave, rate_hz).integrated_lufs()
        assert ours == pytest.approx(peer.integrated_loudness(wave.T.astype(float)), abs=0.02)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_peer_reads_what_pyloudnorm_reads(channels: int) -> None:
    wave = uneven_noise(44100, 5.07, channels)
    own = measure_loudness(wave, 44100)
    peer = by_pyloudnorm(wave, 44100, own)
    expected = pyloudnorm.Meter(44100).integrated_loudness(wave.T.astype(float))
    assert peer.integrated_lufs() == pytest.approx(expected, abs=1e-9)
    assert peer.integrated_lufs(2.0) == pytest.approx(expected + 6.0206, abs=1e-4)
    louder = pyloudnorm.normalize.loudness(wave.T.astype(float), expected, -20.0)
    np.testing.assert_allclose(wave.T * peer.gain_to(-20.0), louder, rtol=1e-6)
    assert peer.range_lu() == own.range_lu()
    twice = by_pyloudnorm(wave, 44100, own, dual_mono=True).integrated_lufs()
    assert twice == pytest.approx(expected + (3.0103 if channels == 1 else 0.0), abs=1e-4)


def test_the_peer_knows_silence_and_what_is_short() -> None:
    for wave in (np.zeros((1, 44100), np.float32), uneven_noise(44100, 0.3, 2)):
        own = measure_loudness(wave, 44100)
        peer = by_pyloudnorm(wave, 44100, own)
        assert peer.integrated_lufs() == own.ungated_lufs()
    silent = np.zeros((2, 44100), np.float32)
    assert by_pyloudnorm(silent, 44100, measure_loudness(silent, 44100)).gain_to(-20.0) == 1.0


def same(a: Loudness, b: Loudness) -> None:
    for reading in ("integrated_lufs", "range_lu", "momentary_max_lufs", "short_term_max_lufs", "ungated_lufs"):
        assert getattr(a, reading)() == pytest.approx(getattr(b, reading)(), abs=1e-9)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_blocks_of_any_size_give_the_same(channels: int) -> None:
    wave = uneven_noise(44100, 7.03, channels)
    rng = np.random.default_rng(1)
    meter, start = Meter(44100, channels), 0
    while start < wave.shape[1]:
        size = int(rng.choice([0, 1, 7, 4409, 4410, 4411, 30000]))
        meter.push(wave[:, start : start + size])
        start += size
    same(meter.loudness(), measure_loudness(wave, 44100))


def test_gain_is_worked_out_from_stored_energies() -> None:
    wave = uneven_noise(44100, 10) * np.float32(0.02)  # near the absolute gate, which does not move with the gain
    loudness = measure_loudness(wave, 44100)
    gain = loudness.gain_to(-20.0)
    assert loudness.integrated_lufs(gain) == pytest.approx(-20, abs=1e-6)
    assert measure_loudness(wave * np.float32(gain), 44100).integrated_lufs() == pytest.approx(-20, abs=1e-5)


def test_short_term_and_momentary_find_the_loudest_stretch() -> None:
    wave = tones([-40, -20, -40], [5, 1, 5])
    loudness = measure_loudness(wave, 48000)
    assert loudness.momentary_max_lufs() == pytest.approx(-20, abs=0.05)
    expected = 10 * np.log10((1 * 10**-2 + 2 * 10**-4) / 3)
    assert loudness.short_term_max_lufs() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 2.0, 40.0])
def test_silence_is_minus_infinity(seconds: float) -> None:
    loudness = measure_loudness(np.zeros((2, round(seconds * 44100)), np.float32), 44100)
    for reading in ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs", "ungated_lufs"):
        assert getattr(loudness, reading)() == -np.inf
    assert loudness.range_lu() == 0
    assert loudness.gain_to(-20) == 1


def test_a_sound_below_400_ms_is_measured_without_gate() -> None:
    wave = tones([-23], [0.25])
    loudness = measure_loudness(wave, 48000)
    assert loudness.integrated_lufs() == loudness.ungated_lufs() == pytest.approx(-23, abs=0.2)
    assert loudness.integrated_lufs(loudness.gain_to(-30)) == pytest.approx(-30, abs=1e-6)


def test_impossible_formats_are_refused() -> None:
    with pytest.raises(InputError, match="2000 Hz"):
        Meter(2000, 1)
    with pytest.raises(InputError, match="7 channels"):
        Meter(44100, 7)
