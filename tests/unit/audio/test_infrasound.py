"""What lies below 20 Hz is taken away, however the sound comes."""

import numpy as np

from gantools.audio.infrasound import HighPass, without_infrasound

RATE = 22050


def test_a_drifting_offset_goes_and_bass_stays():
    seconds = np.arange(4 * RATE) / RATE
    bass, drift = 0.3 * np.sin(2 * np.pi * 50 * seconds), 0.4 + 0.3 * np.sin(2 * np.pi * 1.5 * seconds)
    made = HighPass(RATE).push((bass + drift).astype(np.float32)[:, None])[:, 0]
    inner = slice(RATE // 2, None)
    assert abs(np.sqrt(2 * np.mean(made[inner] ** 2)) / 0.3 - 1) < 0.02
    spectrum = np.abs(np.fft.rfft(made[RATE:])) / (1.5 * RATE)
    hz = np.fft.rfftfreq(3 * RATE, 1 / RATE)
    assert spectrum[hz < 5].max() < 1e-4
    # Butterworth of fourth order: 1 / sqrt(1 + (20 / f)^8); at 20 Hz 3 dB.
    tone = HighPass(RATE).push(np.sin(2 * np.pi * 20 * seconds)[:, None])[:, 0]
    assert abs(np.sqrt(2 * np.mean(tone[RATE:] ** 2)) - 2**-0.5) < 0.01


def test_an_offset_makes_no_thump_and_blocks_change_nothing():
    sound = np.full((900, 2), 0.5, np.float32)
    assert np.abs(HighPass(RATE).push(sound)).max() < 1e-6
    noise = np.random.default_rng(1).normal(size=(1000, 2)).astype(np.float32)
    whole = HighPass(RATE).push(noise)
    parts = np.concatenate(list(without_infrasound([noise[:1], noise[1:1], noise[1:700], noise[700:]], RATE)))
    np.testing.assert_allclose(parts, whole, atol=1e-6)
