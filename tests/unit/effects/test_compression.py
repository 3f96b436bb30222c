from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.effects.compression import CompressionPlan, DynamicsMeter, OnsetPeaks, compress_into, plan_compression
from gantools.effects.compressor import reduction
from gantools.effects.features import COMPRESSORS, CompressorDefaults, Statistic

RATE = 44100
DRUMS = COMPRESSORS["drums"]


def plan(threshold_db: float = -20.0, ratio: float = 4.0, **changes: object) -> CompressionPlan:
    values: dict[str, object] = {
        "active": True, "threshold_db": threshold_db, "ratio": ratio, "attack_ms": 10.0, "release_ms": 400.0,
        "scale": 1.0, "rate_hz": RATE, "amount": 1.0, "statistic": "peak", "bound_db": 0.0, "before_db": 0.0,
        "after_db": 0.0,
    }  # fmt: skip
    return CompressionPlan(**{**values, **changes})  # type: ignore[arg-type]


def compress(wave: np.ndarray, settings: CompressionPlan) -> np.ndarray:
    out = np.full_like(wave, np.nan)
    compress_into(wave, settings, out)
    return out


def measure(wave: np.ndarray, rate_hz: int = RATE) -> OnsetPeaks:
    meter = DynamicsMeter(rate_hz, len(wave), 10 ** (-10 / 20) / float(np.abs(wave).max()))
    meter.push(wave)
    return meter.result()


