"""Chords of bars: which of 132 chords the notes of a bar are nearest to, and the names that people write."""

from __future__ import annotations

import re

import numpy as np

from gantools.errors import ConfigError

#: Quality -> semitones above the root; SymphonyNet's eleven, in the order of their numbers.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
}
ROOTS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
#: Number of the chord that is none: a silent bar, or one whose notes make no chord.
NO_CHORD = 12 * len(QUALITIES)
CHORDS = NO_CHORD + 1
#: Least cosine between the notes of a bar and a chord that they are said to make.
LEAST_LIKENESS = 0.6
_BASS_BONUS = 0.02
_OTHER_NAMES = {
    **{"maj": "", "major": "", "min": "m", "minor": "m", "-": "m", "M7": "maj7", "min7": "m7", "-7": "m7"},
    **{"o": "dim", "o7": "dim7", "/o7": "m7b5", "+": "aug", "sus": "sus4", "dom7": "7"},
}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def _templates() -> np.ndarray:
    """Return the pitch classes of each chord, float64 (132, 12), each of norm 1."""
    table = np.zeros((NO_CHORD, 12))
    for number, steps in enumerate(QUALITIES.values()):
        for root in range(12):
            table[12 * number + root, [(root + step) % 12 for step in steps]] = len(steps) ** -0.5
    return table


TEMPLATES = _templates()


def chord_name(chord: int) -> str:
    """Return the name of a chord by its number: ``C``, ``Am``, ``Bbmaj7``, ``N``."""
    return "N" if chord == NO_CHORD else ROOTS[chord % 12] + list(QUALITIES)[chord // 12]


def chord_classes(chord: int) -> list[int]:
    """Return the pitch classes of a chord, none for `NO_CHORD`."""
    return [] if chord == NO_CHORD else np.flatnonzero(TEMPLATES[chord]).tolist()


def parse_chords(text: str) -> list[int]:
    """Return the numbers of chords written as ``C Am F G``, apart by spaces, commas or bars.

    Raises
    ------
    ConfigError
        One of them is no chord that there is.
    """
    words = [word for word in re.split(r"[\s,|]+", text) if word]
    if not words:
        raise ConfigError("names no chord; write for example C Am F G")
    return [_chord(word) for word in words]


def _chord(word: str) -> int:
    if word in ("N", "N.C.", "NC"):
        return NO_CHORD
    if match := re.fullmatch(r"([A-Ga-g])([#b♯♭]?)(.*)", word):
        quality = _OTHER_NAMES.get(match[3], match[3])
        if quality in QUALITIES:
            root = _LETTERS[match[1].upper()] + {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[match[2]]
            return 12 * list(QUALITIES).index(quality) + root % 12
    known = " ".join(f"C{name}" for name in QUALITIES)
    raise ConfigError(f"{word!r} is no chord that is known; write {known}, with any root, or N for none")


def transposed(chords: np.ndarray, semitones: int) -> np.ndarray:
    """Return chords so many semitones higher; no chord stays none."""
    moved = chords - chords % 12 + (chords + semitones) % 12
    return np.where(chords == NO_CHORD, NO_CHORD, moved)


def chords_of_bars(onsets: np.ndarray, lengths: np.ndarray, pitches: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the chord of each bar.

    Parameters
    ----------
    onsets, lengths, pitches : int arrays (notes,)
        Of pitched parts alone.
    edges : int array (bars + 1,)
        Where bars begin, and where the last one ends.

    Returns
    -------
    int64 array (bars,)

    Notes
    -----
    The chroma of a bar has how long each pitch class sounds in it, over all notes, also those held into it. The chord
    is the binary template of the largest cosine, or none where that is below 0.6. A root that is also the lowest note
    decides between chords of equal notes, such as Csus2 and Gsus4; moving all notes thus moves all chords. The
    paper's program looks at the notes that begin in the first quarter alone.
    """
    bars = len(edges) - 1
    ends = np.minimum(onsets + lengths, edges[-1])
    first = np.searchsorted(edges, onsets, side="right") - 1
    last = np.maximum(np.searchsorted(edges, ends, side="left") - 1, first)
    spans = last - first + 1
    note = np.repeat(np.arange(len(onsets)), spans)
    bar = first[note] + np.arange(len(note)) - np.repeat(np.cumsum(spans) - spans, spans)
    inside = (bar >= 0) & (bar < bars)
    note, bar = note[inside], bar[inside]
    sounds = np.minimum(ends[note], edges[bar + 1]) - np.maximum(onsets[note], edges[bar])
    weights = np.maximum(sounds, 0).astype(float)
    chroma = np.bincount(bar * 12 + pitches[note] % 12, weights=weights, minlength=12 * bars).reshape(bars, 12)
    lowest = np.full(bars, 1 << 20)
    np.minimum.at(lowest, bar, pitches[note])
    norms = np.linalg.norm(chroma, axis=1, keepdims=True)
    likeness = chroma / np.maximum(norms, 1e-9) @ TEMPLATES.T
    bonus = np.where(np.arange(NO_CHORD) % 12 == (lowest % 12)[:, None], _BASS_BONUS, 0.0)
    best = (likeness + bonus).argmax(1)
    found = likeness[np.arange(bars), best] >= LEAST_LIKENESS
    return np.where(found, best, NO_CHORD).astype(np.int64)


def chord_tone_share(
    onsets: np.ndarray, lengths: np.ndarray, pitches: np.ndarray, edges: np.ndarray, chords: np.ndarray
) -> float:
    """Return which share of the notes, by how long they sound in the bar they begin in, belongs to the bar's chord.

    Parameters
    ----------
    onsets, lengths, pitches : int arrays (notes,)
        Of pitched parts alone.
    edges : int array (bars + 1,)
        Where bars begin, and where the last one ends.
    chords : int array (bars,)
        Where a bar has no chord, none of its notes belongs to it.

    Returns
    -------
    float
        NaN without notes.
    """
    tones = np.zeros((len(chords), 12), bool)
    for number, chord in enumerate(chords.tolist()):
        tones[number, chord_classes(chord)] = True
    bar = np.searchsorted(edges, onsets, side="right") - 1
    within = np.minimum(lengths, edges[bar + 1] - onsets)
    return float(within[tones[bar, pitches % 12]].sum() / within.sum()) if len(onsets) else float("nan")
