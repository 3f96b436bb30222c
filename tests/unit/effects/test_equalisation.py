from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, oaconvolve, sosfilt

from gantools.effects import equalisation
from gantools.effects.equalisation import EqFilter, design, eq_distance_db, filter_into, filter_length
from gantools.effects.features import GRID_HZ, find_features
from gantools.effects.filtering import convolve_into
from gantools.effects.paper_equalisation import paper_equalise
from gantools.effects.spectrum import SpectrumMeter, grid_magnitude


def gamma_of(wave: np.ndarray, rate_hz: int = 44100, gate_db: float | None = -40.0) -> np.ndarray:
    meter = SpectrumMeter(rate_hz, len(wave), gate_db)
    meter.push(wave)
    return meter.result().gamma


def curve_of(wave: np.ndarray, rate_hz: int = 44100) -> np.ndarray:
    return 20 * np.log10(grid_magnitude(gamma_of(wave, rate_hz), rate_hz))


def pink(seconds: float, rate_hz: int = 44100, seed: int = 0) -> np.ndarray:
    n_samples = round(seconds * rate_hz)
    spectra = np.fft.rfft(np.random.default_rng(seed).standard_normal((2, n_samples)))
    spectra /= np.sqrt(np.maximum(np.arange(spectra.shape[1]), 1))
    return (np.fft.irfft(spectra, n_samples) * 10).astype(np.float32)


def shelved(wave: np.ndarray, low_db: float, high_db: float, rate_hz: int = 44100) -> np.ndarray:
    """Shelves below 300 Hz and above 3 kHz."""
    low = sosfilt(butter(1, 300, "low", fs=rate_hz, output="sos"), wave, axis=1)
    high = sosfilt(butter(1, 3000, "high", fs=rate_hz, output="sos"), wave, axis=1)
    return (wave + low * (10 ** (low_db / 20) - 1) + high * (10 ** (high_db / 20) - 1)).astype(np.float32)


def equalise(
    wave: np.ndarray, target_db: np.ndarray, rate_hz: int = 44100, **options: object
) -> tuple[EqFilter, np.ndarray]:
    eq = design(gamma_of(wave, rate_hz), target_db, rate_hz, **options)  # type: ignore[arg-type]
    out = np.empty_like(wave)
    filter_into(wave, eq, out)
    return eq, out


@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
@pytest.mark.parametrize("phase", ["zero", "minimum"])
def test_shelves_are_taken_back(rate_hz: int, phase: str) -> None:
    target_db = curve_of(pink(8))
    wave = shelved(pink(8, rate_hz, seed=1), 12, -12, rate_hz)
    eq, out = equalise(wave, target_db, rate_hz, phase=phase)
    assert eq_distance_db(gamma_of(wave, rate_hz), target_db, rate_hz) == eq.distance_before_db > 5
    after = eq_distance_db(gamma_of(out, rate_hz), target_db, rate_hz)
    assert after <= 0.5
    assert eq.distance_after_db == pytest.approx(after, abs=0.1)  # the report's forecast
    assert not eq.clamped


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("stems2/feelings/guitar.ogg", "other"),
        ("stems2/metal-madness/band.ogg", "other"),
        ("stems4/lithium/drums.ogg", "drums"),
    ],
)
def test_real_stems_come_near_the_preset(recording: Callable[[str], Path], name: str, role: str) -> None:
    samples, rate_hz = soundfile.read(recording(name), start=900_000, stop=1_500_000, dtype="float32", always_2d=True)
    wave = np.ascontiguousarray(samples.T)
    target_db = find_features("musdb18").for_stem(role).eq_db
    assert target_db is not None
    eq, out = equalise(wave, target_db, rate_hz)
    assert eq_distance_db(gamma_of(out, rate_hz), target_db, rate_hz) < min(1.2, eq.distance_before_db / 2)


