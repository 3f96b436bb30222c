from __future__ import annotations

import numpy as np
import pytest

from gantools.effects.onsets import DynamicsMeter, OnsetPeaks, block_samples, find_onsets, onset_frame, peak_statistics

RATE = 44100
SCALE = 10 ** (-10 / 20)


def measure(wave: np.ndarray, rate_hz: int = RATE, scale: float | None = None, block: int = 100_000) -> OnsetPeaks:
    meter = DynamicsMeter(rate_hz, len(wave), SCALE / np.abs(wave).max() if scale is None else scale)
    for start in range(0, wave.shape[1], block):
        meter.push(wave[:, start : start + block])
    return meter.result()


def hits(times_s: list[float], levels: list[float], seconds: float, rate_hz: int = RATE) -> np.ndarray:
    """Decaying noise bursts, stereo."""
    rng, wave = np.random.default_rng(0), np.zeros(int(seconds * rate_hz))
    burst = rng.standard_normal(rate_hz // 5) * np.exp(-np.arange(rate_hz // 5) / (0.03 * rate_hz))
    burst /= np.abs(burst).max()
    for time, level in zip(times_s, levels, strict=True):
        start = int(time * rate_hz)
        wave[start : start + len(burst)] += level * burst[: len(wave) - start]
    return np.stack([wave, 0.5 * wave]).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [22050, 44100, 48000, 96000])
def test_onsets_are_where_the_hits_are(rate_hz: int) -> None:
    times = [0.3, 0.8, 1.3, 1.55, 2.2]
    measured = measure(hits(times, [1.0, 0.3, 0.8, 0.1, 0.5], 3.0, rate_hz), rate_hz)
    found = measured.starts * block_samples(rate_hz) / rate_hz
    np.testing.assert_allclose(found, times, atol=0.03)
    assert all(found <= np.array(times) + 1e-3)  # a segment has its attack
    assert not measured.no_onsets


def test_segment_peaks() -> None:
    levels = [1.0, 0.5, 0.25, 0.8, 0.1, 0.4, 0.9, 0.2]
    measured = measure(hits([0.2 + 0.4 * i for i in range(8)], levels, 4.0))
    peaks_db = 20 * np.log10(levels) - 10
    upper = peaks_db[peaks_db >= np.percentile(peaks_db, 75)]
    assert measured.onsets == 8
    assert measured.mean_db == pytest.approx(upper.mean(), abs=0.01)
    assert measured.std_db == pytest.approx(upper.std(), abs=0.01)
    low, high = np.percentile(peaks_db, (10, 90))
    assert measured.spread_db == pytest.approx(high - low, abs=0.01)


def test_statistics_by_hand() -> None:
    mean, std, spread = peak_statistics(10 ** (np.array([-10.0, -12.0, -14.0, -16.0, -90.0]) / 20))
    assert (mean, std) == (pytest.approx(-11), pytest.approx(1))  # at or above the 75th percentile, -12
    assert spread == pytest.approx(5.4 - 0.6)  # of the four within 40 dB
    assert peak_statistics(np.zeros(3)) == (-120, 0, 0)


def test_few_onsets_give_fixed_segments() -> None:
    measured = measure(hits([0.3, 1.0, 2.0], [1.0, 0.5, 0.7], 4.0))
    assert measured.onsets == 3
    assert measured.no_onsets
    np.testing.assert_allclose(np.diff(measured.starts) * 32 / RATE, 0.5, atol=1e-3)


def test_a_steady_tone_has_one_onset() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000.3 * np.arange(3 * RATE) / RATE)
    assert measure(tone[None].astype(np.float32)).onsets == 1


def test_blocks_do_not_matter() -> None:
    wave = hits([0.3, 0.8, 1.3, 1.6], [1.0, 0.3, 0.8, 0.5], 3.0)
    first, second = measure(wave, block=333), measure(wave, block=1 << 20)
    np.testing.assert_array_equal(first.maxima, second.maxima)
    np.testing.assert_array_equal(first.starts, second.starts)
    blocks = [np.abs(wave[:, start : start + 32]).max() for start in range(0, wave.shape[1], 32)]
    np.testing.assert_array_equal(first.maxima, blocks)


def test_gain_and_swapped_channels_do_not_matter() -> None:
    wave = hits([0.3, 0.8, 1.3, 1.6, 2.0], [1.0, 0.3, 0.8, 0.5, 0.9], 3.0)
    plain, loud = measure(wave), measure(wave * np.float32(3))
    swapped = measure(np.ascontiguousarray(wave[::-1]))
    np.testing.assert_array_equal(plain.starts, loud.starts)
    np.testing.assert_array_equal(plain.starts, swapped.starts)
    assert plain.mean_db == swapped.mean_db
    assert plain.mean_db == pytest.approx(loud.mean_db, abs=1e-5)


@pytest.mark.parametrize("n", [1, 100, 1024, 40_000])
def test_short_and_silent(n: int) -> None:
    assert measure(np.zeros((2, n), np.float32), scale=1.0).mean_db == -120
    assert measure(np.full((1, n), 0.5, np.float32), scale=1.0).mean_db == pytest.approx(-6.02, abs=0.01)


def test_onsets_are_50_ms_apart() -> None:
    content = np.zeros(400)
    content[50::3] += np.arange(len(content[50::3])) * 10.0
    onsets = find_onsets(content, RATE, 512)
    assert np.diff(onsets).min() * 512 / RATE >= 0.05


def test_sizes() -> None:
    assert [onset_frame(rate) for rate in (22050, 44100, 48000, 96000)] == [512, 1024, 1024, 2048]
    assert [block_samples(rate) for rate in (22050, 44100, 48000, 88200, 96000)] == [32, 32, 32, 64, 64]
