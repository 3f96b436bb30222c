"""Small loops to train a detector on: generated patterns as MIDI, and noise bursts as sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from gantools.structure.loops.patterns import draw_patterns
from gantools.symbolic.midi import write_midi
from gantools.symbolic.roll import BAR_STEPS, Roll, score_of

NAMES = ("ash", "birch", "cedar", "elder", "hazel", "larch")
RATE_HZ = 8000


def write_loops(folder: Path) -> None:
    """Write six MIDI loops of 8 bars and six loops of 4 bars of sound, each a family of its own."""
    sounding, onsets = draw_patterns(len(NAMES), 8, 5)
    for index, name in enumerate(NAMES):
        roll = Roll(sounding[index], onsets[index], np.arange(9) * BAR_STEPS)
        write_midi(folder / f"{name}.mid", score_of(roll, 120.0))
        soundfile.write(folder / f"{name}_240bpm_4bars.wav", burst_loop(index, 4), RATE_HZ)


def burst_loop(seed: int, bars: int, bar_s: float = 1.0) -> np.ndarray:
    """Return a loop of noise bursts, float32: a bar that repeats, with another burst in the last one."""
    random = np.random.default_rng(seed)
    burst = (random.standard_normal(300) * np.linspace(0.5, 0, 300)).astype(np.float32)
    wave = np.zeros(round(bars * bar_s * RATE_HZ) + len(burst), np.float32)
    steps = np.flatnonzero(random.random(16) < 0.3) if seed % 2 else np.arange(0, 16, 4)
    for bar in range(bars):
        for step in [*steps.tolist(), *([15] if bar == bars - 1 else [])]:
            start = round((bar + step / 16) * bar_s * RATE_HZ)
            wave[start : start + len(burst)] += burst
    return wave[: round(bars * bar_s * RATE_HZ)]