def test_a_hole_is_not_filled_beyond_the_bound() -> None:
    wave = pink(6)
    target_db = curve_of(wave)
    spectra = np.fft.rfft(wave)
    hertz = np.arange(spectra.shape[1]) / 6
    spectra[:, (hertz > 700) & (hertz < 1400)] *= 10 ** (-30 / 20)
    holed = np.fft.irfft(spectra, wave.shape[1]).astype(np.float32)
    eq, out = equalise(holed, target_db)
    assert eq.clamped
    assert eq.curve_db.max() == pytest.approx(24, abs=1)
    gentle, _ = equalise(holed, target_db, max_db=6)
    assert gentle.curve_db.max() == pytest.approx(6, abs=0.5)
    assert np.abs(out).max() < 20 * np.abs(wave).max()


def test_two_tones_with_a_hole_between_are_clamped() -> None:
    time_s = np.arange(44100 * 4) / 44100
    wave = sum(np.sin(2 * np.pi * f * time_s) for f in (200, 3000))[np.newaxis].astype(np.float32) * 0.1
    assert equalise(wave, curve_of(pink(4)))[0].clamped


@pytest.mark.parametrize("phase", ["zero", "minimum"])
def test_nothing_is_boosted_outside_the_band_of_a_stem(phase: str) -> None:
    wave = pink(6)
    target_db = curve_of(wave)
    low_passed = sosfilt(butter(12, 5000, "low", fs=44100, output="sos"), wave, axis=1).astype(np.float32)
    eq, _ = equalise(low_passed, target_db, phase=phase)
    assert eq.bandlimit_hz is not None
    assert 5000 < eq.bandlimit_hz < 12000
    above = eq.curve_db[eq.axis_hz > 1.05 * eq.bandlimit_hz]
    assert len(above) > 24
    np.testing.assert_allclose(above, 0, atol=0.1)
    assert np.abs(eq.curve_db[(eq.axis_hz > 100) & (eq.axis_hz < 3000)]).max() < 1
    high_passed = sosfilt(butter(12, 1000, "high", fs=44100, output="sos"), wave, axis=1).astype(np.float32)
    eq, _ = equalise(high_passed, target_db, phase=phase)
    assert eq.bandlimit_hz is None
    np.testing.assert_allclose(eq.curve_db[(eq.axis_hz > 25) & (eq.axis_hz < 250)], 0, atol=0.1)


def test_outside_25_hz_to_17_khz_the_curve_is_held() -> None:
    steep = 12.0 * ((GRID_HZ < 21).astype(float) - (GRID_HZ > 19000))  # what a curve that is not held would follow
    eq = design(gamma_of(pink(8)), curve_of(pink(8, seed=1)) + steep, 44100)
    assert np.abs(eq.curve_db[eq.axis_hz < 25]).max() < 4
    assert np.ptp(eq.curve_db[eq.axis_hz < 20]) < 0.3
    assert np.abs(eq.curve_db[eq.axis_hz > 17000]).max() < 1


def test_four_rounds_come_nearer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    gamma, target_db = gamma_of(shelved(pink(8), 12, -12)), curve_of(pink(8, seed=1))
    after = design(gamma, target_db, 44100).distance_after_db
    assert after < 0.16
    monkeypatch.setattr("gantools.effects.equalisation._ROUNDS", 1)
    assert design(gamma, target_db, 44100).distance_after_db > after


def test_zero_phase_is_symmetric_and_keeps_the_place_of_an_impulse() -> None:
    eq = design(gamma_of(shelved(pink(5), 9, -9)), curve_of(pink(5, seed=2)), 44100)
    np.testing.assert_array_equal(eq.taps, eq.taps[::-1])
    wave = np.zeros((1, 30_000), np.float32)
    wave[0, 15_000] = 1
    out = np.empty_like(wave)
    filter_into(wave, eq, out)
    assert np.abs(out).argmax() == 15_000
    np.testing.assert_allclose(out[0, 15_000:29_000], out[0, 15_000:1_000:-1], atol=1e-6)


