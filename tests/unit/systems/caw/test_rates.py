"""Which scales a clip gets, and how strong their noise is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gantools.errors import ConfigError
from gantools.systems.caw.rates import (
    PAPER_RATES_HZ,
    choose_rates,
    clip_length,
    list_rates,
    noise_amplitude,
    resample_clip,
    scale_energy,
    upsample,
)


def white(seconds: float = 4.0, rate_hz: int = 16000) -> np.ndarray:
    noise = np.random.default_rng(0).uniform(-1, 1, int(seconds * rate_hz)).astype(np.float32)
    return noise / np.abs(noise).max()


def test_lists() -> None:
    assert tuple(list_rates("paper", 16000)) == PAPER_RATES_HZ
    assert list_rates("paper", 11025)[-3:] == [8000, 10000, 11025]
    assert list_rates("octaves", 44100) == [500, 1000, 2000, 4000, 8000, 16000, 32000, 44100]
    assert list_rates("300,900", 16000) == [300, 900, 16000]
    assert list_rates("paper", 44100)[-4:] == [25000, 32000, 40000, 44100]
    # Steps of at most 1.6, where the paper's own list has none of an octave.
    assert list_rates("thinned", 16000) == [320, 500, 800, 1280, 2000, 2500, 4000, 8000, 12000, 16000]
    assert list_rates("thinned", 1000) == [320, 500, 800, 1000]


@pytest.mark.parametrize("name", ["octave", "800,400", "20"])
def test_bad_lists(name: str) -> None:
    with pytest.raises(ConfigError):
        list_rates(name, 16000)


def test_white_noise_skips_until_the_energy_is_there() -> None:
    # Uniform noise of peak 1 has 1/3 / 16000 of energy per Hz of rate: 0.0025 is reached at 120 Hz.
    assert choose_rates(white(), 16000).rates_hz == PAPER_RATES_HZ
    # At 0.105 of the level, after one click of full scale: 0.0037 of energy in all, so at 12 kHz.
    quiet = 0.105 * white()
    quiet[0] = 1.0
    choice = choose_rates(quiet, 16000)
    assert choice.rates_hz[0] == 12000
    assert "energy" in choice.skipped[320]


def test_bass_starts_at_the_bottom() -> None:
    time = np.arange(16000 * 4) / 16000
    assert choose_rates(np.sin(2 * np.pi * 55 * time).astype(np.float32), 16000).rates_hz == PAPER_RATES_HZ


def test_without_energy_the_list_starts_at_500_hz() -> None:
    silence = np.zeros(64000, np.float32)
    choice = choose_rates(silence, 16000)
    assert choice.rates_hz == PAPER_RATES_HZ[2:]
    assert set(choice.skipped) == {320, 400}


def test_speech_starts_at_500_hz_whatever_its_energy() -> None:
    assert choose_rates(white(), 16000, speech=True).rates_hz[0] == 500


@pytest.mark.parametrize(
    ("energy", "below", "logged", "tolerance"),
    # Rate, energies and amplitudes as a published run printed them; energies have four digits only.
    [(0.0230, 0.0193, 0.000608, 0.002), (0.0012 + 0.0230, 0.0230, 0.000339, 0.03)],
)
def test_noise_amplitudes_of_the_published_log(energy: float, below: float, logged: float, tolerance: float) -> None:
    assert noise_amplitude(energy, below) == pytest.approx(logged, rel=tolerance)
    assert noise_amplitude(below, energy) == 0.0


@pytest.mark.parametrize("seconds", [0.5, 0.73, 10.0, 33.333, 90.0])
def test_lengths_are_rounded(seconds: float) -> None:
    clip = np.zeros((1, round(seconds * 1000)), np.float32)
    for rate_hz in (320, 640, 1600):
        assert resample_clip(clip, 1000, rate_hz).shape == (1, round(clip.shape[1] / 1000 * rate_hz))
        assert clip_length(seconds, rate_hz) == round(seconds * rate_hz)


def test_upsampling_by_hand_and_in_pieces() -> None:
    x = torch.tensor([[0.0, 1.0, 4.0, 9.0, 16.0, 25.0]])
    y = upsample(x, 1, 2, 12)
    # Keys' cubic of a parabola is exact where four true neighbours are: position 2.25 is output 5.
    assert float(y[0, 5]) == pytest.approx(2.25**2, abs=1e-6)
    # At the border the mirrored sample 0 weighs in: position -0.25.
    weights = [0.0703125 * -1, 0.8671875, 0.2265625, -0.0234375]
    assert float(y[0, 0]) == pytest.approx(weights[3] * 1 + weights[2] * 0 + weights[1] * 0 + weights[0] * 1, abs=1e-6)
    x = torch.randn(2, 640)
    whole = upsample(x, 320, 500, 1000)
    piece = upsample(x[:, 150:400], 320, 500, 300, 300, origin=150, total=640)
    assert torch.equal(piece, whole[:, 300:600])


def test_the_limit_ends_the_energy_rule() -> None:
    """White noise of a low level, whose peaks are single samples: the rule alone would start at the top."""
    noise = 0.03 * np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    noise[0] = 1.0
    assert choose_rates(noise, 16000, "octaves", least_energy=0.0008).rates_hz[0] == 16000
    limited = choose_rates(noise, 16000, "octaves", least_energy=0.0008, latest_start_hz=1000)
    assert limited.rates_hz == (1000, 2000, 4000, 8000, 16000)
    assert list(limited.skipped) == [500]


def test_the_published_rates_and_what_follows() -> None:
    paper = [320, 400, 500, 640, 800, 1000, 1280, 1600, 2000, 2500, 4000, 8000, 10000, 12000, 14400, 16000]
    assert list_rates("paper", 44100) == [*paper, 20000, 25000, 32000, 40000, 44100]
    assert list_rates("octaves", 32000) == [500, 1000, 2000, 4000, 8000, 16000, 32000]
    assert list_rates("thinned", 44100)[-5:] == [12000, 16000, 25000, 40000, 44100]


def test_lists_by_hand_begin_at_100_hz_and_rise() -> None:
    assert list_rates("100,101", 400) == [100, 101, 400]
    for name in ("99,200", "200,200", "300,200", "", "a"):
        with pytest.raises(ConfigError, match=r"rise|list of rates"):
            list_rates(name, 400)


def test_the_least_energy_is_enough_and_is_that_of_the_paper() -> None:
    silence = np.zeros(16000, np.float32)
    assert choose_rates(silence, 16000, least_energy=0.0).rates_hz[0] == 320
    tone = np.sqrt(2) * np.sin(2 * np.pi * 100 * np.arange(32000) / 16000).astype(np.float32)
    starts = [choose_rates(tone * level**0.5, 16000).rates_hz[0] for level in (0.0027, 0.0022)]
    assert starts == [320, 500]


def test_a_clip_below_500_hz_has_its_own_rate_alone() -> None:
    choice = choose_rates(np.zeros(400, np.float32), 400, "100,200")
    assert (choice.rates_hz, list(choice.skipped)) == ((400,), [100, 200])
    assert choice.skipped[100] == "below 500 Hz, where a clip begins of which no scale has enough energy"
    spoken = choose_rates(np.zeros(1000, np.float32), 1000, "octaves", speech=True)
    assert (spoken.rates_hz, spoken.skipped) == ((500, 1000), {})
    assert choose_rates(white(), 16000, speech=True).skipped == dict.fromkeys(
        (320, 400), "below 500 Hz, where speech begins"
    )


def test_energy_is_that_of_the_middle_and_noise_follows_its_rise() -> None:
    assert scale_energy(np.float32([[0.5, -0.5], [9.0, 9.0]])) == 0.25
    assert scale_energy(np.zeros((1, 0), np.float32)) == 0.0
    assert noise_amplitude(0.5, 0.25, 3.0) == 1.5
    assert noise_amplitude(0.5, 0.25) == 0.005
