"""Small songs of four stems, and small separators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from gantools.options import from_mapping
from gantools.systems.separator.config import PRESETS, RATE_HZ, SeparatorConfig

SMALL: dict[str, Any] = {
    "steps": 4,
    "batch_size": 2,
    "width": 4,
    "body_width": 8,
    "blocks": 1,
    "n_fft": 1024,
    "hop_samples": 256,
    "band_quality": 6.0,
    "segment_frames": 24,
    "validation_seconds": 1.0,
    "threads": 1,
    "precision": "float32",
    "log_every": 1,
    "validate_every": 2,
}


def small_config(**values: Any) -> SeparatorConfig:
    """Return a configuration that trains in milliseconds."""
    return from_mapping(SeparatorConfig, {**SMALL, **values}, PRESETS["small"])


def write_song(folder: Path, seed: int, seconds: float = 4.0) -> None:
    """Write four stems: two tones, clicks, noise."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch = 1 + 0.1 * seed
    stems = {
        "vocals": 0.3 * np.sin(2 * np.pi * 440 * pitch * time + 3 * np.sin(30 * time)),
        "drums": np.exp(-40 * (time % 0.25)) * random.standard_normal(len(time)) * 0.3,
        "bass": 0.4 * np.sin(2 * np.pi * 60 * pitch * time),
        "other": 0.1 * np.sign(np.sin(2 * np.pi * 220 * pitch * time)),
    }
    folder.mkdir(parents=True)
    for role, wave in stems.items():
        soundfile.write(folder / f"{role}.wav", np.stack([wave, 0.7 * wave], 1).astype(np.float32), RATE_HZ)
