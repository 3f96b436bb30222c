from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy import signal

from gantools.effects.impulse_response import (
    band_decay_seconds,
    decay_seconds,
    k_energy,
    prepared_response,
    streamed_k_energy,
    synthetic_response,
)
from gantools.effects.reverberation import ReverbPlan, impulse_response, plan_reverb, reverb_into, reverberate, shelf
from gantools.errors import InputError

RATE = 44100


def music(seconds: float = 2.0, channels: int = 2) -> np.ndarray:
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * RATE)) / RATE
    beat = np.exp(-8 * (time % 0.5))
    noise = rng.standard_normal((channels, len(time)))
    return (beat * (0.3 * np.sin(2 * np.pi * 220 * time) + 0.1 * noise)).astype(np.float32)


def add(wave: np.ndarray, plan: ReverbPlan) -> tuple[np.ndarray, float]:
    out = np.full_like(wave, np.nan)
    return out, reverb_into(wave, plan, out)


@pytest.mark.parametrize("rt60_s", [0.5, 1.4, 3.0])
def test_synthetic_rooms_decay_as_asked(rt60_s: float) -> None:
    response = synthetic_response(rt60_s, RATE, seed=3)
    for hz in (250.0, 1000.0, 4000.0):
        band = signal.butter(3, (hz / 2**0.5, hz * 2**0.5), "bandpass", fs=RATE, output="sos")
        for channel in response:
            decayed = decay_seconds(signal.sosfilt(band, channel), RATE)
            assert decayed == pytest.approx(float(band_decay_seconds(rt60_s, hz)), rel=0.1)
    assert abs(np.corrcoef(response)[0, 1]) < 0.05


def test_decay_of_an_exponential() -> None:
    time = np.arange(2 * RATE) / RATE
    assert decay_seconds(10 ** (-3 * time / 0.8), RATE) == pytest.approx(0.8, rel=0.01)
    assert np.isnan(decay_seconds(np.ones(100), RATE))


def test_responses_begin_at_their_peak_with_unit_energy() -> None:
    late = np.zeros((1, 1000))
    late[0, 300], late[0, 400] = -0.9, 0.5
    prepared = prepared_response(late, RATE)
    assert prepared.shape == (1, 700)
    assert np.argmax(np.abs(prepared[0])) == 0
    assert k_energy(prepared, RATE) == pytest.approx(1, rel=1e-5)
    synthetic = synthetic_response(1.0, RATE, 1)
    assert np.argmax(np.abs(synthetic).max(axis=0)) == 0
    assert streamed_k_energy(synthetic, RATE) / 2 == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_send_level_is_as_drawn(seed: int) -> None:
    wave, plan = music(), plan_reverb("send", RATE, seed)
    out, _ = add(wave, plan)
    ratio_db = 10 * np.log10(k_energy(out - wave, RATE) / k_energy(wave, RATE))
    assert ratio_db == pytest.approx(plan.wet_db, abs=0.5)
    assert -18 <= plan.wet_db <= -6
    assert 2 <= plan.rt60_s <= 4


def test_send_is_dry_plus_the_convolution() -> None:
    wave, plan = music(0.5), plan_reverb("send", RATE, 5)
    out, gain = add(wave, plan)
    wet = signal.fftconvolve(wave, impulse_response(plan, 2), axes=1)[:, : wave.shape[1]]
    np.testing.assert_allclose(out, wave + gain * wet, atol=1e-5)


def test_dry_path_is_sample_exact() -> None:
    wave = music(0.5)
    out, _ = add(wave, dataclasses.replace(plan_reverb("send", RATE, 5), wet_db=-400.0))
    np.testing.assert_array_equal(out, wave)


def test_pre_is_half_dry_half_wet_and_longer_than_200_ms() -> None:
    impulse = np.zeros((2, RATE), np.float32)
    impulse[:, 100] = 1.0
    plan = plan_reverb("pre", RATE, 1)
    out, gain = add(impulse, plan)
    assert plan.rt60_s < 1.5
    assert (plan.low_shelf_hz, plan.high_shelf_hz) == (None, None)
    assert np.abs(out[:, :100]).max() < 1e-8  # nothing comes early
    wet = out - 0.5 * impulse
    assert k_energy(wet, RATE) == pytest.approx(k_energy(0.5 * impulse, RATE), rel=0.01)
    assert np.abs(out[:, 100 + RATE // 5 :]).max() > 1e-4 * np.abs(out).max()
    assert gain > 0


def test_shelves() -> None:
    sections = np.array([shelf(RATE, 600.0, -30.0, high=False), shelf(RATE, 8000.0, -30.0, high=True)])
    _, response = signal.sosfreqz(sections, np.array([1.0, 600.0, 2200.0, 8000.0, 22049.0]), fs=RATE)
    np.testing.assert_allclose(20 * np.log10(np.abs(response))[[0, 4]], -30, atol=0.2)
    np.testing.assert_allclose(20 * np.log10(np.abs(response))[[1, 3]], -15, atol=1.0)
    assert 20 * np.log10(abs(response[2])) > -3


def test_equal_seeds_draw_the_same() -> None:
    assert plan_reverb("send", RATE, 7) == plan_reverb("send", RATE, 7)
    assert plan_reverb("send", RATE, 7) != plan_reverb("send", RATE, 8)
    first, second = (add(music(0.3), plan_reverb("send", RATE, 7))[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_recordings(tmp_path: Path) -> None:
    for name, seconds, rate, channels in (("long", 2.5, 48000, 2), ("short", 0.5, 44100, 1)):
        soundfile.write(tmp_path / f"{name}.wav", synthetic_response(seconds, rate, 1, channels).T * 0.2, rate)
    drawn = {Path(plan_reverb("send", RATE, seed, responses=str(tmp_path)).response).stem for seed in range(12)}
    assert drawn == {"long", "short"}
    for seed in range(6):
        plan = plan_reverb("pre", RATE, seed, responses=str(tmp_path))
        assert Path(plan.response).stem == "short"
    assert impulse_response(plan, 2).shape == (2, impulse_response(plan, 1).shape[1])
    out, _ = add(music(0.5), plan)
    assert np.isfinite(out).all()
    (tmp_path / "only").mkdir()
    (tmp_path / "long.wav").rename(tmp_path / "only" / "long.wav")
    with pytest.raises(InputError, match=r"1\.5 s"):
        plan_reverb("pre", RATE, 0, responses=str(tmp_path / "only"))


def test_mono_and_silence() -> None:
    plan = plan_reverb("send", RATE, 2)
    assert add(music(0.5, 1), plan)[0].shape == (1, RATE // 2)
    silence = np.zeros((2, 5000), np.float32)
    out, gain = add(silence, plan)
    assert gain == 0
    assert not out.any()


def test_in_place() -> None:
    wave, plan = music(0.5), plan_reverb("send", RATE, 2)
    out, _ = add(wave, plan)
    reverb_into(wave, plan, wave)
    np.testing.assert_array_equal(wave, out)


@pytest.mark.parametrize("role", ["vocals", "drums"])
def test_drums_stay_dry(role: str) -> None:
    wave = music(0.5)
    out = np.full_like(wave, np.nan)
    drawn = reverberate(wave, RATE, kind="send", role=role, seed=1, out=out)
    assert np.array_equal(out, wave) == (role == "drums")
    assert bool(drawn) == (role == "vocals")
    assert np.isfinite(out).all()
