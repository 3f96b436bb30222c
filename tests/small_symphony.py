"""Small scores for tests: pieces of a few parts made by rules, and the smallest models of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from gantools.symbolic.midi import write_midi
from gantools.symbolic.mmr.score import DRUMS, GridScore, to_midi
from gantools.systems.symphony import config as symphony_config
from gantools.systems.symphony.data import read_scores
from gantools.systems.symphony.objective import Symphony

TINY: dict[str, Any] = {"threads": 1, "precision": "float32", "validate_every": 1000, "log_every": 1}
TINY |= {"val_songs": "piece2", "split": "100/0/0", "merges": 8, "context": 48, "width": 16, "layers": 1, "heads": 2}
TINY |= {"batch_size": 4, "warmup_steps": 1, "validation_windows": 4}
#: The same for the command line, less what every system's command has.
TINY_FLAGS = (
    "--preset small --split 100/0/0 --val-songs piece2 --merges 8 --context 48 --width 16 --layers 1 --heads 2 "
    "--batch-size 4 --warmup-steps 1 --validation-windows 4"
)
#: What the paper's preset has otherwise.
PAPER: dict[str, Any] = {"grid": 8, "held": False, "meters": False, "tempi": False, "velocity": False}
PAPER |= {"layer_norm": "after", "head": "parallel", "instrument_head": "shifted", "loss": "paper", "ema": False}
PAPER |= {"track_numbers": "any", "attention": "softmax", "recall": False}
PAPER |= {"shuffle_tracks": 0.5}
_ROOTS = (60, 57, 65, 67)


def small_score(seed: int, bars: int = 6) -> GridScore:
    """Return a piece of a melody, chords, a bass that is held beyond its bar, and drums, always the same."""
    random, notes = np.random.default_rng(seed), []
    for bar in range(bars):
        start, root = bar * 96, _ROOTS[bar % 4] + seed % 3
        notes += [(start, 1, pitch, 96, 60) for pitch in (root, root + 4, root + 7)]
        notes += [(start + beat * 24, 0, root + 12 + int(random.integers(12)), 24, 90) for beat in range(4)]
        notes += [(start + beat * 48, 3, 36, 6, 110) for beat in range(2)]
        if bar % 2 == 0:
            notes.append((start, 2, root - 24, 150, 80))
    edges, meters = np.arange(bars + 1) * 96, np.tile([4, 4], (bars, 1))
    order = sorted(set(notes), key=lambda note: (note[0], note[1], note[2]))
    programs = np.array([73, 48, 42, DRUMS])
    names = ("Flute", "Strings", "Cello", "Drums")
    return GridScore(24, edges, meters, np.full(bars, 100.0 + seed), programs, names, np.array(order, np.int64))


def write_pieces(folder: Path, count: int = 3) -> None:
    """Write pieces as MIDI files, always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        write_midi(folder / f"piece{index}.mid", to_midi(small_score(index)))


def tiny_config(**changes: Any) -> symphony_config.SymphonyConfig:
    """Return the options of the smallest model."""
    return dataclasses.replace(symphony_config.PRESETS["small"], **{**TINY, **changes})


def tiny_symphony(folder: Path, **changes: Any) -> Symphony:
    """Return the smallest model of the pieces in a folder."""
    config = tiny_config(**changes)
    files = [(path.stem, path) for path in sorted(folder.glob("*.mid"))]
    return Symphony(config, read_scores(files, config))