def clicks(levels: list[float], gap_s: float = 0.4) -> np.ndarray:
    """Decaying noise bursts over soft noise, stereo."""
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(int((len(levels) + 1) * gap_s * RATE)) * 1e-5
    burst = rng.standard_normal(RATE // 5) * np.exp(-np.arange(RATE // 5) / (0.03 * RATE))
    burst /= np.abs(burst).max()
    for i, level in enumerate(levels):
        start = int((i + 0.5) * gap_s * RATE)
        wave[start : start + len(burst)] += level * burst
    return np.stack([wave, 0.7 * wave]).astype(np.float32)


@pytest.mark.parametrize("level_db", [-40.0, -20.0, -12.0, -3.0])
@pytest.mark.parametrize("hz", [100.0, 997.0, 7000.0])
def test_static_curve(level_db: float, hz: float) -> None:
    time = np.arange(RATE) / RATE
    wave = (10 ** (level_db / 20) * np.sin(2 * np.pi * hz * time))[None].astype(np.float32)
    out = compress(wave, plan(-20.0, 4.0))
    wanted = level_db - max(0.0, level_db + 20) * (1 - 1 / 4)
    assert 20 * np.log10(np.abs(out[0, RATE // 2 :]).max()) == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize("attack_ms", [7.5, 10.0, 15.0])
@pytest.mark.parametrize("rate_hz", [22050, 44100, 96000])
def test_attack_and_release_times(attack_ms: float, rate_hz: int) -> None:
    wave = np.full((1, 3 * rate_hz), 0.01, np.float32)
    wave[:, rate_hz : 2 * rate_hz] = 1.0
    out = compress(wave, plan(-20.0, 4.0, attack_ms=attack_ms, release_ms=200.0, rate_hz=rate_hz))
    reduction_db = -20 * np.log10(out[0] / wave[0])
    reached = np.argmax(reduction_db >= 15 * (1 - np.exp(-1))) - rate_hz
    assert reached / rate_hz * 1000 == pytest.approx(attack_ms, rel=0.1)
    left = np.argmax(reduction_db[2 * rate_hz :] <= 15 * np.exp(-1))
    assert left / rate_hz * 1000 == pytest.approx(200 + attack_ms, rel=0.1)


def test_envelope_is_its_closed_form() -> None:
    rng, slope, attack, tau = np.random.default_rng(1), 0.75, 0.07, 50.0
    levels = rng.uniform(-50, 0, 2000) + 10 * np.sin(np.arange(2000) / 100)
    found = np.empty(2000)
    largest = reduction(levels, -20.0, slope, attack, np.exp(-1 / tau), np.zeros(2), found)
    n = np.arange(2000)
    wanted_g = np.maximum(0, (levels + 20) * slope)
    held = np.exp(np.maximum.accumulate(np.log(np.maximum(wanted_g, 1e-300)) + n / tau) - n / tau)
    smooth, state = np.empty(2000), 0.0
    for i, value in enumerate(held):
        state += attack * (value - state)
        smooth[i] = state
    np.testing.assert_allclose(found, smooth, atol=1e-9)
    assert largest == pytest.approx(smooth.max())


def test_no_sample_before_the_attack_changes() -> None:
    wave = np.full((1, 2 * RATE), 0.001, np.float32)
    wave[:, RATE:] = 1.0
    out = compress(wave, plan())
    np.testing.assert_array_equal(out[:, : RATE - 32], wave[:, : RATE - 32])


def test_loud_and_soft_clicks_meet_the_bound() -> None:
    wave = clicks([1.0, 0.4, 0.3, 0.9, 0.35, 1.0, 0.3, 0.4, 0.95, 0.3])
    measured = measure(wave)
    target = Statistic(-13.0, 0.5)
    made = plan_compression(measured, wave, target, CompressorDefaults(1.0, 180.0, 6.0))
    assert made.active
    assert not made.unreached
    assert made.after_db == pytest.approx(-12.5, abs=0.05)
    peaks = np.maximum.reduceat(np.abs(compress(wave, made)).max(axis=0), measured.starts * 32) * made.scale
    levels = 20 * np.log10(peaks)
    after = levels[levels >= np.percentile(levels, 75)].mean()
    assert after == pytest.approx(made.after_db, abs=1e-3)
    assert made.reduction_db <= 12


def test_inside_the_band_nothing_changes() -> None:
    wave = clicks([1.0, 0.5, 0.4, 0.5, 0.6, 0.3])
    made = plan_compression(measure(wave), wave, Statistic(-9.0, 0.1), DRUMS)
    assert not made.active
    np.testing.assert_array_equal(compress(wave, made), wave)
    assert not plan_compression(measure(wave), wave, Statistic(-60.0, 0.1), DRUMS, statistic="off").active
    assert not plan_compression(measure(wave), wave, Statistic(), DRUMS).active


def test_a_bound_out_of_reach_is_flagged_and_the_reduction_bounded() -> None:
    wave = clicks([1.0, 0.9, 0.8, 0.9, 1.0, 0.7, 0.9])
    made = plan_compression(measure(wave), wave, Statistic(-40.0, 1.0), DRUMS, max_reduction_db=3.0)
    assert made.unreached
    assert 2.5 < made.reduction_db <= 3.0
    assert made.bound_db < made.after_db < made.before_db
    gain = np.abs(compress(wave, made)).max() / np.abs(wave).max()
    assert gain > 10 ** (-3.01 / 20)


def test_spread() -> None:
    wave = clicks([1.0, 0.1, 0.3, 0.9, 0.15, 0.8, 0.2, 0.1, 0.95, 0.3])
    measured = measure(wave)
    made = plan_compression(
        measured, wave, Statistic(measured.spread_db - 4, 1.0), CompressorDefaults(1.0, 100.0, 4.0), statistic="spread"
    )
    assert made.active
    assert made.after_db == pytest.approx(measured.spread_db - 3, abs=0.1)


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = clicks([1.0, 0.4, 0.3, 0.9, 0.5])
    whole = compress(wave, plan(-25.0))
    monkeypatch.setattr("gantools.effects.compressor.CHUNK_FRAMES", 3200)
    np.testing.assert_array_equal(compress(wave, plan(-25.0)), whole)
    np.testing.assert_array_equal(wave, clicks([1.0, 0.4, 0.3, 0.9, 0.5]))
    compress_into(wave, plan(-25.0), wave)
    np.testing.assert_array_equal(wave, whole)


def test_gain_and_swapped_channels_do_not_matter() -> None:
    wave = clicks([1.0, 0.4, 0.3, 0.9, 0.35, 1.0, 0.3])
    outs = []
    for input_wave in (wave, wave * np.float32(0.2), np.ascontiguousarray(wave[::-1])):
        made = plan_compression(measure(input_wave), input_wave, Statistic(-14.0, 0.5), DRUMS)
        outs.append(compress(input_wave, made))
    np.testing.assert_allclose(outs[1] / 0.2, outs[0], atol=1e-5)
    np.testing.assert_array_equal(outs[2][::-1], outs[0])


def test_amount_is_a_share_of_the_reduction_in_db() -> None:
    wave = clicks([1.0, 0.4, 0.3, 0.9])
    full, half = compress(wave, plan(-25.0)), compress(wave, plan(-25.0, amount=0.5))
    np.testing.assert_allclose(half**2, full * wave, rtol=2e-3)  # lines between blocks are straight in both
    np.testing.assert_array_equal(compress(wave, plan(-25.0, amount=0.0)), wave)


@pytest.mark.parametrize(
    ("name", "start_s", "role"),
    [
        ("stems2/feelings/guitar.ogg", 5, "other"),
        ("stems2/escape-from-chaosland/guitar.ogg", 20, "other"),
        ("stems4/potassium/drums.ogg", 60, "drums"),
        ("stems4/rubidium/bass.ogg", 60, "bass"),
        ("stems4/caesium/vocals.ogg", 60, "vocals"),
        ("stems4/lithium/other.ogg", 60, "other"),
    ],
)
def test_real_stems_meet_the_bound(recording: Callable[[str], Path], name: str, start_s: int, role: str) -> None:
    wave, rate = soundfile.read(recording(name), start=start_s * RATE, frames=15 * RATE, dtype="float32")
    wave = np.ascontiguousarray(wave.T)
    assert np.abs(wave).max() > 0.003
    measured = measure(wave, rate)
    made = plan_compression(measured, wave, Statistic(measured.mean_db - 3, 1.0), COMPRESSORS[role])
    assert not made.unreached
    assert made.after_db <= made.bound_db + 0.1
    assert made.reduction_db <= 12


def test_ratio_threshold_and_reduction_keep_within_their_limits() -> None:
    wave = clicks([1.0, 0.9, 0.8, 0.9, 1.0, 0.7, 0.9])
    measured = measure(wave)
    out_of_reach = plan_compression(measured, wave, Statistic(-60.0, 1.0), CompressorDefaults(1.0, 100.0, 4.0))
    assert out_of_reach.unreached
    assert 11.5 < out_of_reach.reduction_db <= 12.0
    assert out_of_reach.ratio in range(4, 21, 2)
    assert out_of_reach.threshold_db >= measured.mean_db - 40
    fixed = plan_compression(measured, wave, Statistic(-60.0, 1.0), CompressorDefaults(1.0, 100.0, 25.0))
    assert (fixed.ratio, fixed.unreached) == (25.0, True)
    # The smallest ratio that serves is taken.
    near = plan_compression(measured, wave, Statistic(measured.mean_db - 1, 0.0), CompressorDefaults(1.0, 100.0, 4.0))
    assert (near.ratio, near.unreached) == (4.0, False)
    assert near.after_db == pytest.approx(measured.mean_db - 1, abs=0.05)
