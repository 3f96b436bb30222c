"""Which row may follow which: a state machine that makes all that is drawn decodable, and tells whether rows are valid.

BOS, then bars; a bar is its beginning, a chord, perhaps a tempo, and blocks of tracks; a block is "new track" and
positions that rise, each with notes of one track that is new in the bar and of pitches that are new at the position;
the end of the piece stands where a bar could begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gantools.symbolic.chords import chord_classes
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.score import MOST_TRACKS
from gantools.symbolic.mmr.vocabulary import BOS, EOS, EVENT, NEW_TRACK, PAD, PITCHES, TRACK, Vocabulary

#: Positions of a track in a bar that the order of a row can tell.
MOST_PLACES = 127
START, BAR, CHORD, TEMPO, BLOCK, PLACE, NOTE, END = range(8)


@dataclass(frozen=True)
class Rules:
    """What a piece is held to beyond the grammar.

    Attributes
    ----------
    least_bars, most_bars : int
        The piece ends after no fewer bars, and with this one; 0 for no end.
    chords : sequence of int
        The chords of the bars behind `given_bars`, repeated; empty for any.
    meters : sequence of int
        The events that begin these bars; empty for any.
    given_bars : int
        Bars that are not drawn.
    tracks : int
        Tracks 1 to this number may play.
    bar_rows : int
        Behind so many rows a bar ends as soon as it can; 0 for no limit. A network that has learned little may never
        come to its end.
    pitches : tuple of int
        Lowest and highest pitch.
    """

    least_bars: int = 0
    most_bars: int = 0
    chords: Sequence[int] = ()
    meters: Sequence[int] = ()
    given_bars: int = 0
    tracks: int = MOST_TRACKS
    bar_rows: int = 0
    pitches: tuple[int, int] = (0, PITCHES - 1)


class Words:
    """Tables of a vocabulary that all states share.

    Parameters
    ----------
    vocabulary : Vocabulary
    merges : Merges

    Attributes
    ----------
    pitches : list of tuple of int
        The pitches of each event, rising.
    pitch_table : int16 array (events, most)
        The same, -1 behind the last one.
    """

    def __init__(self, vocabulary: Vocabulary, merges: Merges) -> None:
        self.vocabulary = vocabulary
        self.pitches: list[tuple[int, ...]] = [()] * vocabulary.events
        self.having: list[list[int]] = [[] for _ in range(PITCHES)]
        for symbol, pitches in enumerate(merges.pitches):
            event = vocabulary.pitch + symbol if symbol < PITCHES else vocabulary.merge + symbol - PITCHES
            self.pitches[event] = pitches
            for pitch in pitches:
                self.having[pitch].append(event)
        self.notes = np.array([bool(pitches) for pitches in self.pitches])
        self.begins = vocabulary.bar_units > 0
        self.units = vocabulary.bar_units.tolist()
        self.kinds = self._kinds()
        self._tones: dict[int, np.ndarray] = {}
        most = max(map(len, self.pitches))
        self.pitch_table = np.array([[*pitches, *[-1] * (most - len(pitches))] for pitches in self.pitches], np.int16)

    def tones(self, chord: int) -> np.ndarray:
        """Return which events are notes whose pitches all belong to a chord, bool (events,)."""
        if chord not in self._tones:
            classes = set(chord_classes(chord))
            self._tones[chord] = self.notes & np.array([{p % 12 for p in own} <= classes for own in self.pitches])
        return self._tones[chord]

    def _kinds(self) -> list[int]:
        """Return the state that each event leads to, -1 for those that no row has."""
        vocabulary = self.vocabulary
        kinds = np.full(vocabulary.events, -1)
        kinds[self.notes] = NOTE
        kinds[self.begins] = BAR
        kinds[vocabulary.chord : vocabulary.bar] = CHORD
        kinds[vocabulary.position : vocabulary.tempo_word] = PLACE
        kinds[vocabulary.tempo_word : vocabulary.merge] = TEMPO
        kinds[NEW_TRACK], kinds[EOS], kinds[BOS] = BLOCK, END, START
        found: list[int] = kinds.tolist()
        return found


class Grammar:
    """The state of one piece: what its rows were, and what may come next.

    Parameters
    ----------
    words : Words
    rules : Rules

    Attributes
    ----------
    kind : int
        What the last row was.
    bars : int
        Bars begun so far.
    order, measure : int
        Positions of the last row, as `gantools.symbolic.mmr.rows.positions` has them.
    """

    def __init__(self, words: Words, rules: Rules | None = None) -> None:
        self.words, self.rules = words, rules or Rules()
        self.kind, self.bars, self.order, self.measure = START, 0, 0, 0
        self._length, self._place, self._places, self._block = 0, -1, 0, 0
        self._used: set[int] = set()
        self._over, self._rows, self._noted = False, 0, False
        low, high = self.rules.pitches
        self._all = words.notes & np.array([bool(p) and low <= p[0] and p[-1] <= high for p in words.pitches], bool)
        self._free = self._all.copy()

    def events(self) -> np.ndarray:
        """Return which events may come next, bool (events,): a new array."""
        vocabulary, kind = self.words.vocabulary, self.kind
        allowed = np.zeros(vocabulary.events, bool)
        if kind == START:
            self._allow_bars(allowed)
        elif self._over or (self.rules.bar_rows and self._rows > self.rules.bar_rows and kind in (CHORD, TEMPO, NOTE)):
            self._allow_next_bar(allowed)
        elif kind == BAR:
            self._allow_chords(allowed)
        elif kind == BLOCK:
            self._allow_places(allowed)
        elif kind == PLACE:
            allowed |= self._free
        elif kind in (CHORD, TEMPO, NOTE):
            if kind == NOTE:
                allowed |= self._free
                self._allow_places(allowed)
            if kind == CHORD and vocabulary.tempo:
                allowed[vocabulary.tempo_word : vocabulary.merge] = True
            allowed[NEW_TRACK] = len(self._used) < self.rules.tracks
            self._allow_next_bar(allowed)
        return allowed

    def _allow_next_bar(self, allowed: np.ndarray) -> None:
        rules = self.rules
        # Who wants another bar behind the last one wants this one to end: see `told`.
        if self._noted or not self._in_last_bar:
            self._allow_bars(allowed)
        # A piece has a note.
        allowed[EOS] = self._noted and self.bars >= rules.least_bars

    @property
    def _in_last_bar(self) -> bool:
        return bool(self.rules.most_bars) and self.bars >= self.rules.most_bars

    def told(self, event: int) -> int:
        """Return the event that a drawn one comes to: the beginning of a bar behind the last one is the end."""
        return EOS if self._in_last_bar and self.words.kinds[event] == BAR else event

    def _allow_bars(self, allowed: np.ndarray) -> None:
        place = self.bars - self.rules.given_bars
        if 0 <= place < len(self.rules.meters):
            allowed[self.rules.meters[place]] = True
        else:
            allowed |= self.words.begins

    def end_bar(self) -> None:
        """Let only another bar follow, or the end: all of the last one was given."""
        self._over = True

    def _allow_chords(self, allowed: np.ndarray) -> None:
        chord, asked = self.words.vocabulary.chord, self.asked_chord
        if asked is None:
            allowed[chord : self.words.vocabulary.bar] = True
        else:
            allowed[chord + asked] = True

    @property
    def asked_chord(self) -> int | None:
        """Chord that the rules give to this bar."""
        chords, place = self.rules.chords, self.bars - self.rules.given_bars - 1
        return chords[place % len(chords)] if chords and place >= 0 else None

    def _allow_places(self, allowed: np.ndarray) -> None:
        if self._places < MOST_PLACES:
            first = self.words.vocabulary.position
            allowed[first + self._place + 1 : first + self._length] = True

    @property
    def track(self) -> int:
        """Track of the block, from 1; 0 before its first note."""
        return self._block

    def tracks(self) -> np.ndarray:
        """Return which tracks the next note may have, bool (41,)."""
        allowed = np.zeros(MOST_TRACKS + 1, bool)
        if self._block:
            allowed[self._block] = True
        else:
            allowed[1 : self.rules.tracks + 1] = True
            allowed[list(self._used)] = False
        return allowed

    def is_note(self, event: int) -> bool:
        """Return whether an event is a note, which has a duration, a track and a velocity."""
        return self.words.kinds[event] == NOTE

    def push(self, event: int, track: int = 0) -> None:
        """Take in a row."""
        kind = self.words.kinds[event]
        self.kind, self._over, self._rows = kind, False, self._rows + 1
        if kind == NOTE:
            self._noted = self._noted or self.bars > self.rules.given_bars
            if not self._block:
                self._block = track
                self._used.add(track)
            for pitch in self.words.pitches[event]:
                self._free[self.words.having[pitch]] = False
            self.order = 2 * self._places + 1
        elif kind == PLACE:
            self._place = event - self.words.vocabulary.position
            self._places += 1
            np.copyto(self._free, self._all)
            self.order = 2 * self._places
        elif kind == BLOCK:
            self._place, self._places, self._block, self.order = -1, 0, 0, 1
        elif kind == BAR:
            self.bars += 1
            self._length, self._used = self.words.units[event], set()
            self._place, self._places, self.order, self._rows = -1, 0, 0, 1
        # A bar's beginning, its head, and all else.
        number = 1 if kind == BAR else 2 if kind in (CHORD, TEMPO) else 3
        self.measure = 3 * (self.bars - 1) + number if self.bars else 0


def first_fault(rows: np.ndarray, words: Words) -> int:
    """Return the first row that the grammar forbids, or -1 where all are valid; the end of the piece may be missing."""
    rows = np.asarray(rows, np.int64)
    if not len(rows) or rows[0, EVENT] != BOS:
        return 0
    grammar = Grammar(words)
    sizes = words.vocabulary.sizes
    for index, row in enumerate(rows[1:].tolist(), start=1):
        event, fields = row[EVENT], row[1:]
        if not 0 < event < sizes[0] or not grammar.events()[event]:
            return index
        if grammar.is_note(event):
            told = [0 < value < size for value, size in zip(fields, sizes[1:], strict=True) if size > 1]
            if not all(told) or not grammar.tracks()[row[TRACK]]:
                return index
        elif any(value != PAD for value in fields):
            return index
        grammar.push(event, row[TRACK])
    return -1
