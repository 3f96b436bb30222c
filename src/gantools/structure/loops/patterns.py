"""Loops of drums and bass that a generator plays: as many as one likes of any number of bars, each from its seed.

They are no music to listen to, but they repeat as loops do: a beat of one or two bars, a bass line over one, two, four
or eight bars, small changes, a fill at the end of a section, a crash at its start. What learns from loops gets variety
from them that few pieces have, such as loops of sixteen bars.
"""

from __future__ import annotations

import numpy as np

from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS, BASS_PITCHES, DRUM_ROWS, DRUMS, PITCHES

_KICK, _SNARE, _CLOSED, _OPEN, _CRASH, _RIDE = (DRUMS.index(note) for note in (35, 38, 42, 46, 49, 51))
_TOMS = tuple(DRUMS.index(note) for note in (50, 48, 45))
#: Steps of kicks and snares in a bar.
_KICKS = (
    (0, 4, 8, 12),
    (0, 8),
    (0, 10),
    (0, 6, 8),
    (0, 3, 8, 11),
    (0, 7, 10),
    (0, 2, 8, 10),
    (0, 8, 9, 14),
    (0, 5, 10),
)
_SNARES = ((4, 12), (8,), (4, 12, 15), (4, 7, 12), (4, 11), ())
#: Steps between the strokes of a hi-hat or ride.
_HAT_STEPS = (1, 2, 2, 2, 4)
#: Major and minor scale, of which the bass takes roots and passing notes.
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
#: Bars after which a bass line begins again, and how often.
_PERIODS, _PERIOD_SHARES = (1, 2, 4, 8), (0.2, 0.3, 0.4, 0.1)
_FILL_SHARE, _CRASH_SHARE, _FLIPS_PER_BAR = 0.4, 0.3, 0.15
_FIRST_OCTAVE, _LAST_OCTAVE = 4, 24


