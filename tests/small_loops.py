"""A loop detector made by hand, and music whose loops are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from gantools.files.containers import write_tensors
from gantools.structure.loops.correlation import pairs
from gantools.structure.loops.detector import DIMENSIONS, DOMAINS, hidden_units, network_name
from gantools.symbolic.midi import write_midi
from gantools.symbolic.score import Bars, Score, Track
from gantools.systems.loopdetector.config import LENGTHS


def write_detector(folder: Path, kind: str = "grid") -> Path:
    """Write a detector whose score is (1 - mean correlation) squared, as a model folder of ``train loopdetector``.

    Its loops score 0.16 to 0.175.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, np.ndarray] = {}
    for domain in DOMAINS:
        for bars in LENGTHS:
            name, inputs, hidden = network_name(domain, bars), pairs(bars), hidden_units(pairs(bars))
            for layer, (outputs, width) in enumerate([(hidden, inputs), (hidden, hidden), (DIMENSIONS, hidden)]):
                tensors[f"{name}.f.{2 * layer}.weight"] = np.full((outputs, width), 1 / width, np.float32)
            tensors[f"{name}.centre"] = np.ones(DIMENSIONS, np.float32)
            means = np.linspace(0.582, 0.6, 40, dtype=np.float32)
            tensors[f"{name}.{domain}_loops"] = np.repeat(means[:, None], inputs, axis=1)
    write_tensors(folder / "detector.safetensors", tensors, {})
    config = {"schema": 2, "system": "loopdetector", "config": {"feature": kind}, "data": {}, "ema": []}
    config |= {"networks": {"detector": 1}, "versions": {}}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def song(bpm: float, plan: str, rate_hz: int = 22050, lead_s: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return a song of drums and a bass, a bar for each letter, float32 (n,): equal letters are equal bars.

    A dot is a bar of silence; before the first bar there is noise.
    """
    random = np.random.default_rng(seed)
    bar_s = 240 / bpm
    time = np.arange(round(0.2 * rate_hz)) / rate_hz
    kick = np.sin(2 * np.pi * (50 * time + 3 * (1 - np.exp(-40 * time)))) * np.exp(-time * 22)
    hat = 0.15 * random.standard_normal(len(time)) * np.exp(-time * 70)
    snare = 0.5 * random.standard_normal(len(time)) * np.exp(-time * 30)
    notes = {letter: random.integers(0, 13, 4) for letter in sorted(set(plan))}
    wave = 0.001 * random.standard_normal(round((lead_s + bar_s * len(plan)) * rate_hz) + len(time))
    wave[: round(lead_s * rate_hz)] += 0.02 * random.standard_normal(round(lead_s * rate_hz))
    for number, letter in enumerate(plan):
        if letter == ".":
            continue
        for eighth in range(8):
            at = round((lead_s + bar_s * (number + eighth / 8)) * rate_hz)
            hit = hat + (kick if eighth in (0, 5) else 0) + (snare if eighth in (2, 6) else 0)
            if eighth % 2 == 0:
                hz = 55 * 2 ** (notes[letter][eighth // 2] / 12)
                hit = hit + 0.5 * np.sin(2 * np.pi * hz * time) * np.exp(-time * 8)
            wave[at : at + len(time)] += 0.4 * hit
    return wave[: -len(time)].astype(np.float32)


def write_song(path: Path, bpm: float = 120.0, plan: str = "ABAC" * 4, rate_hz: int = 22050, **how: Any) -> Path:
    """Write a song of `song` in two channels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = song(bpm, plan, rate_hz, **how)
    soundfile.write(path, np.stack([wave, 0.8 * wave], axis=1), rate_hz)
    return path


def notes(plan: str, meter: tuple[int, int] = (4, 4), bpm: float = 100.0, ticks: int = 480) -> Score:
    """Return a piece of drums and a bass, a bar for each letter: equal letters are equal bars."""
    length = 4 * ticks * meter[0] // meter[1]
    drums, bass = [], []
    for number, letter in enumerate(plan):
        random = np.random.default_rng(ord(letter))
        for eighth in range(length // (ticks // 2)):
            at = number * length + eighth * ticks // 2
            drums.append((at, 60, 36 if eighth == 0 else 42))
            if random.random() < 0.6:
                bass.append((at, 200, 30 + int(random.integers(20))))
    meters = np.array([[*meter]] * len(plan), np.int64)
    bars = Bars(np.arange(len(plan) + 1, dtype=np.int64) * length, meters[:, 0], meters[:, 1])
    tracks = tuple(
        Track(name, program, drum, *np.array([(*note, 80) for note in found], np.int64).T)
        for name, program, drum, found in (("drums", 0, True, drums), ("bass", 33, False, bass))
    )
    return Score(ticks, tracks, np.zeros(1, np.int64), np.array([bpm]), bars)


def write_notes(path: Path, plan: str, **how: object) -> Path:
    """Write a piece of `notes`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(path, notes(plan, **how))  # type: ignore[arg-type]
    return path
