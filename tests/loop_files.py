"""Loops of drums and bass as MIDI files, and a small loop detector, for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gantools.files.containers import write_tensors
from gantools.models.folder import SCHEMA
from gantools.structure.loops.correlation import pairs, roll_correlation
from gantools.structure.loops.detector import DIMENSIONS, NETWORK, hidden_units
from gantools.symbolic.midi import LOOP_END, LOOP_START, write_midi
from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS, PITCHES, Roll, score_of


def loop_roll(seed: int, bars: int = 8, pattern: Sequence[int] = (0, 0, 0, 1)) -> np.ndarray:
    """Return what sounds in a loop, bool (steps, 57): bars of one pattern or another, in turn."""
    random = np.random.default_rng(seed)
    kinds = np.zeros((max(pattern) + 1, BAR_STEPS, PITCHES), bool)
    for kind in kinds:
        kind[::8, 0] = kind[4::8, 1] = kind[::2, 2] = True
        kind[random.random(BAR_STEPS) < 0.3, 0] = True
        notes = DRUM_ROWS + 4 + random.integers(0, 12, 8)
        kind[np.arange(0, BAR_STEPS, 2), notes] = True
    return np.concatenate([kinds[pattern[bar % len(pattern)]] for bar in range(bars)])


def write_loop(path: Path, sounding: np.ndarray, bpm: float = 240.0) -> Path:
    """Write what sounds, bool (steps, 57), as a MIDI file with loop markers; every cell is a note."""
    path.parent.mkdir(parents=True, exist_ok=True)
    edges = np.arange(0, len(sounding) + 1, BAR_STEPS)
    score = score_of(Roll(sounding, sounding.copy(), edges), bpm)
    write_midi(path, score, [(0, LOOP_START), (int(score.bars.edges[-1]), LOOP_END)])
    return path


def write_loops(folder: Path, count: int, first_seed: int = 0, bars: int = 8) -> Path:
    """Write different loops as ``loop-00.mid`` and so on."""
    for number in range(count):
        write_loop(folder / f"loop-{number:02}.mid", loop_roll(first_seed + number, bars))
    return folder


def write_detector(folder: Path, lengths: Sequence[int] = (4, 8, 16)) -> Path:
    """Write a loop detector for MIDI that takes what `loop_roll` makes for loops.

    Nobody trained it: its first layer lets through how far the correlations are from those of such loops.
    """
    tensors = {}
    for bars in lengths:
        inputs, hidden = pairs(bars), hidden_units(pairs(bars))
        rolls = np.stack([loop_roll(seed, bars).reshape(bars, -1) for seed in range(100, 140)])
        loops = roll_correlation(rolls, "paper")
        first = np.zeros((hidden, inputs))
        first[np.arange(hidden), np.arange(hidden) * inputs // hidden] = 1.0
        network = [first, np.eye(hidden), np.eye(DIMENSIONS, hidden)]
        values = loops
        for weight in network:
            values = values @ weight.T
        name = f"midi_{bars}"
        for index, weight in enumerate(network):
            tensors[f"{name}.f.{2 * index}.weight"] = weight.astype(np.float32)
        tensors[f"{name}.centre"] = np.maximum(values.mean(axis=0), 0.1).astype(np.float32)
        tensors[f"{name}.midi_loops"] = loops.astype(np.float32)
    folder.mkdir(parents=True)
    write_tensors(folder / f"{NETWORK}.safetensors", tensors, {})
    model = {"schema": SCHEMA, "system": "loopdetector", "config": {"feature": "paper"}, "data": {}, "ema": []}
    text = json.dumps({**model, "networks": {NETWORK: 1}, "versions": {}})
    (folder / "config.json").write_text(text, encoding="utf-8")
    return folder
