"""Musical form: how alike sections of a sound are."""

from __future__ import annotations

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db

#: Sections are compared in means of this length: small shifts do not matter.
POOL_SECONDS = 0.1


def pooled_levels(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the levels of 24 mel bands in dB every 0.1 s, less their means: float64 (frames, 24)."""
    hop = max(1, round(POOL_SECONDS / 4 * rate_hz))
    params = MelParams(sample_rate_hz=rate_hz, n_fft=2 * hop, hop_samples=hop, n_mels=24, fmin_hz=30.0)
    levels = mel_db(np.ascontiguousarray(wave.mean(0, dtype=np.float32)), params).astype(np.float64)
    levels = np.maximum(levels, levels.max() - 50.0)
    groups = max(1, len(levels) // 4)
    levels = levels[: 4 * groups].reshape(groups, -1, 24).mean(1)
    return np.asarray(levels - levels.mean(0))


def similarities(sections: list[np.ndarray]) -> np.ndarray:
    """Return the cosines between sections of levels, over the length that all have."""
    frames = max(1, min(len(section) for section in sections))
    rows = np.stack([section[:frames].ravel() for section in sections])
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows @ rows.T)
