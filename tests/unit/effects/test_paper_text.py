"""EQ and panning as the paper's text has them, against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import filtfilt, firwin2

from gantools.effects.config import ChainConfig
from gantools.effects.grid import GRID_HZ
from gantools.effects.paper_equalisation import SMOOTHING_BINS, text_equalise, text_taps
from gantools.effects.paper_panning import text_pan
from gantools.effects.similarity import PanMeter
from gantools.effects.spectrum import SpectrumMeter, grid_magnitude
from gantools.errors import ConfigError

RATE_HZ, BINS = 44100, 32769
FLAT = np.zeros(len(GRID_HZ))


def response_db(taps: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.abs(np.fft.rfft(taps, 2 * (BINS - 1))))


def test_the_quotient_is_smoothed_and_not_the_reference() -> None:
    gamma = np.ones(BINS)
    gamma[8000] = 1e-3
    found = response_db(text_taps(gamma, FLAT, RATE_HZ, "vocals"))
    # A line of first order through 401 bins is their mean: one bin of 1000 among 400 of 1.
    assert found[8000] == pytest.approx(20 * np.log10((1000 + 400) / 401), abs=0.1)
    assert np.abs(found[np.r_[100:7000, 9000:32000]]).max() < 0.02


def test_the_filter_is_applied_forwards_and_backwards() -> None:
    rng = np.random.default_rng(0)
    gamma = np.exp(0.3 * rng.standard_normal(BINS)) + np.linspace(0, 2, BINS)
    target_db = 6 * np.sin(np.arange(len(GRID_HZ)) / 12)
    bins_hz = np.maximum(np.arange(BINS) * RATE_HZ / 2 / (BINS - 1), RATE_HZ / 2 / (BINS - 1))
    quotient = 10 ** (np.interp(np.log(bins_hz), np.log(GRID_HZ), target_db) / 20) / gamma
    width = SMOOTHING_BINS["drums"]
    padded = np.pad(quotient, width // 2, mode="reflect")
    mean = np.convolve(padded, np.full(width, 1 / width), "valid")
    half = firwin2(1001, np.linspace(0, 1, BINS), np.sqrt(mean), nfreqs=BINS)
    wave = rng.standard_normal(20000)
    found = np.convolve(wave, text_taps(gamma, target_db, RATE_HZ, "drums"), "same")
    np.testing.assert_allclose(found[3000:-3000], filtfilt(half, [1.0], wave)[3000:-3000], atol=1e-6)


def test_a_stem_gets_the_spectrum_of_its_type() -> None:
    noise = np.random.default_rng(1).standard_normal((2, 20 * RATE_HZ)).astype(np.float32)
    noise[:, 10 * RATE_HZ :] = 0  # rests count in the text, and so in Gamma
    noise[:, 1:] -= 0.9 * noise[:, :-1]
    target_db = 3 * np.sin(np.arange(len(GRID_HZ)) / 12)
    text_equalise(noise, target_db, RATE_HZ, 0.5, "vocals")
    meter = SpectrumMeter(RATE_HZ, 2, gate_db=None)
    meter.push(noise)
    level_db = 20 * np.log10(grid_magnitude(meter.result().gamma, RATE_HZ, 0.5, mean=True))
    inside = (GRID_HZ > 300) & (GRID_HZ < 16000)
    assert np.abs((level_db - target_db)[inside]).max() < 0.5


def test_spectra_are_means_of_magnitudes() -> None:
    gamma = np.tile([1.0, 3.0], BINS // 2 + 1)[:BINS]
    high = GRID_HZ > 2000
    np.testing.assert_allclose(grid_magnitude(gamma, RATE_HZ, mean=True)[high], 2.0, rtol=1e-2)
    np.testing.assert_allclose(grid_magnitude(gamma, RATE_HZ)[high], np.sqrt(5.0), rtol=1e-2)


@pytest.mark.parametrize("louder", [0, 1])
def test_gains_are_ratios_of_psi_half(louder: int) -> None:
    noise = np.random.default_rng(2).standard_normal(RATE_HZ).astype(np.float32)
    wave = np.stack([noise, noise])
    wave[1 - louder] *= 0.5
    out = np.empty_like(wave)
    # psi = 2 * .5 / 1.25 = .8, so coefficients .4 and .6; wanted are .3 and .7.
    largest_db = text_pan(wave, np.full(len(GRID_HZ), 0.6), RATE_HZ, out)
    np.testing.assert_allclose(out[louder], wave[louder] * 0.7 / 0.6, atol=1e-3)
    np.testing.assert_allclose(out[1 - louder], wave[1 - louder] * 0.3 / 0.4, atol=1e-3)
    assert largest_db == pytest.approx(20 * np.log10(0.7 / 0.6), abs=1e-3)


def test_the_centre_and_an_empty_side_stay() -> None:
    noise = np.random.default_rng(3).standard_normal(RATE_HZ).astype(np.float32)
    for wave in (np.stack([noise, noise]), np.stack([noise, np.zeros_like(noise)])):
        out = np.empty_like(wave)
        text_pan(wave, np.full(len(GRID_HZ), 0.6), RATE_HZ, out)
        np.testing.assert_allclose(out, wave, atol=1e-5)


def test_all_frames_count() -> None:
    noise = np.random.default_rng(4).standard_normal(4 * RATE_HZ).astype(np.float32)
    wave = np.stack([noise, noise])
    wave[:, 2 * RATE_HZ :] *= 1e-3
    wave[1, 2 * RATE_HZ :] = 0
    found = []
    for gated in (True, False):
        meter = PanMeter(RATE_HZ, gated)
        for start in range(0, wave.shape[1], 50000):
            meter.push(wave[:, start : start + 50000])
        found.append(meter.result().mean_psi)
    assert found == pytest.approx([1.0, 0.5], abs=0.02)


def test_what_the_text_does_not_have_is_refused() -> None:
    assert ChainConfig(paper=True).reads_with() == "pyloudnorm"
    assert not ChainConfig(paper=True).expands()
    for name, value in {"amount": 0.5, "eq_compat": True, "pan_k": 0.9}.items():
        with pytest.raises(ConfigError, match=f"paper: its text has no {name}"):
            ChainConfig(paper=True, **{name: value})  # type: ignore[arg-type]
