from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.texture.partials import DURATION_EDGES_MS, Partials, find_partials
from gantools.metrics.texture.spectrum import RATE_HZ, power_spectra


def partials_of(wave: np.ndarray) -> Partials:
    return find_partials(power_spectra(wave.astype(np.float32)))


def tones(hz: float, seconds: float, apart: float, count: int) -> np.ndarray:
    """Return sines of a length, each beginning so many seconds after the one before."""
    time = np.arange(round(count * apart * RATE_HZ)) / RATE_HZ
    return np.sin(2 * np.pi * hz * time) * (time % apart < seconds)


@pytest.mark.parametrize("hz", [110.0, 440.0, 3000.0])
@pytest.mark.parametrize("seconds", [0.2, 0.5])
def test_a_held_sine_lasts_as_long_as_it_sounds(hz: float, seconds: float) -> None:
    found = partials_of(tones(hz, seconds, 1.0, 4))
    # A window sees an end while a quarter of it lies inside: some 10 ms on each side.
    assert found.mean_ms == pytest.approx(1000 * seconds, abs=25)
    assert found.held_share == pytest.approx(1.0, abs=0.05)


def test_partials_of_a_chord_are_told_from_each_other_and_shorter_ones_count_by_their_energy() -> None:
    wave = tones(330.0, 0.9, 1.0, 4) + tones(880.0, 0.3, 1.0, 4)
    # Equal levels for 0.9 and 0.3 s: (0.9 * 0.9 + 0.3 * 0.3) / 1.2 s.
    assert partials_of(wave).mean_ms == pytest.approx(750, abs=40)


def test_vibrato_and_decay_go_on_and_what_is_20_db_down_has_ended() -> None:
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    # A quarter of a semitone up and down, five times a second.
    vibrato = np.sin(2 * np.pi * 1000 * time + 1000 * 0.0145 / 5 * np.sin(2 * np.pi * 5 * time))
    assert partials_of(vibrato).mean_ms > 1900
    decay = np.sin(2 * np.pi * 440 * time) * 10 ** (-time / 0.5)  # 20 dB in half a second
    assert partials_of(decay).mean_ms == pytest.approx(500, abs=30)


def test_noise_has_short_tracks_whatever_its_colour() -> None:
    random = np.random.default_rng(0)
    for colour in (np.ones(1), np.ones(8) / 8):
        found = partials_of(np.convolve(random.standard_normal(10 * RATE_HZ), colour, "same"))
        assert found.mean_ms < 45
        assert found.held_share < 0.01


def test_partials_do_not_depend_on_the_level_and_their_energy_adds_up() -> None:
    wave = tones(440.0, 0.5, 1.0, 2)
    loud, quiet = partials_of(wave), partials_of(wave / 1024)
    np.testing.assert_allclose(quiet.lasting_ms, loud.lasting_ms)
    assert quiet.mean_ms == pytest.approx(loud.mean_ms)
    shares = loud.histogram()
    assert len(shares) == len(DURATION_EDGES_MS) - 1
    assert shares.sum() == pytest.approx(loud.energy.sum() / loud.total)
    assert 0.95 < shares.sum() <= 1.0


def test_silence_has_no_partials() -> None:
    found = partials_of(np.zeros(RATE_HZ))
    assert len(found.lasting_ms) == 0
    assert np.isnan([found.mean_ms, found.held_share]).all()
