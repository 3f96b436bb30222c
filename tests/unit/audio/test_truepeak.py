from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from gantools.audio.truepeak import TruePeak, interpolators, true_peak


def sine(fraction: float, phase_degrees: float, level: float, n_samples: int = 20000) -> np.ndarray:
    """Sine at a fraction of the sample rate, faded in and out: a sudden start would overshoot in itself."""
    n = np.arange(n_samples)
    fade = np.minimum(1, np.minimum(n, n[::-1]) / 2000)
    return (level * fade * np.sin(2 * np.pi * fraction * n + np.deg2rad(phase_degrees))).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
@pytest.mark.parametrize(
    ("fraction", "phase", "level", "expected_db"),
    [
        (1 / 4, 0, 0.5, -6),
        (1 / 4, 45, 0.5, -6),
        (1 / 6, 60, 0.5, -6),
        (1 / 8, 67.5, 0.5, -6),
        (1 / 4, 45, 1.41, 3),
    ],
)
def test_ebu_tech_3341_true_peak(fraction: float, phase: float, level: float, expected_db: float, rate_hz: int) -> None:
    measured_db = 20 * np.log10(true_peak(sine(fraction, phase, level), rate_hz))
    assert expected_db - 0.4 <= measured_db <= expected_db + 0.2


def test_agrees_with_plain_oversampling() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        wave = (rng.standard_normal((2, 3000)) * np.exp(-rng.uniform(0, 5, 3000))).astype(np.float32)
        wave = resample_poly(resample_poly(wave, 3, 4, axis=1), 4, 3, axis=1).astype(
            np.float32
        )  # nothing above 0.37 fs
        padded = np.pad(wave, ((0, 0), (200, 200)))
        expected = np.abs(resample_poly(padded, 4, 1, axis=1, window=("kaiser", 12.0))).max()
        assert true_peak(wave, 44100) == pytest.approx(expected, rel=0.02)


def test_passing_over_low_blocks_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    wave = (rng.standard_normal(5000) * rng.choice([0.1, 0.5, 1.0], 5000)).astype(np.float32)
    filters = interpolators(44100)
    everything = max(np.abs(np.convolve(np.pad(wave, 23), f[::-1], "valid")).max() for f in filters)
    assert true_peak(wave[np.newaxis], 44100) == pytest.approx(max(everything, np.abs(wave).max()), rel=1e-6)


@pytest.mark.parametrize("rate_hz", [44100, 96000, 192000])
def test_blocks_of_any_size_give_the_same(rate_hz: int) -> None:
    rng = np.random.default_rng(2)
    wave = rng.standard_normal((2, 4000)).astype(np.float32)
    for sizes in ([1], [0, 5, 23, 24], [700]):
        meter, start, turn = TruePeak(rate_hz, 2), 0, 0
        while start < wave.shape[1]:
            size = sizes[turn % len(sizes)]
            meter.push(wave[:, start : start + size])
            start, turn = start + size, turn + 1
        assert meter.peak == pytest.approx(true_peak(wave, rate_hz), rel=1e-6)
        assert meter.peak >= np.abs(wave).max()


def test_limits() -> None:
    assert true_peak(np.zeros((1, 1000), np.float32), 44100) == 0
    assert true_peak(np.zeros((2, 0), np.float32), 44100) == 0
    wave = np.random.default_rng(3).standard_normal((1, 1000)).astype(np.float32)
    assert true_peak(wave, 192000) == np.abs(wave).max()


def test_high_rates_need_less_oversampling() -> None:
    rates_hz = (8000, 95999, 96000, 191999, 192000, 384000)
    assert [len(interpolators(rate_hz)) for rate_hz in rates_hz] == [3, 3, 1, 1, 0, 0]
    between = sine(1 / 4, 45, 0.5)  # its samples are 3 dB below its peaks, which lie half way
    assert true_peak(between, 96000) == pytest.approx(0.5, rel=1e-3)
    assert true_peak(between, 192000) == np.abs(between).max() == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    quarter = sine(1 / 4, 22.5, 0.5)  # the peaks lie a quarter of the way
    assert true_peak(quarter, 48000) == pytest.approx(0.5, rel=1e-3)
    expected = np.abs(resample_poly(np.pad(quarter, ((0, 0), (99, 99))), 2, 1, axis=1, window=("kaiser", 9.0))).max()
    assert true_peak(quarter, 96000) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("end", ["first", "last"])
def test_a_peak_between_the_outermost_samples_counts(end: str) -> None:
    wave = np.zeros((1, 100), np.float32)
    wave[0, :2] = 1.0
    wave = wave if end == "first" else wave[:, ::-1]
    assert true_peak(wave, 44100) == pytest.approx(2 * np.sinc(0.5), rel=0.02)