def test_minimum_phase_has_no_echo_before_transients() -> None:
    gamma, target_db = gamma_of(shelved(pink(5), 9, -9)), curve_of(pink(5, seed=2))
    eq = design(gamma, target_db, 44100, phase="minimum")
    wave = np.zeros((1, 30_000), np.float32)
    wave[0, 15_000] = 1
    out = np.empty_like(wave)
    filter_into(wave, eq, out)
    assert np.abs(out[0, :15_000]).max() < 1e-6 * np.abs(out).max()
    assert np.sum(out[0, 15_000:15_200] ** 2) > 0.9 * np.sum(out**2)


def test_amount_scales_the_decibels() -> None:
    gamma, target_db = gamma_of(shelved(pink(5), 12, -12)), curve_of(pink(5))
    curves = [design(gamma, target_db, 44100, amount=amount).curve_db for amount in (0.0, 0.5, 1.0)]
    assert np.abs(curves[0]).max() < 1e-9
    np.testing.assert_allclose(curves[1], curves[2] / 2, atol=0.4)


def test_level_of_the_stem_does_not_matter() -> None:
    gamma, target_db = gamma_of(shelved(pink(5), 12, -12)), curve_of(pink(5))
    first, second = (design(gamma * gain, target_db, 44100).taps for gain in (0.1, 3.0))
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_silence_gets_a_filter_that_does_nothing() -> None:
    eq = design(np.zeros(32769), curve_of(pink(3)), 44100)
    assert np.isnan(eq.distance_before_db)
    wave, out = pink(1), np.empty_like(pink(1))
    filter_into(wave, eq, out)
    np.testing.assert_allclose(out, wave, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("n_samples", "n_taps", "delay"), [(300_001, 8191, 4095), (5000, 8191, 4095), (90_000, 999, 0)]
)
def test_convolution_is_that_of_scipy(channels: int, n_samples: int, n_taps: int, delay: int) -> None:
    rng = np.random.default_rng(0)
    wave = rng.standard_normal((channels, n_samples)).astype(np.float32)
    taps = rng.standard_normal(n_taps) / np.sqrt(n_taps)
    expected = np.stack([oaconvolve(c.astype(float), taps)[delay : delay + n_samples] for c in wave])
    out = np.empty_like(wave)
    convolve_into(wave, taps, delay, out)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    convolve_into(wave, taps, delay, wave)
    np.testing.assert_array_equal(wave, out)


def test_filter_length_follows_the_rate() -> None:
    assert [filter_length(rate) for rate in (22050, 44100, 48000, 96000)] == [4095, 8191, 8191, 16383]


def test_the_papers_filter_matches_what_its_length_resolves() -> None:
    target_db = curve_of(pink(5))
    wave = shelved(pink(5, seed=1), 0, -12)
    out = wave.copy()
    paper_equalise(out, target_db, 44100)
    above = GRID_HZ > 400  # 1001 taps resolve 44 Hz
    error = (curve_of(out) - target_db)[above]
    assert np.std(error) < 1
    assert isinstance(design(gamma_of(wave), target_db, 44100), EqFilter)


