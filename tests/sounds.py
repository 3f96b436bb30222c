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
