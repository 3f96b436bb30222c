"""A loop as it is played: tempo, swing and accents, as notes, as a MIDI file and as sound."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from gantools.symbolic.midi import LOOP_END, LOOP_START, TICKS_PER_QUARTER, write_midi
from gantools.symbolic.roll import BAR_STEPS, STEPS_PER_QUARTER, Roll, score_of
from gantools.symbolic.score import Score

_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER
#: Velocity on the beat, on the eighths between, and on the sixteenths between these, by General MIDI's drum; others,
#: and the bass, have the last line.
_ACCENTS = {
    35: (104, 98, 88),
    38: (100, 88, 62),
    42: (86, 72, 58),
    46: (84, 86, 74),
    51: (86, 76, 64),
    49: (98, 98, 98),
}
_OTHER_ACCENTS = (94, 88, 82)


def play(sounding: np.ndarray, onsets: np.ndarray, bpm: float, swing: float = 50.0, repeat: int = 1) -> Score:
    """Return a loop as notes.

    Parameters
    ----------
    sounding, onsets : bool arrays (steps, 57)
        Of whole bars.
    bpm : float
    swing : float
        Percentage at which every second sixteenth stands between its neighbours, 50 to 74.
    repeat : int
        Times that it is played.

    Returns
    -------
    Score
        Two parts in 4/4, with velocities that follow the beat.
    """
    sounding, onsets = (np.tile(plane, (repeat, 1)) for plane in (sounding, onsets))
    score = score_of(
        Roll(sounding, onsets, np.arange(0, len(sounding) + 1, BAR_STEPS)), bpm, ticks_per_quarter=TICKS_PER_QUARTER
    )
    tracks = []
    for track in score.tracks:
        steps = track.onsets // _STEP
        levels = np.array([_accents(int(pitch), track.is_drum) for pitch in track.pitches])
        velocities = levels[np.arange(len(steps)), np.array([0, 2, 1, 2])[steps % 4]]
        begins, ends = (_swung(ticks, swing) for ticks in (track.onsets, track.onsets + track.lengths))
        tracks.append(dataclasses.replace(track, onsets=begins, lengths=ends - begins, velocities=velocities))
    return dataclasses.replace(score, tracks=tuple(tracks))


def _accents(pitch: int, is_drum: bool) -> tuple[int, int, int]:
    return _ACCENTS.get(pitch, _OTHER_ACCENTS) if is_drum else _OTHER_ACCENTS


def _swung(ticks: np.ndarray, swing: float) -> np.ndarray:
    """Return ticks with every second sixteenth moved to its place; the grid is that of whole sixteenths."""
    late = round(2 * _STEP * (swing - 50) / 100)
    return ticks + late * (ticks // _STEP % 2)


def loop_seconds(bars: int, bpm: float) -> float:
    """Return how long a loop of 4/4 is, exactly."""
    return bars * 4 * 60 / bpm


def write_loop(path: Path, score: Score) -> None:
    """Write a loop as a MIDI file with markers around it, as samplers and game engines read them."""
    write_midi(path, score, [(0, LOOP_START), (int(score.bars.edges[-1]), LOOP_END)])
