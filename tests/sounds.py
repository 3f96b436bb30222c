"""Synthesised sounds for tests."""

from __future__ import annotations

import numpy as np


def tone(seconds: float, rate_hz: int = 22050, channels: int = 1, hz: float = 110.0, seed: int = 0) -> np.ndarray:
    """Return a decaying tone with noise bursts, float32 (n, channels): something with pitch and onsets."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    rng = np.random.default_rng(seed)
    beat = np.exp(-6 * (time % 0.5))
    wave = 0.4 * beat * np.sin(2 * np.pi * hz * time) + 0.1 * beat**3 * rng.standard_normal(len(time))
    return np.repeat(wave[:, None].astype(np.float32), channels, axis=1)


def stem(kind: str, seconds: float = 10.0, rate_hz: int = 44100, seed: int = 0) -> np.ndarray:
    """Return a played part in stereo, float32 (n, 2): drums, bass, vocals or other, each with its place and colour."""
    rng = np.random.default_rng([seed, len(kind)])
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    beat = 60.0 / rng.uniform(90, 140)
    wave = np.zeros(len(time))
    for number in range(int(seconds / beat) * 2):
        start = int(number * beat / 2 * rate_hz)
        t = time[: max(min(len(time) - start, rate_hz), 0)]
        part = slice(start, start + len(t))
        accent = rng.uniform(0.2, 1.0)
        if kind == "drums":
            kick = np.exp(-18 * t) * np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-30 * t))))
            hit = np.exp(-25 * t) * rng.standard_normal(len(t)) * 0.5
            wave[part] += accent * (kick if number % 4 == 0 else hit)
        else:
            low, high, partials = {"bass": (40, 80, 8), "vocals": (180, 420, 20), "other": (220, 880, 12)}[kind]
            hz = rng.uniform(low, high)
            envelope = np.minimum(t * 50, 1) * np.exp(-t * (2 if kind == "vocals" else 4))
            for partial in range(1, partials):
                if hz * partial < rate_hz / 2.2:
                    wave[part] += accent / partial**1.3 * envelope * np.sin(2 * np.pi * hz * partial * t)
    wave += 1e-4 * rng.standard_normal(len(wave))
    delayed = np.roll(wave, int(0.004 * rate_hz)) * rng.uniform(0.3, 0.9)
    pan = rng.uniform(0.35, 0.65)
    stereo = np.stack([(1 - pan) * wave + 0.2 * delayed, pan * wave - 0.2 * delayed], axis=1)
    return (stereo * (rng.uniform(0.1, 0.6) / np.abs(stereo).max())).astype(np.float32)


def drum_pattern(bpm: float, seconds: float, rate_hz: int, offset_s: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return kicks, snares and hats in four, with a tone per bar: float32 (1, n)."""
    random = np.random.default_rng(seed)
    time = np.arange(round(0.15 * rate_hz)) / rate_hz
    kick = np.sin(2 * np.pi * 60 * time) * np.exp(-time * 25)
    snare = 0.5 * random.standard_normal(len(time)) * np.exp(-time * 30)
    hat = 0.1 * np.diff(random.standard_normal(len(time) + 1)) * np.exp(-time * 80)
    wave = np.zeros(round((seconds + 1) * rate_hz))
    eighths = int(seconds * bpm / 30)
    for n in range(eighths):
        first = round((offset_s + n * 30 / bpm) * rate_hz)
        if first + len(time) > len(wave):
            break
        hit = hat.copy()
        if n % 8 in (0, 5):
            hit += kick * (1.3 if n % 8 == 0 else 1)
        if n % 4 == 2:
            hit += snare
        wave[first : first + len(time)] += hit
    place = np.arange(len(wave)) / rate_hz * bpm / 240
    wave += 0.05 * np.sin(2 * np.pi * 100 * 2 ** (place.astype(int) % 7 / 3) * np.arange(len(wave)) / rate_hz)
    return (0.5 * wave[: round(seconds * rate_hz)]).astype(np.float32)[None]


def bass_with_hiss(
    seconds: float = 8.0, rate_hz: int = 44100, hiss_db: float = -50.0, rests: bool = True, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return a bass with partials under 1 kHz over steady white hiss, float32 (n, 2), and which samples are in rests.

    Notes of half a second, swelling and dying without a click; with `rests`, half a second of hiss alone after each.
    The hiss is at `hiss_db` against the mean level of the notes.
    """
    rng = np.random.default_rng(seed)
    wave = np.zeros(round(seconds * rate_hz))
    note, resting = rate_hz // 2, np.ones(len(wave), bool)
    time = np.arange(note) / rate_hz
    for start in range(note if rests else 0, len(wave) - note + 1, 2 * note if rests else note):
        hz = rng.choice([41.2, 49.0, 55.0, 61.7, 73.4])
        level = np.sin(np.pi * time / 0.5) ** 2 * rng.uniform(0.3, 1)
        for partial in range(1, int(1000 / hz) + 1):
            wave[start : start + note] += level / partial * np.sin(2 * np.pi * hz * partial * time)
        resting[start : start + note] = False
    wave *= 0.3 / np.abs(wave).max()
    level = np.sqrt(np.mean(wave[~resting] ** 2))
    hiss = level * 10 ** (hiss_db / 20) * rng.standard_normal((len(wave), 2))
    return (wave[:, None] * [1.0, 0.9] + hiss).astype(np.float32), resting
