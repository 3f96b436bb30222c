from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.texture.attacks import onset_seconds, rises_db
from gantools.metrics.texture.rests import find_rests, rests_played
from gantools.metrics.texture.spectrum import RATE_HZ, band_power, power_spectra


def strokes(times_s: np.ndarray, seconds: float, rise_s: float) -> np.ndarray:
    """Return bursts of noise of 0.15 s that take so long to rise, over noise 26 dB below, float32 (n,)."""
    random = np.random.default_rng(0)
    wave = 0.05 * random.standard_normal(round(seconds * RATE_HZ))
    time = np.arange(round(0.15 * RATE_HZ)) / RATE_HZ
    shape = np.minimum(1.0, (time + 1e-9) / rise_s)
    for start in np.round(times_s * RATE_HZ).astype(int):
        wave[start : start + len(time)] += shape * random.standard_normal(len(time))
    return wave.astype(np.float32)


TIMES = np.arange(0.5, 9.5, 0.5)


def test_a_stroke_rises_by_its_decibels_and_a_swell_by_less() -> None:
    sharp, slow = (strokes(TIMES, 10.0, rise) for rise in (0.001, 0.1))
    # 20 log10(1 / 0.05) is 26 dB, of which windows of 12 ms smear a part.
    assert np.median(rises_db(sharp, TIMES)) == pytest.approx(25.0, abs=2.0)
    # In 15 of its 100 ms the swell gets to 15 %: 9.5 dB at most over the noise.
    assert np.median(rises_db(slow, TIMES)) < 15.0


def test_noise_has_no_attack_and_clicks_are_found_where_they_are() -> None:
    noise = np.random.default_rng(1).standard_normal(10 * RATE_HZ).astype(np.float32)
    assert np.median(rises_db(noise, onset_seconds(noise))) < 3.0
    clicks = np.zeros(10 * RATE_HZ, np.float32)
    clicks[np.round(TIMES * RATE_HZ).astype(int)] = 1.0
    found = onset_seconds(clicks)
    assert len(found) == len(TIMES)
    np.testing.assert_allclose(found, TIMES, atol=0.03)
    # From the floor 60 dB down.
    assert rises_db(clicks, found).min() > 40.0


def test_onsets_at_the_very_beginning_and_none_at_all_are_left_out() -> None:
    wave = strokes(TIMES, 10.0, 0.001)
    assert len(rises_db(wave, np.array([0.0, 0.5]))) == 1
    assert len(rises_db(wave, np.zeros(0))) == 0


def test_bands_are_third_octaves_that_hold_all_there_is_from_50_hz_on() -> None:
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    for hz in (100.0, 1000.0, 7900.0):
        power = power_spectra(np.sin(2 * np.pi * hz * time).astype(np.float32))
        bands = band_power(power)
        # Parseval: one side of the spectrum of a sine under a Hann window, whose mean square is 3/8.
        assert bands[50].sum() == pytest.approx(1024**2 * 3 / 8 / 4, rel=0.02)
        assert bands[50].max() > 0.5 * bands[50].sum()


def test_rests_from_a_beat_to_two_bars_count_and_onsets_inside_them() -> None:
    beat = 0.5
    bass = np.zeros(round(24 * RATE_HZ), np.float32)
    time = np.arange(len(bass)) / RATE_HZ
    # Sounding but for a short gap (0.25 s), a rest of 1 s, one of 2 s, and a pause of 6 s.
    rests = [(3.0, 3.25), (5.0, 6.0), (9.0, 11.0), (14.0, 20.0)]
    sounds = ~np.any([(time >= a) & (time < b) for a, b in rests], axis=0)
    bass[:] = np.sin(2 * np.pi * 80 * time) * sounds
    np.testing.assert_allclose(find_rests(bass, beat), rests[1:3], atol=0.06)
    drums = strokes(np.array([5.5, 9.0]), 24.0, 0.001)
    # One in the first rest; the other is where the bass ends, and begins no answer to it.
    assert rests_played(drums - np.float32(drums.mean()), bass, 120.0)[1] == 2
    quiet = np.where(np.abs(drums) > 0.3, drums, 0).astype(np.float32)
    assert rests_played(quiet, bass, 120.0) == (1, 2)
    assert rests_played(quiet, bass * 0, 120.0) == (0, 0)
