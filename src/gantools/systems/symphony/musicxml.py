"""Scores as MusicXML, through music21 where that is installed.

Bars, voices, ties and rests are laid out here: what music21 makes of a MIDI file is rounded to sixteenths and triplets,
its parts have as many bars as they have notes in, and of drums it keeps no pitch.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import DependencyError, InputError
from gantools.files.atomic import atomic_path
from gantools.symbolic.instruments import instrument_name
from gantools.symbolic.mmr.score import DRUMS, LENGTH, ONSET, PITCH, TRACK, GridScore

#: Lengths of one note head, in quarters: dotted ones and triplets too.
_HEADS = [Fraction(top, below) for top, below in ((4, 1), (3, 1), (2, 1), (3, 2), (1, 1), (3, 4), (1, 2), (3, 8))]
_HEADS += [Fraction(1, below) for below in (4, 8, 16)]
_HEADS += [Fraction(2, 3), *(Fraction(1, below) for below in (3, 6, 12, 24))]
#: What is notated: onset and length in units, pitches, none for a rest; tied to the one before, and to the next.
Event = tuple[int, int, tuple[int, ...], bool, bool]


def require_music21() -> Any:
    """Return music21.

    Raises
    ------
    DependencyError
        It is not installed.
    """
    try:
        import music21
    except ImportError as error:
        raise DependencyError("--musicxml needs music21; pip install music21") from error
    return music21


@cache
def heads_of(units: int, grid: int) -> tuple[int, ...]:
    """Return the lengths of as few tied note heads as a length takes, long ones first, all in units of a quarter."""
    lengths = [int(head * grid) for head in _HEADS if (head * grid).denominator == 1]
    fewest: list[tuple[int, ...]] = [()]
    for whole in range(1, units + 1):
        known = [(length, *fewest[whole - length]) for length in lengths if length <= whole]
        # A grid of fives has lengths that no head says: they are written as they are.
        fewest.append(min(known, key=len) if known else (whole,))
    return tuple(sorted(fewest[units], reverse=True))


def voices_of(notes: np.ndarray, start: int, end: int) -> list[list[Event]]:
    """Return the notes of a part within a bar as voices without gaps or overlaps, at least one.

    Parameters
    ----------
    notes : int array (notes, 5)
        All that sound in the bar, as `GridScore` has them.
    start, end : int
        Of the bar, in units.
    """
    chords: dict[tuple[int, int, bool, bool], list[int]] = {}
    for onset, last, pitch in zip(
        notes[:, ONSET].tolist(), (notes[:, ONSET] + notes[:, LENGTH]).tolist(), notes[:, PITCH].tolist(), strict=True
    ):
        chords.setdefault((max(onset, start), min(last, end), onset < start, last > end), []).append(pitch)
    voices: list[list[Event]] = [[]]
    reached = [start]
    for (first, last, before, after), pitches in sorted(chords.items()):
        place = next((number for number, at in enumerate(reached) if at <= first), len(voices))
        if place == len(voices):
            voices.append([])
            reached.append(start)
        if reached[place] < first:
            voices[place].append((reached[place], first - reached[place], (), False, False))
        voices[place].append((first, last - first, tuple(sorted(pitches)), before, after))
        reached[place] = last
    for voice, at in zip(voices, reached, strict=True):
        if at < end:
            voice.append((at, end - at, (), False, False))
    return voices


def write_musicxml(path: Path, score: GridScore, bpm: float = 0.0) -> None:
    """Write a score as MusicXML.

    Parameters
    ----------
    path : Path
    score : GridScore
        No note of a part begins within another one of its pitch.
    bpm : float
        Tempo of the whole piece; 0 takes those of its bars.

    Raises
    ------
    DependencyError
        music21 is not installed.
    InputError
        music21 cannot write it.
    """
    music21 = require_music21()
    with atomic_path(path) as temporary:
        try:
            whole = _Notation(music21, score, bpm).whole(path.stem)
            made = Path(whole.write("musicxml", fp=temporary.with_suffix(".musicxml")))
            made.replace(temporary)
        except music21.exceptions21.Music21Exception as error:
            raise InputError(f"music21 cannot write it as MusicXML ({error})", path) from error


class _Notation:
    """A score on its way into music21's streams."""

    def __init__(self, music21: Any, score: GridScore, bpm: float) -> None:
        self.music21, self.score = music21, score
        self.tempi = np.full(score.bars, bpm) if bpm else score.tempi

    def whole(self, title: str) -> Any:
        whole = self.music21.stream.Score()
        whole.metadata = self.music21.metadata.Metadata(title=title)
        for track in range(len(self.score.programs)):
            notes = self.score.notes[self.score.notes[:, TRACK] == track]
            if len(notes):
                whole.insert(0, self._part(track, notes, first=not len(whole.parts)))
        return whole

    def _part(self, track: int, notes: np.ndarray, first: bool) -> Any:
        stream, score = self.music21.stream, self.score
        part = stream.Part()
        program = int(score.programs[track])
        part.partName = score.names[track] or instrument_name(program)
        part.insert(0, self._instrument(program, part.partName))
        ends = notes[:, ONSET] + notes[:, LENGTH]
        for bar, (start, end) in enumerate(zip(score.edges[:-1].tolist(), score.edges[1:].tolist(), strict=True)):
            measure = stream.Measure(number=bar + 1)
            if not bar or (score.meters[bar] != score.meters[bar - 1]).any():
                measure.timeSignature = self.music21.meter.TimeSignature("/".join(map(str, score.meters[bar].tolist())))
            if first and (not bar or abs(self.tempi[bar] - self.tempi[bar - 1]) > 1e-6 * self.tempi[bar]):
                measure.insert(0, self.music21.tempo.MetronomeMark(number=round(float(self.tempi[bar]), 2)))
            voices = voices_of(notes[(notes[:, ONSET] < end) & (ends > start)], start, end)
            for number, voice in enumerate(voices, start=1):
                target = stream.Voice(id=str(number)) if len(voices) > 1 else measure
                for event in voice:
                    self._notate(target, event, start)
                if target is not measure:
                    measure.insert(0, target)
            part.insert(Fraction(start, score.grid), measure)
        return part

    def _instrument(self, program: int, name: str) -> Any:
        kinds = self.music21.instrument
        found = kinds.Percussion() if program == DRUMS else kinds.Instrument()
        found.midiProgram = program % DRUMS
        if program == DRUMS:
            found.midiChannel = 9  # where a pitch is a drum
        found.partName = found.instrumentName = name
        return found

    def _notate(self, target: Any, event: Event, start: int) -> None:
        """Put a chord or a rest into a measure or voice, as tied heads where its length takes several."""
        note, grid = self.music21.note, self.score.grid
        onset, length, pitches, before, after = event
        heads = heads_of(length, grid)
        for number, head in enumerate(heads):
            made = self._sounding(pitches) if pitches else note.Rest()
            made.quarterLength = Fraction(head, grid)
            stops, goes_on = before or number > 0, after or number < len(heads) - 1
            if pitches and (stops or goes_on):
                kind = "continue" if stops and goes_on else "stop" if stops else "start"
                made.tie = self.music21.tie.Tie(kind)
            target.insert(Fraction(onset - start, grid), made)
            onset += head

    def _sounding(self, pitches: Iterable[int]) -> Any:
        made = [self.music21.note.Note(midi=pitch) for pitch in pitches]
        return made[0] if len(made) == 1 else self.music21.chord.Chord(made)
