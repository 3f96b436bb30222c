"""A clip and the smallest settings with which everything still happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from gantools.systems.caw.config import PRESETS, CawConfig


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of stereo at 4 kHz: tones that change, left and right differing."""
    time = np.arange(8000) / 4000
    left = np.sin(2 * np.pi * 110 * time) * np.exp(-3 * (time % 0.5)) + 0.2 * np.sin(2 * np.pi * 700 * time)
    right = left + 0.2 * np.random.default_rng(0).standard_normal(8000)
    path = tmp_path_factory.mktemp("clip") / "riff.wav"
    soundfile.write(path, 0.3 * np.stack([left, right], 1), 4000, subtype="FLOAT")
    return path


@pytest.fixture
def tiny() -> Callable[..., CawConfig]:
    """Make a configuration: three scales of four channels, three steps each, one thread."""

    def make(preset: str = "small", **changes: Any) -> CawConfig:
        base: dict[str, Any] = {"steps": 3, "budget": "", "rates": "1000,2000,4000", "layers": 4, "threads": 1}
        base |= {"coarse_width": 4, "width": 4, "validation_draws": 1, "least_energy": 0.0}
        base |= {"recalibrate": 2, "sample_rate_hz": 4000, "start": "noise"}
        if preset == "small":
            base |= {"crop": 1024, "statistics_weight": 1.0, "pool": 2, "pool_refresh": 1, "penalty_every": 2}
        return dataclasses.replace(PRESETS[preset], **(base | changes))

    return make