def test_distance_is_the_spread_of_sixth_octave_levels_about_their_median() -> None:
    bins, rng = 32769, np.random.default_rng(0)
    gamma = np.interp(np.log(np.arange(1, bins + 1)), np.linspace(0, 11, 40), rng.uniform(0.5, 2, 40))
    target_db = rng.uniform(-6, 6, len(GRID_HZ))

    def by_bands(highest_hz: float, bin_hz: float) -> float:
        levels, steps = [], (np.arange(8) - 3.5) / 8  # eight points in each band
        cumulated = np.concatenate([[0.0], np.cumsum(gamma**2)])
        for number in range(55):
            centre = 31.5 * 2 ** (number / 6)
            low, high = centre * 2 ** (-1 / 12), centre * 2 ** (1 / 12)
            if high > highest_hz:
                break
            edges = np.interp([low, high], (np.arange(bins + 1) - 0.5) * bin_hz, cumulated)
            within = np.interp(np.log(centre * 2 ** (steps / 6)), np.log(GRID_HZ), target_db)
            levels.append(10 * np.log10(np.diff(edges)[0] * bin_hz / (high - low) / np.mean(10 ** (within / 10))))
        return float(np.sqrt(np.mean((levels - np.median(levels)) ** 2)))

    for rate_hz in (44100, 16000):
        expected = by_bands(rate_hz / 2, rate_hz / 2 / (bins - 1))
        assert eq_distance_db(gamma, target_db, rate_hz) == pytest.approx(expected, abs=1e-6)


def test_bands_60_db_under_the_loudest_do_not_count() -> None:
    hertz = np.arange(32769) * 22050 / 32768
    gamma, flat_db = np.ones(32769), np.zeros(len(GRID_HZ))
    assert eq_distance_db(gamma, flat_db, 44100) == pytest.approx(0, abs=1e-9)
    gamma[hertz > 4000] = 10 ** (-59 / 20)
    assert eq_distance_db(gamma, flat_db, 44100) > 20
    gamma[hertz > 3990] = 10 ** (-61 / 20)
    levels = eq_distance_db(gamma, flat_db, 44100)
    assert levels < 2  # the one band that the edge cuts


@pytest.mark.parametrize("phase", ["zero", "minimum"])
def test_a_design_says_what_its_taps_do(phase: str) -> None:
    gamma, target_db = gamma_of(shelved(pink(3), 9, -9)), curve_of(pink(3, seed=2))
    eq = design(gamma, target_db, 44100, phase=phase, taps=2047)
    assert (len(eq.taps), eq.delay_samples) == (2047, 1023 if phase == "zero" else 0)
    response = np.abs(np.exp(-2j * np.pi * np.outer(eq.axis_hz, np.arange(2047)) / 44100) @ eq.taps)
    inside = eq.axis_hz > 60
    np.testing.assert_allclose(eq.curve_db[inside], 20 * np.log10(response[inside]), atol=0.05)
    assert (eq.axis_hz[0], eq.axis_hz[48]) == (15, 30)
    assert not eq.clamped
    assert eq.distance_before_db == eq_distance_db(gamma, target_db, 44100)
    spectrum = np.abs(np.fft.rfft(eq.taps, 2 * (len(gamma) - 1)))
    assert eq.distance_after_db == pytest.approx(eq_distance_db(gamma * spectrum, target_db, 44100), abs=0.02)
    assert abs(np.median(eq.curve_db[(eq.axis_hz > 80) & (eq.axis_hz < 8000)])) < 0.1


def test_the_defaults_of_a_design_are_those_of_the_paper() -> None:
    gamma, target_db = gamma_of(shelved(pink(3), 30, -30)), curve_of(pink(3, seed=2))
    default = design(gamma, target_db, 44100)
    named = design(gamma, target_db, 44100, max_db=24, smooth_octaves=1 / 6, amount=1, phase="zero", taps=8191)
    np.testing.assert_array_equal(default.taps, named.taps)
    assert default.clamped == named.clamped
    assert len(default.taps) == 8191
    nothing = design(gamma, target_db, 44100, amount=0, taps=101).taps
    assert nothing.tolist() == [0] * 50 + [1] + [0] * 50
    assert np.argmax(design(np.zeros(1025), target_db, 44100, taps=101).taps) == 50


def test_a_minimum_phase_filter_is_its_own() -> None:
    known = np.zeros(16)
    known[:2] = 1, -0.5
    found = equalisation._minimum_phase(np.abs(np.fft.rfft(known)), 16)
    np.testing.assert_allclose(found, known, atol=1e-3)
