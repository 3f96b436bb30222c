"""Drums on a grid as notes: when each step sounds, how hard it is struck, and the score of it."""

from __future__ import annotations

import numpy as np

from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import DRUMS, STEPS_PER_QUARTER
from gantools.symbolic.score import Bars, Score, Track
from gantools.systems.drummer.music import VELOCITIES

#: Ticks of a quarter in the MIDI files: half a millisecond at 120 bpm.
TICKS_PER_QUARTER = 960
#: Velocities differ by as much at random, up or down.
_HUMAN = 6


def step_times(beats_s: np.ndarray, swing: float) -> np.ndarray:
    """Return when the sixteenths of beats sound, in seconds, float64 (4 * (beats - 1),).

    Parameters
    ----------
    beats_s : float64 array (beats,)
        When each beat begins, and where the last one ends.
    swing : float
        Place of the second sixteenth within its eighth: 0.5 straight, 2/3 triplets.
    """
    parts = np.array([0.0, swing / 2, 0.5, 0.5 + swing / 2])
    return np.asarray((beats_s[:-1, None] + np.diff(beats_s)[:, None] * parts).reshape(-1))


def even_times(steps: int, bpm: float, swing: float = 0.5) -> np.ndarray:
    """Return when steps sound at one tempo, from 0 on."""
    return step_times(np.arange(-(-steps // STEPS_PER_QUARTER) + 1) * 60 / bpm, swing)[:steps]


def drum_score(
    drums: np.ndarray, times_s: np.ndarray, bpm: float, seed: int, *, ticks_per_quarter: int = TICKS_PER_QUARTER
) -> Score:
    """Return drums as a score that begins where the sound begins: beside it in a session every hit is in time.

    Parameters
    ----------
    drums : uint8 array (steps, 9)
    times_s : float64 array (steps,)
        When each step sounds.
    bpm : float
        The one tempo of the score; the times hold whatever it is.
    seed : int
        Of the small differences between velocities.
    ticks_per_quarter : int
    """
    steps, rows = np.nonzero(drums)
    per_second = ticks_per_quarter * bpm / 60
    onsets = np.round(times_s[steps] * per_second).astype(np.int64)
    random = np.random.default_rng(item_seed(seed, "velocities"))
    # For all drums of all steps: a hit keeps its velocity where others come and go.
    human = random.integers(-_HUMAN, _HUMAN + 1, drums.shape)
    velocities = np.clip(np.array(VELOCITIES)[drums[steps, rows]] + human[steps, rows], 1, 127).astype(np.int64)
    # A sixteenth of a beat: short enough that no hit reaches the next one of its drum.
    lengths = np.full(len(onsets), max(1, ticks_per_quarter // 16), np.int64)
    track = Track("drums", 0, True, onsets, lengths, np.array(DRUMS)[rows], velocities)
    bar = 4 * ticks_per_quarter
    bars = max(1, -(-int(onsets.max(initial=0) + 1) // bar))
    meter = np.full(bars, 4, np.int64)
    grid = Bars(np.arange(bars + 1, dtype=np.int64) * bar, meter, meter)
    return Score(ticks_per_quarter, (track,) if len(onsets) else (), np.zeros(1, np.int64), np.array([bpm]), grid)
