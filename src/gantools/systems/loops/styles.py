"""Loops of drums and bass made by rules, in the manner of a dozen styles: more to learn from where pieces are few.

A loop has a rhythm of one or two bars for its drums, a bass line of one rhythm over a progression of one, two or four
bars, and what players add: fills, crashes, ghost notes, hats that open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS, BASS_PITCHES, DRUM_ROWS, PITCHES

_KICK, _SNARE, _CLOSED, _LOW, _OPEN, _MID, _CRASH, _HIGH, _RIDE = range(DRUM_ROWS)
_TOMS = (_HIGH, _MID, _LOW)
_FOUR = "x...x...x...x..."
_BACKBEAT = "....x.......x..."
_EIGHTHS, _SIXTEENTHS, _QUARTERS, _OFFBEATS = "x.x.x.x.x.x.x.x.", "x" * 16, "x...x...x...x...", "..x...x...x...x."
#: Degrees of scales in semitones, and of progressions in steps of the scale.
_SCALES = {
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
_PROGRESSIONS = (
    (0,),
    (0,),
    (0,),
    (0, 5),
    (0, 3),
    (0, 6),
    (0, 5, 3, 4),
    (0, 3, 5, 4),
    (0, 5, 2, 6),
    (0, 0, 3, 4),
    (0, 6, 5, 4),
)


@dataclass(frozen=True)
class Style:
    """What is typical of a style: rhythms of a bar in sixteenths, ``x`` where there is a hit.

    Attributes
    ----------
    kick, snare, hat, bass : sequence of str
        Rhythms to choose from.
    hats : sequence of int
        Drums that may play the rhythm of the hat.
    opened : sequence of str
        Rhythms of the open hi-hat, which silences the hat where it plays.
    length : (int, int)
        Least and greatest sixteenths of a bass note, which ends earlier where the next begins.
    octaves : float
        Share of bass notes that leap by an octave.
    moving : float
        Share of bass notes on other degrees than the root.
    ghosts : float
        Soft hits of the snare in a bar, on average.
    scales : sequence of str
    """

    kick: Sequence[str]
    snare: Sequence[str]
    hat: Sequence[str]
    bass: Sequence[str]
    hats: Sequence[int] = (_CLOSED,)
    opened: Sequence[str] = ("",)
    length: tuple[int, int] = (1, 4)
    octaves: float = 0.1
    moving: float = 0.25
    ghosts: float = 0.0
    scales: Sequence[str] = ("minor", "dorian")


STYLES = {
    "house": Style(
        (_FOUR, _FOUR, "x...x...x...x.x."),
        (_BACKBEAT, _BACKBEAT, "....x.......x..x"),
        (_SIXTEENTHS, _EIGHTHS, "x.xxx.xxx.xxx.xx", "..x...x...x...x."),
        ("..x...x...x...x.", "..xx..x...xx..x.", "x..x..x.x..x..x.", "..x..x....x..x.."),
        opened=(_OFFBEATS, _OFFBEATS, ""),
        octaves=0.15,
    ),
    "techno": Style(
        (_FOUR,),
        ("", "....x.......x...", "............x...", "...x......x....."),
        (_OFFBEATS, _SIXTEENTHS, "..xx..xx..xx..xx"),
        (".xxx.xxx.xxx.xxx", "..x...x...x...x.", ".x.x.x.x.x.x.x.x", "x..x..x..x..x..x"),
        hats=(_CLOSED, _RIDE),
        opened=("", _OFFBEATS),
        length=(1, 1),
        moving=0.1,
        scales=("minor", "phrygian"),
    ),
    "boom bap": Style(
        ("x......x..x.....", "x.x.......x.....", "x......xx.......", "x..x......x..x.."),
        (_BACKBEAT, _BACKBEAT, "....x..x....x..."),
        (_EIGHTHS, _EIGHTHS, "x.x.x.xxx.x.x.x."),
        ("x......x..x.....", "x..x..x.........", "x.....x...x...x.", "x.x.......x..x.."),
        length=(2, 6),
        ghosts=0.6,
        scales=("minor", "dorian", "dorian"),
    ),
    "trap": Style(
        ("x......x..x.....", "x.....x.........", "x..x......x.....", "x.........x..x.."),
        ("........x.......",),
        (_EIGHTHS, _SIXTEENTHS, "x.x.x.xxx.x.xxxx", "x.x.xxxxx.x.x.x."),
        ("x......x..x.....", "x.....x.........", "x.........x..x..", "x..............."),
        length=(4, 14),
        opened=("", "", "......x........."),
        scales=("minor", "phrygian"),
    ),
    "drum and bass": Style(
        ("x.........x.....", "x.x.......x.....", "x.....x...x....."),
        (_BACKBEAT, "....x..x.x..x...", "....x....x..x..."),
        (_EIGHTHS, "x.xxx.x.x.xxx.x.", _QUARTERS),
        ("x.....x.........", "x..x..x...x..x..", "x.........x.....", "xx.x..x.x..x..x."),
        hats=(_CLOSED, _RIDE),
        length=(2, 8),
        ghosts=0.8,
    ),
    "funk": Style(
        ("x.x.......xx....", "x..x..x...x.....", "x.....xx..x..x..", "xx.x......x....."),
        (_BACKBEAT, "....x..x.x..x..x", "....x..x....x..."),
        (_SIXTEENTHS, _EIGHTHS, "x.xxx.x.x.xxx.x."),
        ("x.xx..x...xx.x..", "x..x..xx.x..x.x.", "xx....x.x..x..x.", "x.x...xxx.x...xx"),
        opened=("", "......x.........", "..............x."),
        length=(1, 3),
        octaves=0.3,
        moving=0.4,
        ghosts=1.2,
        scales=("dorian", "minor", "major"),
    ),
    "rock": Style(
        ("x.....x.x.......", "x.......x.x.....", "x..x..x.x.......", "x.x.....x.x....."),
        (_BACKBEAT,),
        (_EIGHTHS, _EIGHTHS, _QUARTERS),
        (_EIGHTHS, _EIGHTHS, "x.....x.x.......", "x..x..x.x..x..x.", _QUARTERS),
        hats=(_CLOSED, _CLOSED, _RIDE, _OPEN, _CRASH),
        length=(2, 4),
        moving=0.12,
        octaves=0.03,
        scales=("minor", "major"),
    ),
    "metal": Style(
        (_SIXTEENTHS, _EIGHTHS, "xxx.xxx.xxx.xxx.", "x.xxx.xxx.xxx.xx", "x..x..x..x..x.x."),
        (_BACKBEAT, "........x.......", "..x...x...x...x."),
        (_QUARTERS, _EIGHTHS),
        (_SIXTEENTHS, "xxx.xxx.xxx.xxx.", "x.xxx.xxx.xxx.xx", _EIGHTHS, "x..x..x..x..x.x."),
        hats=(_CLOSED, _RIDE, _OPEN, _CRASH),
        length=(1, 2),
        moving=0.15,
        octaves=0.02,
        scales=("minor", "phrygian"),
    ),
    "disco": Style(
        (_FOUR,),
        (_BACKBEAT,),
        (_SIXTEENTHS, "x.xxx.xxx.xxx.xx"),
        (_EIGHTHS, "x.xxx.xxx.xxx.xx", "..x...x...x...x."),
        opened=(_OFFBEATS,),
        length=(1, 2),
        octaves=0.5,
        moving=0.2,
        scales=("minor", "dorian", "major"),
    ),
    "dembow": Style(
        (_FOUR, "x.......x......."),
        ("...x..x....x..x.",),
        (_EIGHTHS, _SIXTEENTHS, _OFFBEATS),
        ("x.....x.x.....x.", "x..x..x.x..x..x.", "x.......x......."),
        length=(2, 6),
    ),
    "one drop": Style(
        ("........x.......", "x.......x......."),
        ("........x.......",),
        (_EIGHTHS, "..x...x...x...x."),
        ("x..x..x.....x...", "..x.x.x...x.x...", "x.....x.x..x...."),
        length=(2, 4),
        moving=0.5,
        scales=("minor", "major"),
    ),
    "garage": Style(
        ("x.........x.....", "x..x......x.....", "x.....x...x....."),
        (_BACKBEAT, "....x.......x..x"),
        ("..x..xx...x..xx.", "x.xxx.xxx.xxx.xx", _OFFBEATS),
        ("x..x..x...x.....", "...x..x....x..x.", "x.....x..x..x..."),
        opened=("", "..x.......x....."),
        length=(1, 3),
        octaves=0.2,
    ),
    "half time": Style(
        ("x...............", "x.........x.....", "x.....x........."),
        ("........x.......",),
        (_QUARTERS, _EIGHTHS),
        ("x...............", "x.......x.......", "x.....x...x....."),
        hats=(_CLOSED, _RIDE, _CRASH),
        length=(4, 16),
        scales=("minor", "major"),
    ),
}


def draw_styled(count: int, bars: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return loops made by rules, two bool arrays (count, 16 bars, 57): what sounds and what begins.

    Parameters
    ----------
    count : int
        More of them change none of the others.
    bars : int
    seed : int
    """
    sounding, onsets = (np.zeros((count, bars * BAR_STEPS, PITCHES), bool) for _ in range(2))
    styles = list(STYLES.values())
    for index in range(count):
        random = np.random.default_rng(item_seed(seed, "pattern", index))
        style = styles[int(random.integers(len(styles)))]
        drums = _drums(style, bars, random)
        sounding[index, :, :DRUM_ROWS] = onsets[index, :, :DRUM_ROWS] = drums
        sounding[index, :, DRUM_ROWS:], onsets[index, :, DRUM_ROWS:] = _bass(style, bars, random)
    return sounding, onsets


