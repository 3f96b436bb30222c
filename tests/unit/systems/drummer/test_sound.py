"""The equaliser of the drums against band levels that are measured apart."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.systems.drummer.sound import _OCTAVES_DB, equalise

RATE_HZ = 44100
CENTRES_HZ = 31.25 * 2.0 ** np.arange(10)


def octaves_db(wave: np.ndarray) -> np.ndarray:
    """Return the mean power of the bins of each octave, in dB."""
    power, hz = np.abs(np.fft.rfft(wave, axis=1)) ** 2, np.fft.rfftfreq(wave.shape[1], 1 / RATE_HZ)
    edges = zip(CENTRES_HZ / 2**0.5, CENTRES_HZ * 2**0.5, strict=True)
    return np.array([10 * np.log10(power[:, (hz >= low) & (hz < high)].mean()) for low, high in edges])


def shaped(offsets_db: np.ndarray) -> np.ndarray:
    """Return ten seconds of stereo noise whose octaves lie so far above what drums have."""
    size = 10 * RATE_HZ
    hz = np.maximum(np.fft.rfftfreq(size, 1 / RATE_HZ), 1.0)
    gain_db = np.interp(np.log(hz), np.log(CENTRES_HZ), np.array(_OCTAVES_DB) + offsets_db)
    noise = np.random.default_rng(0).standard_normal((2, size))
    return np.fft.irfft(np.fft.rfft(noise) * 10 ** (gain_db / 20), size).astype(np.float32) * np.float32(0.01)


def test_drums_come_to_the_spectrum_of_those_on_records() -> None:
    offsets_db = np.array([0.0, 0, 4, 4, -4, 0, 0, 4, -4, -4])
    wave = shaped(offsets_db)
    equalise(wave, RATE_HZ)
    # The lowest two, a peak that smoothing over an octave flattens, and the highest, which it holds, are left out.
    found = octaves_db(wave)[2:-1] - np.array(_OCTAVES_DB)[2:-1]
    assert np.abs(found - np.median(found)).max() < 1.0


def test_no_octave_is_moved_by_more_than_is_allowed() -> None:
    wave = shaped(np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 0, -30])) * np.float32(0.1)
    before, loud = octaves_db(wave), wave * np.float32(1 / np.abs(wave).max())
    equalise(wave, RATE_HZ)
    assert np.abs(octaves_db(wave) - before).max() < 6.5
    # A level changes no curve; only what would clip is turned down.
    equalise(loud, RATE_HZ)
    assert np.abs(loud).max() == pytest.approx(10 ** (-1 / 20), abs=1e-5)


@pytest.mark.parametrize("rate_hz", [8000, 48000])
def test_nothing_sounds_before_a_hit_and_silence_stays(rate_hz: int) -> None:
    wave = np.zeros((2, 2 * rate_hz), np.float32)
    equalise(wave, rate_hz)
    assert not wave.any()
    decay = np.exp(-np.arange(rate_hz // 2) / (0.02 * rate_hz))
    wave[:, rate_hz : rate_hz + rate_hz // 2] = np.random.default_rng(1).standard_normal((2, rate_hz // 2)) * decay
    equalise(wave, rate_hz)
    # -60 dB beside the hit itself: what rounding of the filter's spectrum leaves.
    assert np.abs(wave[:, : rate_hz - 1]).max() < 1e-3 * np.abs(wave).max()
