"""The smallest drummer, and a bass line that is played for it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from small_loop_models import files_of

from gantools.systems.drummer import config as drummer_config
from gantools.systems.drummer.data import read_pieces
from gantools.systems.drummer.objective import Drummer

TINY: dict[str, Any] = {"threads": 1, "precision": "float32", "validate_every": 1000, "log_every": 1}
TINY |= {"val_songs": "piece2", "split": "100/0/0", "bars": 2, "width": 8, "bass_width": 4, "batch_size": 4}
TINY |= {"warmup_steps": 1, "validation_windows": 4}
#: The same for the command line, less what every system's command has.
TINY_FLAGS = (
    "--preset small --split 100/0/0 --val-songs piece2 --bars 2 --width 8 --bass-width 4 --batch-size 4 "
    "--warmup-steps 1 --validation-windows 4"
)


def tiny_config(**changes: Any) -> drummer_config.DrummerConfig:
    """Return the options of the smallest model."""
    return dataclasses.replace(drummer_config.PRESETS["small"], **{**TINY, **changes})


def tiny_drummer(folder: Path, **changes: Any) -> Drummer:
    """Return the smallest model of the pieces in a folder."""
    config = tiny_config(**changes)
    return Drummer(config, read_pieces(files_of(folder), config))


def bass_line(bpm: float, bars: int, rate_hz: int, start_s: float = 0.0, rest: range = range(0)) -> np.ndarray:
    """Return plucked notes, float32 (n,), a long one on each 1 and short ones after it; none in the bars of `rest`."""
    step_s = 15 / bpm
    wave = np.zeros(round((start_s + bars * 16 * step_s) * rate_hz))
    for bar in range(bars):
        for place, steps, gain in ((0, 4, 1.0), (6, 2, 0.6), (8, 2, 0.7), (11, 1, 0.5), (14, 2, 0.6)):
            if bar in rest:
                continue
            first = round((start_s + (bar * 16 + place) * step_s) * rate_hz)
            time = np.arange(round(steps * step_s * rate_hz)) / rate_hz
            note = np.sin(2 * np.pi * 55 * time) + 0.4 * np.sin(2 * np.pi * 220 * time) * np.exp(-20 * time)
            note *= gain * np.exp(-3 * time) * np.minimum(1, (time[-1] - time) / 0.01)
            wave[first : first + len(note)] += note[: len(wave) - first]
    return (0.4 * wave).astype(np.float32)
