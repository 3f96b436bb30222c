"""Scores of a bar or more for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gantools.symbolic.score import Bars, Score, Track


def part(
    onsets: Sequence[int],
    pitches: Sequence[int],
    *,
    program: int | None = None,
    length: int = 120,
    velocity: int = 100,
    name: str = "",
) -> Track:
    """Return a part: drums, or with a program a pitched one."""
    count = len(onsets)
    columns = np.array(onsets), np.full(count, length), np.array(pitches), np.full(count, velocity)
    return Track(name, program or 0, program is None, *columns)


def score_with(*tracks: Track, bpm: float = 120.0, bars: int = 1) -> Score:
    """Return a score in 4/4 with 480 ticks a quarter."""
    four = np.full(bars, 4)
    return Score(480, tracks, np.zeros(1, int), np.array([bpm]), Bars(np.arange(bars + 1) * 1920, four, four))