def draw_patterns(count: int, bars: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return generated loops.

    Parameters
    ----------
    count : int
    bars : int
        Of each loop, 2 and more.
    seed : int
        Loop i depends on `seed`, `bars` and i alone.

    Returns
    -------
    sounding, onsets : bool arrays (count, 16 bars, 57)
    """
    sounding = np.zeros((count, bars * BAR_STEPS, PITCHES), bool)
    onsets = np.zeros_like(sounding)
    for index in range(count):
        random = np.random.default_rng(item_seed(seed, "pattern", bars, index))
        _play_drums(sounding[index], bars, random)
        onsets[index] = sounding[index]
        _play_bass(sounding[index, :, DRUM_ROWS:], onsets[index, :, DRUM_ROWS:], bars, random)
    return sounding, onsets


def _period(bars: int, random: np.random.Generator) -> int:
    """Return after how many bars a line begins again: at most half of the loop, so that it is heard twice."""
    return min(int(random.choice(_PERIODS, p=_PERIOD_SHARES)), bars // 2)


def _play_drums(roll: np.ndarray, bars: int, random: np.random.Generator) -> None:
    """Enter a beat into (steps, 57): a bar or two that repeat, fills, a crash, and slips of the hand."""
    beats = [_beat(random) for _ in range(int(random.choice([1, 1, 2])))]
    if len(beats) == 2 and random.random() < 0.7:
        # The second bar answers the first one: the same but for its kicks.
        beats[1] = beats[0].copy()
        beats[1][:, _KICK] = _beat(random)[:, _KICK]
    section = int(random.choice([bars, bars, 4 if bars >= 8 else bars, 8 if bars >= 16 else bars]))
    fill = _fill(random) if random.random() < _FILL_SHARE else None
    crash = random.random() < _CRASH_SHARE
    for bar in range(bars):
        cells = roll[bar * BAR_STEPS : (bar + 1) * BAR_STEPS]
        cells[:, :DRUM_ROWS] = beats[bar % len(beats)]
        if fill is not None and bar % section == section - 1:
            start, hits = fill
            cells[start:, :DRUM_ROWS] = hits[start:]
        if crash and bar % section == 0:
            cells[0, _CRASH] = True
            cells[0, [_CLOSED, _RIDE]] = False
        used = np.flatnonzero(cells[:, :DRUM_ROWS].any(axis=0))
        for _ in range(int(random.poisson(_FLIPS_PER_BAR)) if len(used) else 0):
            step, row = int(random.integers(BAR_STEPS)), int(random.choice(used))
            cells[step, row] ^= True


def _beat(random: np.random.Generator) -> np.ndarray:
    """Return a bar of drums, bool (16, 9)."""
    cells = np.zeros((BAR_STEPS, DRUM_ROWS), bool)
    cells[list(_KICKS[random.integers(len(_KICKS))]), _KICK] = True
    cells[list(_SNARES[random.integers(len(_SNARES))]), _SNARE] = True
    every = int(random.choice(_HAT_STEPS))
    cymbal = _RIDE if random.random() < 0.2 else _CLOSED
    cells[int(random.choice([0, 0, every // 2])) :: every, cymbal] = True
    if random.random() < 0.3:
        at = int(random.choice([2, 6, 10, 14]))
        cells[at, _OPEN], cells[at, cymbal] = True, False
    return cells


def _fill(random: np.random.Generator) -> tuple[int, np.ndarray]:
    """Return from which step a bar is filled, and the hits of the whole bar, bool (16, 9)."""
    hits = np.zeros((BAR_STEPS, DRUM_ROWS), bool)
    start = int(random.choice([8, 12, 12, 14]))
    drums = (_SNARE, *_TOMS)
    for step in range(start, BAR_STEPS):
        if random.random() < 0.75:
            hits[step, drums[min(len(drums) - 1, (step - start) * len(drums) // (BAR_STEPS - start))]] = True
    return start, hits


def _play_bass(sounding: np.ndarray, onsets: np.ndarray, bars: int, random: np.random.Generator) -> None:
    """Enter a bass line into planes (steps, 48): a rhythm on the degrees of a progression."""
    period = _period(bars, random)
    scale, home = _SCALES[random.integers(2)], int(random.integers(_FIRST_OCTAVE, _LAST_OCTAVE))
    degrees = [0, *(int(random.integers(7)) for _ in range(period - 1))]
    rhythms = [_rhythm(random) for _ in range(1 if random.random() < 0.6 else period)]
    turn = _rhythm(random) if random.random() < _FILL_SHARE / 2 else None
    steady = random.random() < 0.4
    steps_of_notes = [[0 if steady else int(random.choice([0, 0, 0, 2, 4])) for _ in range(BAR_STEPS)] for _ in rhythms]
    for bar in range(bars):
        place = bar % period
        rhythm, moves = rhythms[place % len(rhythms)], steps_of_notes[place % len(rhythms)]
        if turn is not None and bar == bars - 1:
            rhythm = turn
        for number, (start, stop) in enumerate(rhythm):
            degree = degrees[place] + (moves[number] if number else 0)
            pitch = home + scale[degree % 7] + 12 * (degree // 7)
            row = min(pitch, BASS_PITCHES - 1 - (BASS_PITCHES - 1 - pitch) % 12) if pitch >= BASS_PITCHES else pitch
            sounding[bar * BAR_STEPS + start : bar * BAR_STEPS + stop, row] = True
            onsets[bar * BAR_STEPS + start, row] = True


def _rhythm(random: np.random.Generator) -> list[tuple[int, int]]:
    """Return where the two to eight notes of a bar begin and end, in steps."""
    count = int(random.integers(2, 9))
    weights = np.tile([4.0, 1.0, 2.0, 1.0], 4)
    later = random.choice(np.arange(1, BAR_STEPS), count - 1, replace=False, p=weights[1:] / weights[1:].sum())
    starts = np.sort(np.append(0 if random.random() < 0.85 else 2, later))
    starts = np.unique(starts)
    ends = np.append(starts[1:], BAR_STEPS)
    held = random.random() < 0.5
    return [(int(a), int(b) if held else int(min(b, a + 2))) for a, b in zip(starts, ends, strict=True)]
