"""The words of rows: fixed by a few options and not by the data, so that a model reads any other music too."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gantools.symbolic.chords import CHORDS
from gantools.symbolic.mmr.score import BAR_QUARTERS, DRUMS, MOST_TRACKS, NOTE_QUARTERS

#: Columns of a row.
EVENT, DURATION, TRACK, INSTRUMENT, VELOCITY = range(5)
FIELDS = ("event", "duration", "track", "instrument", "velocity")
#: Events that every vocabulary begins with: nothing, beginning and end of a piece, and a new track within a bar.
PAD, BOS, EOS, NEW_TRACK = range(4)
PITCHES = 128
#: Meters that have a word of their own; a bar of another one, or one that is cut short, is told by its length.
METERS = tuple(
    (numerator, denominator)
    for denominator, most in ((1, 3), (2, 6), (4, 12), (8, 24), (16, 19))
    for numerator in range(1, most + 1)
)
TEMPI = 32
_SLOWEST, _FASTEST = 24.0, 400.0
VELOCITIES = 8
_UNSAID_VELOCITY = 90


@dataclass(frozen=True)
class Vocabulary:
    """What rows can say.

    Attributes
    ----------
    grid : int
        Units of a quarter.
    merges : int
        How many merges of pitches have a word.
    held : bool
        Whether a note of more than four quarters is a chain of rows that hold it; otherwise it is struck again, as in
        the paper.
    meters, tempo, velocity : bool
        Whether bars tell their meters beside their lengths, whether tempi are told, and whether velocities are; the
        paper's rows have none of these.
    """

    grid: int = 24
    merges: int = 0
    held: bool = True
    meters: bool = True
    tempo: bool = True
    velocity: bool = True

    @property
    def pitch(self) -> int:
        """First of the pitches."""
        return 4

    @property
    def chord(self) -> int:
        """First of the chords."""
        return self.pitch + PITCHES

    @property
    def bar(self) -> int:
        """First of the beginnings of bars: meters, then lengths of 1 unit to 12 quarters."""
        return self.chord + CHORDS

    @property
    def bar_length(self) -> int:
        """The beginning of a bar of 0 units, which there is not: add its length."""
        return self.bar + len(METERS) * self.meters - 1

    @property
    def position(self) -> int:
        """First of the positions in a bar, in units."""
        return self.bar_length + 1 + self.longest_bar

    @property
    def tempo_word(self) -> int:
        """First of the tempi."""
        return self.position + self.longest_bar

    @property
    def merge(self) -> int:
        """First of the merges."""
        return self.tempo_word + TEMPI * self.tempo

    @property
    def events(self) -> int:
        """Number of events."""
        return self.merge + self.merges

    @property
    def longest_bar(self) -> int:
        """In units."""
        return BAR_QUARTERS * self.grid

    @property
    def longest_note(self) -> int:
        """Longest note of one row, in units; durations are their own numbers, 0 is none."""
        return NOTE_QUARTERS * self.grid

    @property
    def hold(self) -> int:
        """The duration of a note that goes on in another row, four quarters later."""
        return self.longest_note + 1

    @property
    def sizes(self) -> tuple[int, int, int, int, int]:
        """Words of each field, in the order of `FIELDS`; 0 is none in all but the events."""
        velocities = 1 + VELOCITIES * self.velocity
        return self.events, self.longest_note + 1 + self.held, MOST_TRACKS + 1, DRUMS + 2, velocities

    @cached_property
    def bar_units(self) -> np.ndarray:
        """Length of the bar that each event begins, int64 (events,); 0 where it begins none."""
        units = np.zeros(self.events, np.int64)
        if self.meters:
            for number, (numerator, denominator) in enumerate(METERS):
                exact = 4 * self.grid * numerator
                fits = exact % denominator == 0 and exact // denominator <= self.longest_bar
                units[self.bar + number] = exact // denominator if fits else 0
        units[self.bar_length + 1 : self.position] = np.arange(1, self.longest_bar + 1)
        return units

    @cached_property
    def is_note(self) -> np.ndarray:
        """Whether each event is a pitch or a merge of some, bool (events,)."""
        events = np.arange(self.events)
        return ((events >= self.pitch) & (events < self.chord)) | (events >= self.merge)

    def bar_words(self, units: np.ndarray, meters: np.ndarray) -> np.ndarray:
        """Return the events that begin bars of some lengths (bars,) and meters (bars, 2)."""
        words = self.bar_length + units
        if self.meters:
            known = {meter: self.bar + number for number, meter in enumerate(METERS)}
            own = np.array([known.get((int(n), int(d)), 0) for n, d in meters], np.int64)
            words = np.where((own > 0) & (self.bar_units[own] == units), own, words)
        return words

    def meter(self, word: int) -> tuple[int, int] | None:
        """Return the meter that the beginning of a bar says, if it says one."""
        number = word - self.bar
        return METERS[number] if self.meters and 0 <= number < len(METERS) else None

    def tempo_words(self, bpm: np.ndarray) -> np.ndarray:
        """Return the nearest tempi, as events."""
        place = np.log(np.clip(bpm, _SLOWEST, _FASTEST) / _SLOWEST) / np.log(_FASTEST / _SLOWEST)
        return self.tempo_word + np.round(place * (TEMPI - 1)).astype(np.int64)

    def bpm(self, words: np.ndarray) -> np.ndarray:
        """Return the tempi that events say, quarters per minute."""
        return _SLOWEST * (_FASTEST / _SLOWEST) ** ((words - self.tempo_word) / (TEMPI - 1))

    def velocity_words(self, velocities: np.ndarray) -> np.ndarray:
        """Return velocities as words, 1 to 8; 0 where none are told."""
        return np.clip(velocities, 0, 127) // 16 + 1 if self.velocity else np.zeros_like(velocities)

    def velocities(self, words: np.ndarray) -> np.ndarray:
        """Return the velocities that words say: the middle of each eighth, or 90."""
        return np.where(words > 0, 16 * words - 8, _UNSAID_VELOCITY)