def _hits(rhythm: str) -> np.ndarray:
    return np.array([letter == "x" for letter in rhythm.ljust(BAR_STEPS, ".")])


def _pick(rhythms: Sequence[str], random: np.random.Generator) -> np.ndarray:
    return _hits(rhythms[int(random.integers(len(rhythms)))])


def _drums(style: Style, bars: int, random: np.random.Generator) -> np.ndarray:
    """Return the hits of the drums, bool (steps, 9)."""
    hat = int(random.choice(style.hats))
    one = _drum_bar(style, hat, random)
    # Often the second bar answers the first with another kick.
    other = one.copy()
    if random.random() < 0.5:
        other[:, _KICK] = _pick(style.kick, random)
    if random.random() < 0.3:
        other[:, _SNARE] = _pick(style.snare, random)
    made = np.stack([one if bar % 2 == 0 else other for bar in range(bars)])
    if random.random() < 0.3:
        made[0, 0, _CRASH] = True
    every = int(random.choice([4, 8]))
    if random.random() < 0.4:
        fill = _fill(random)
        for bar in range(every - 1, bars, every):
            _play_fill(made[bar], fill)
    return made.reshape(-1, DRUM_ROWS)


def _drum_bar(style: Style, hat: int, random: np.random.Generator) -> np.ndarray:
    bar = np.zeros((BAR_STEPS, DRUM_ROWS), bool)
    bar[:, _KICK], bar[:, _SNARE] = _pick(style.kick, random), _pick(style.snare, random)
    if random.random() < 0.92:
        bar[:, hat] = _pick(style.hat, random)
    opened = _pick(style.opened, random)
    bar[opened, hat], bar[:, _OPEN] = False, bar[:, _OPEN] | opened
    bar[:, _SNARE] |= (random.random(BAR_STEPS) < style.ghosts / BAR_STEPS) & (np.arange(BAR_STEPS) % 2 == 1)
    return bar


