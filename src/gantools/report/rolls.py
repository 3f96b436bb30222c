"""Pieces of notes in a report: some bars as a piano roll, and their sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.errors import InputError
from gantools.report.pianorolls import bars_of, score_picture
from gantools.symbolic.config import SoundConfig
from gantools.symbolic.midi import read_midi
from gantools.symbolic.mmr.score import on_grid, to_midi
from gantools.symbolic.rendering import render
from gantools.symbolic.roll import DRUM_ROWS, STEPS_PER_QUARTER, Roll, drums_and_bass, score_of
from gantools.symbolic.score import Score

EXCERPT_BARS = 8
_GRID = 24
_PAPER, _DRUM_PAPER, _BAR_LINE = (255, 255, 255), (255, 244, 230), 28
_HELD, _STRUCK = (150, 160, 175), (29, 33, 37)
#: Pixels of a cell: pictures are drawn without smoothing, and a page stretches them.
_ACROSS, _UP = 4, 3


@dataclass(frozen=True, eq=False)
class NotesExcerpt:
    """Some bars of a piece.

    Attributes
    ----------
    first_bar : int
        From 1.
    picture : uint8 array (height, width, 3)
    wave : float32 array (2, samples)
        At `rate_hz`.
    """

    first_bar: int
    picture: np.ndarray
    wave: np.ndarray


def roll_picture(roll: Roll) -> np.ndarray:
    """Return a roll of drums and bass as an RGB picture, uint8 (height, width, 3).

    The bass is above, the drums are below on another ground; what begins is darker than what is held.
    """
    picture = np.full((*roll.sounding.T.shape, 3), _PAPER, np.uint8)
    picture[:DRUM_ROWS] = _DRUM_PAPER
    picture[:, roll.edges[:-1]] -= np.uint8(_BAR_LINE)
    picture[roll.sounding.T] = _HELD
    picture[roll.onsets.T] = _STRUCK
    return np.repeat(np.repeat(picture[::-1], _UP, axis=0), _ACROSS, axis=1)


def notes_excerpt(path: Path, rate_hz: int) -> NotesExcerpt:
    """Return the eight bars of a MIDI file in which most is played: of drums and bass, or of all parts without these.

    Raises
    ------
    InputError
        It cannot be read.
    """
    score = read_midi(path)
    try:
        roll = drums_and_bass(score)
    except InputError:
        return _of_all_parts(score, rate_hz)
    bars = min(EXCERPT_BARS, len(roll))
    counts = np.add.reduceat(roll.onsets.sum(axis=1), roll.edges[:-1])
    first = int(np.convolve(counts, np.ones(bars, int), "valid").argmax())
    part = roll.window(first, bars)
    return NotesExcerpt(first + 1, roll_picture(part), _sound(part, score.bpm, rate_hz))


def _of_all_parts(score: Score, rate_hz: int) -> NotesExcerpt:
    whole = on_grid(score, _GRID)
    part, first = bars_of(whole, EXCERPT_BARS)
    return NotesExcerpt(first + 1, score_picture(part), render(to_midi(part), SoundConfig(), rate_hz=rate_hz))


def _sound(roll: Roll, bpm: float, rate_hz: int) -> np.ndarray:
    seconds = int(roll.edges[-1]) / STEPS_PER_QUARTER * 60 / bpm
    return render(score_of(roll, bpm), SoundConfig(), rate_hz=rate_hz, loop_seconds=seconds)
