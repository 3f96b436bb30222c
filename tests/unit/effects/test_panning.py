from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.effects.grid import GRID_HZ
from gantools.effects.panning import PanImage, PanMeter, pan_distance, pan_into, plan_panning
from gantools.effects.similarity import pan_size

RATE = 44100


def measure(wave: np.ndarray, rate_hz: int = RATE, block: int = 50_000) -> PanImage:
    meter = PanMeter(rate_hz)
    for start in range(0, wave.shape[1], block):
        meter.push(wave[:, start : start + block])
    return meter.result()


def pan(wave: np.ndarray, psi: np.ndarray, rate_hz: int = RATE, g30: float = 1.0, **options: object) -> np.ndarray:
    out = np.full_like(wave, np.nan)
    pan_into(wave, plan_panning(measure(wave, rate_hz), psi, g30, **options), out)  # type: ignore[arg-type]
    return out


def curve(psi: float) -> np.ndarray:
    return np.full(GRID_HZ.size, psi)


def noise(left: float, right: float, seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    source = np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * 0.1
    return np.stack([left * source, right * source]).astype(np.float32)


def two_sources(seed: int = 1, seconds: float = 2.0) -> np.ndarray:
    return noise(0.8, 0.3, seconds, seed) + noise(0.2, 0.5, seconds, seed + 1)


def db(ratio: float) -> float:
    return float(20 * np.log10(ratio))


def test_similarity_is_that_of_equation_4() -> None:
    wave = two_sources(seconds=1.0)
    measured = measure(wave)
    n_fft, window = pan_size(RATE), np.sin(np.pi * np.arange(2048) / 2048)
    psi = []
    for start in range(0, wave.shape[1] - n_fft + 1, n_fft // 2):
        left, right = np.abs(np.fft.rfft(wave[:, start : start + n_fft].astype(float) * window))
        psi.append(2 * left * right / (left**2 + right**2))
    at_1k = np.mean(psi, axis=0)[45:48]  # 969 to 1012 Hz
    assert at_1k.min() - 0.02 < measured.psi[68] < at_1k.max() + 0.02
    octave = (GRID_HZ > 4000) & (GRID_HZ < 8000)
    wide = np.mean(psi, axis=0)[int(4000 / 21.53) : int(8000 / 21.53)].mean()
    assert measured.psi[octave].mean() == pytest.approx(wide, abs=0.005)


def test_similarity_of_a_linear_pan() -> None:
    measured = measure(noise(0.8, 0.2))
    np.testing.assert_allclose(measured.psi, 2 * 0.8 * 0.2 / (0.8**2 + 0.2**2), atol=1e-5)
    assert not measured.right
    assert measured.energy[0] == pytest.approx(16 * measured.energy[1], rel=1e-4)


def test_rests_do_not_count() -> None:
    sound = two_sources()
    rest = np.random.default_rng(5).standard_normal((2, 1024 * 90)).astype(np.float32) * 1e-5
    full = measure(np.concatenate([rest * 0, sound, rest], axis=1))
    assert np.abs(full.psi - measure(sound).psi).mean() < 0.002
    assert abs(full.active_frames - measure(sound).active_frames) <= 4


def test_loud_late_part_makes_the_beginning_a_rest() -> None:
    quiet, loud = noise(0.5, 0.5) * 1e-4, noise(0.9, 0.1)
    measured = measure(np.concatenate([quiet, loud], axis=1))
    np.testing.assert_allclose(measured.psi, 2 * 0.9 * 0.1 / (0.81 + 0.01), atol=0.01)


def test_blocks_do_not_matter() -> None:
    wave = two_sources()
    np.testing.assert_allclose(measure(wave, block=777).psi, measure(wave, block=1 << 20).psi, rtol=1e-12)


def test_panned_noise_reaches_the_target() -> None:
    after = measure(pan(noise(0.8, 0.2), curve(0.9)))
    np.testing.assert_allclose(after.psi[GRID_HZ < 15000], 0.9, atol=0.01)
    assert pan_distance(after.psi, curve(0.9)) < 0.001


def test_sides_and_energy_are_kept() -> None:
    time = np.arange(2 * RATE) / RATE
    low, high = np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 3000 * time)
    wave = np.stack([0.08 * low + 0.02 * high, 0.02 * low + 0.08 * high]).astype(np.float32)
    out = pan(wave, curve(0.9))
    spectrum = np.abs(np.fft.rfft(out[:, RATE // 2 : RATE // 2 + RATE]))
    # psi 0.9: the weaker side has 0.627 of the stronger.
    assert spectrum[1, 440] / spectrum[0, 440] == pytest.approx(0.6268, abs=0.005)
    assert spectrum[0, 3000] / spectrum[1, 3000] == pytest.approx(0.6268, abs=0.005)
    assert db(np.sqrt(np.square(out).sum() / np.square(wave).sum())) == pytest.approx(0, abs=0.01)


def test_global_side_moves_everything_to_the_louder_channel() -> None:
    wave = noise(0.5, 0.5) + np.stack([np.zeros(3 * RATE), noise(1, 1, seed=3)[0] * 0.2]).astype(np.float32)
    left, right = lowpassed(pan(wave, curve(0.6), side="global"))
    assert np.linalg.norm(right) / np.linalg.norm(left) == pytest.approx(3, rel=0.05)  # psi 0.6 is a ratio of 3


def test_every_second_of_a_long_stem_is_treated_equally() -> None:
    second = two_sources(seconds=1.0)
    out = pan(np.tile(second, (1, 40)), curve(0.95))
    np.testing.assert_allclose(out[:, 5 * RATE : 6 * RATE], out[:, 35 * RATE : 36 * RATE], atol=2e-2)
    early, late = (np.square(out[:, s * RATE : (s + 1) * RATE]).sum(axis=1) for s in (5, 35))
    np.testing.assert_allclose(early, late, rtol=0.01)
    before = np.square(second).sum(axis=1)
    assert abs(db(late[0] / late[1])) < 0.8 * abs(db(before[0] / before[1]))


@pytest.mark.parametrize("side", ["bin", "global"])
def test_swapped_channels(side: str) -> None:
    wave = two_sources()
    swapped = pan(np.ascontiguousarray(wave[::-1]), curve(0.85), side=side, smooth_ms=30.0)
    np.testing.assert_allclose(swapped[::-1], pan(wave, curve(0.85), side=side, smooth_ms=30.0), atol=1e-5)


def test_gain_does_not_matter() -> None:
    wave = two_sources()
    loud = pan(wave * np.float32(2.5), curve(0.85), g30=0.4)
    np.testing.assert_allclose(loud / 2.5, pan(wave, curve(0.85), g30=1.0), atol=1e-6)


@pytest.mark.parametrize("n", [1, 1023, 2048, 70_001])
@pytest.mark.parametrize("rate_hz", [22050, 44100, 96000])
def test_no_gain_is_perfect_reconstruction(n: int, rate_hz: int) -> None:
    wave = two_sources(seconds=4.0)[:, :n].copy()
    plan = plan_panning(measure(wave, rate_hz), curve(0.8), 1.0, amount=0.0)
    out = np.full_like(wave, np.nan)
    pan_into(wave, plan, out)
    np.testing.assert_allclose(out, wave, atol=1e-6)


def test_in_place() -> None:
    wave = two_sources()
    plan = plan_panning(measure(wave), curve(0.8), 1.0)
    out, same = np.empty_like(wave), wave.copy()
    pan_into(wave, plan, out)
    pan_into(same, plan, same)
    np.testing.assert_array_equal(out, same)


@pytest.mark.parametrize("max_db", [0.0, 3.0, 12.0])
def test_no_gain_beyond_the_limit(max_db: float) -> None:
    wave = noise(1.0, 0.02) + noise(0.1, 0.4, seed=7)
    out = np.empty_like(wave)
    largest = pan_into(wave, plan_panning(measure(wave), curve(0.99), 1.0, max_db=max_db), out)
    assert largest <= max_db + 1e-4
    assert db(np.sqrt(np.square(out).sum() / np.square(wave).sum())) == pytest.approx(0, abs=0.2)


def test_amount_is_a_share_of_the_gain_in_db() -> None:
    wave = noise(0.7, 0.3)
    full, half = (pan(wave, curve(0.99), amount=amount) for amount in (1.0, 0.5))
    middle = slice(RATE, 2 * RATE)
    gains = [
        [db(np.linalg.norm(lowpassed(out[c])[middle]) / np.linalg.norm(lowpassed(wave[c])[middle])) for c in (0, 1)]
        for out in (full, half)
    ]
    np.testing.assert_allclose(np.array(gains[1]), np.array(gains[0]) / 2, atol=0.02)


def lowpassed(wave: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft(wave)
    spectrum[..., int(10000 * wave.shape[-1] / RATE) :] = 0
    return np.fft.irfft(spectrum, wave.shape[-1])


def test_frequencies_above_the_limit_are_left_alone() -> None:
    wave = noise(0.8, 0.2)
    spectrum_in, spectrum_out = np.fft.rfft(wave), np.fft.rfft(pan(wave, curve(0.95), role="drums"))
    above = slice(3 * 6200, None)
    np.testing.assert_allclose(np.abs(spectrum_out[:, above]), np.abs(spectrum_in[:, above]), atol=2e-3 * 100)
    ratio = np.abs(spectrum_out[1, 3 * 3000 : 3 * 5500]) / np.abs(spectrum_in[1, 3 * 3000 : 3 * 5500])
    assert np.median(ratio) > 1.5


def test_quiet_frames_are_left_alone() -> None:
    wave = noise(0.8, 0.2) * 1e-4
    np.testing.assert_allclose(pan(wave, curve(0.95)), wave, atol=1e-10)
    assert np.abs(pan(wave, curve(0.95), g30=1e4) - wave).max() > 1e-6


def test_mono_is_skipped() -> None:
    wave = noise(0.5, 0.5)
    assert plan_panning(measure(wave), curve(0.9), 1.0).skip == "mono"
    np.testing.assert_array_equal(pan(wave, curve(0.9)), wave)
    left, right = lowpassed(pan(wave, curve(0.6), side="global"))
    assert np.linalg.norm(right) / np.linalg.norm(left) == pytest.approx(3, rel=0.01)


def test_one_silent_channel_and_silence_stay_finite() -> None:
    wave = noise(0.5, 0.0)
    np.testing.assert_allclose(pan(wave, curve(0.9)), wave, atol=1e-6)
    assert measure(np.zeros_like(wave)).mean_psi == 1.0
    np.testing.assert_array_equal(pan(np.zeros_like(wave), curve(0.9), side="global"), 0)


@pytest.mark.parametrize(
    ("name", "start_s"),
    [
        ("stems2/feelings/guitar.ogg", 5),
        ("stems2/metal-madness/band.ogg", 5),
        ("stems4/lithium/other.ogg", 60),
        ("stems4/caesium/drums.ogg", 60),
        ("stems4/caesium/vocals.ogg", 60),
    ],
)
def test_real_stems_come_nearer(recording: Callable[[str], Path], name: str, start_s: int) -> None:
    path = recording(name)
    wave = np.ascontiguousarray(soundfile.read(path, start=start_s * RATE, frames=10 * RATE, dtype="float32")[0].T)
    before = measure(wave)
    assert before.mean_psi < 0.999  # not mono
    after = measure(pan(wave, curve(0.85), g30=0.3))
    assert pan_distance(after.psi, curve(0.85)) <= min(0.045, pan_distance(before.psi, curve(0.85)))