def _fill(random: np.random.Generator) -> np.ndarray:
    """Return the last half, quarter or eighth of a bar that is filled, bool (steps, 9)."""
    length = int(random.choice([2, 4, 4, 8]))
    made = np.zeros((length, DRUM_ROWS), bool)
    if random.random() < 0.4:
        made[random.random(length) < 0.8, _SNARE] = True
    else:
        # Down the toms.
        drums = np.array((_SNARE, *_TOMS))[np.sort(random.integers(0, 4, length))]
        struck = random.random(length) < 0.85
        made[np.flatnonzero(struck), drums[struck]] = True
    return made


def _play_fill(bar: np.ndarray, fill: np.ndarray) -> None:
    bar[-len(fill) :, [_SNARE, *_TOMS, _CLOSED, _OPEN, _RIDE]] = False
    bar[-len(fill) :] |= fill


def _bass(style: Style, bars: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return what sounds and what begins of the bass, two bool arrays (steps, 48)."""
    scale = _SCALES[str(random.choice(style.scales))]
    roots = _PROGRESSIONS[int(random.integers(len(_PROGRESSIONS)))]
    lowest = int(random.integers(2, 15))  # D1 to D2 and a half
    one = _bass_bar(style, random)
    other = _bass_bar(style, random) if random.random() < 0.35 else one
    per_chord = 2 if len(roots) == 2 and random.random() < 0.5 else 1
    sounding, onsets = (np.zeros((bars * BAR_STEPS, BASS_PITCHES), bool) for _ in range(2))
    notes = []
    for bar in range(bars):
        degree = roots[bar // per_chord % len(roots)]
        for step, change, octave, length in other if bar % 2 else one:
            pitch = lowest + _pitch(scale, degree + change) + 12 * octave
            notes.append((bar * BAR_STEPS + step, min(max(pitch, 0), BASS_PITCHES - 1), length))
    for index, (start, pitch, length) in enumerate(notes):
        stop = notes[index + 1][0] if index + 1 < len(notes) else len(sounding)
        sounding[start : min(stop, start + length), pitch] = True
        onsets[start, pitch] = True
    return sounding, onsets


def _pitch(scale: Sequence[int], degree: int) -> int:
    """Return semitones above the tonic; degrees above the fourth lie below it, so that roots stay together."""
    octave, step = divmod(degree, len(scale))
    return scale[step] + 12 * octave - (12 if step > 4 and octave == 0 else 0)


def _bass_bar(style: Style, random: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """Return the notes of a bar: step, degrees above the root, octaves up, and greatest length."""
    length = int(random.integers(style.length[0], style.length[1] + 1))
    notes: list[tuple[int, int, int, int]] = []
    for step in np.flatnonzero(_pick(style.bass, random)).tolist():
        change = int(random.choice([4, 4, 2, 6, 1, -1])) if notes and random.random() < style.moving else 0
        octave = int(random.random() < style.octaves and bool(notes))
        notes.append((step, change, octave, length))
    return notes
