"""Pieces row after row under the grammar: whatever the network says, each is valid at the first try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from gantools.symbolic.mmr.grammar import BAR, END, Grammar, Rules, Words
from gantools.symbolic.mmr.score import DRUMS
from gantools.symbolic.mmr.vocabulary import (
    BOS,
    DURATION,
    EVENT,
    FIELDS,
    INSTRUMENT,
    TRACK,
    VELOCITY,
)
from gantools.systems.symphony.choosing import Draw, choose, leaning
from gantools.systems.symphony.networks import SymphonyNet
from gantools.systems.symphony.recurrence import Recurrence

#: Pieces that go through the network at a time.
BLOCK = 4
#: Rows of a bar, of which those of an orchestra's tutti have half as many.
MOST_BAR_ROWS = 1024
_HEAD_ROWS = 3


@dataclass(frozen=True)
class Draws:
    """How each field is drawn.

    `chord_tones` is the share of the probability of all notes that those of the chord have at least, in bars whose
    chord is asked for. A network of few hours tells the chord of a bar and then hardly keeps to it.
    """

    event: Draw = field(default_factory=Draw)
    duration: Draw = field(default_factory=Draw)
    track: Draw = field(default_factory=Draw)
    velocity: Draw = field(default_factory=Draw)
    chord_tones: float = 0.75


@dataclass(frozen=True, eq=False)
class Request:
    """What a piece shall be.

    Attributes
    ----------
    seed : int
    given : uint16 array (rows, 5)
        Rows that it begins with, from BOS on and whole bars; BOS alone for none.
    rules : Rules
        `Rules.most_bars` ends it.
    """

    seed: int
    given: np.ndarray
    rules: Rules


class Draft:
    """A piece that is being made.

    Parameters
    ----------
    request : Request
    words : Words

    Attributes
    ----------
    rows : list of list of int
        All rows so far.
    votes : float64 array (41, 130)
        Sum of the log probabilities of instruments over the rows of each track.
    counts : int64 array (41,)
    """

    def __init__(self, request: Request, words: Words) -> None:
        self.grammar = Grammar(words, request.rules)
        self.random = np.random.default_rng(request.seed)
        self.rows: list[list[int]] = np.asarray(request.given, np.int64).tolist()
        self.bars: list[int] = []
        for index, row in enumerate(self.rows):
            self._push(index, row)
        self.grammar.end_bar()
        self.votes, self.counts = np.zeros((41, DRUMS + 2)), np.zeros(41, np.int64)
        self.begun = 0
        self._measures = 0

    def _push(self, index: int, row: list[int]) -> None:
        if row[EVENT] == BOS:
            return
        self.grammar.push(row[EVENT], row[TRACK])
        if self.grammar.kind == BAR:
            self.bars.append(index)

    @property
    def done(self) -> bool:
        """Whether its end has been drawn."""
        return self.grammar.kind == END

    def recent(self, most: int, tempo_words: range) -> np.ndarray:
        """Return the last whole bars of at most so many rows behind BOS, and count measures from them on.

        The bar that has just begun does not count. The tempo that holds comes into the first of them where it tells
        none.
        """
        end = self.bars[-1] if self.grammar.kind == BAR and self.bars[-1] == len(self.rows) - 1 else len(self.rows)
        starts = [index for index in self.bars if index < end]
        first = next((place for place, index in enumerate(starts) if end - index <= most), len(starts) - 1)
        start = max(starts[first] if starts else end, end - most)
        self._measures = 3 * (first if starts else 0)
        rows = self.rows[start:end]
        told = [row[EVENT] for row in self.rows[:start] if row[EVENT] in tempo_words]
        if told and len(rows) > _HEAD_ROWS - 1 and rows[_HEAD_ROWS - 1][EVENT] not in tempo_words:
            rows = [*rows[:2], [told[-1], *[0] * (len(FIELDS) - 1)], *rows[2:]]
        self.begun = end - len(rows)
        return np.array([[BOS, *[0] * (len(FIELDS) - 1)], *rows], np.int64)

    def add(self, row: list[int]) -> None:
        """Add a row."""
        self.rows.append(row)
        self._push(len(self.rows) - 1, row)

    def told(self) -> list[int]:
        """Return the last row as the network reads it: four fields, order and measure."""
        row = self.rows[-1]
        measure = max(0, self.grammar.measure - self._measures)
        return [row[EVENT], row[DURATION], row[TRACK], row[VELOCITY], self.grammar.order, measure]


class Composer:
    """Makes pieces with a network.

    Parameters
    ----------
    network : SymphonyNet
    draws : Draws
    """

    def __init__(self, network: SymphonyNet, draws: Draws | None = None) -> None:
        self.network, self.draws = network.eval(), draws or Draws()
        self.vocabulary = network.vocabulary
        self.words = Words(self.vocabulary, network.merges)
        self.size = BLOCK if network.config.attention == "linear" else 1
        self._aligned = network.config.instrument_head == "aligned"
        self._durations = np.arange(self.vocabulary.sizes[DURATION]) > 0
        self._velocities = np.arange(self.vocabulary.sizes[VELOCITY]) > 0
        self._tempi = range(self.vocabulary.tempo_word, self.vocabulary.merge)

    def compose(
        self,
        requests: Sequence[Request],
        watch: Callable[[list[Draft]], None] = lambda drafts: None,
        places: Sequence[int] | None = None,
    ) -> list[Draft]:
        """Return the pieces of at most `size` requests, each to its end.

        Parameters
        ----------
        requests : sequence of Request
        watch : callable
            Called after each row of all pieces.
        places : sequence of int, optional
            The place of each among the pieces that go through the network together.

        Notes
        -----
        Where a piece has as many rows as the network learned from, the network begins anew with its last bars, as long
        as half of them: sums over more rows than it has ever seen would lead it astray, and the memory stays flat.
        """
        recurrence = Recurrence(self.network, self.size)
        at = list(places or range(len(requests)))
        drafts = [Draft(request, self.words) for request in requests]
        logits = np.zeros((self.size, 1), np.float32)
        for place, draft in zip(at, drafts, strict=True):
            logits = self._begin(recurrence, place, draft, logits)
        # Products this small are slower in two threads of NumPy's than in one.
        with threadpool_limits(1, user_api="blas"):
            while not all(draft.done for draft in drafts):
                logits = self._advance(recurrence, at, drafts, logits)
                watch(drafts)
        return drafts

    def _advance(
        self, recurrence: Recurrence, at: Sequence[int], drafts: Sequence[Draft], logits: np.ndarray
    ) -> np.ndarray:
        """Draw a row of each piece that is not done; return the logits after them."""
        told = np.zeros((self.size, 6), np.int64)
        for place, draft in zip(at, drafts, strict=True):
            if not draft.done:
                self._draw(recurrence, logits[place], draft)
                told[place] = draft.told()
        for place, draft in zip(at, drafts, strict=True):
            # At the beginning of a bar, and only there: a bar is read as a whole.
            full = len(draft.rows) - draft.begun >= self.network.config.context
            if full and draft.grammar.kind == BAR:
                self._begin(recurrence, place, draft, logits)
                told[place] = draft.told()
        logits = recurrence.step(told)
        if self._aligned:
            for place, draft in zip(at, drafts, strict=True):
                self._vote(recurrence, logits[place], draft)
        return logits

    def _begin(self, recurrence: Recurrence, place: int, draft: Draft, logits: np.ndarray) -> np.ndarray:
        """Begin a piece in the network with its last bars; put the logits after them into `logits`, made as needed."""
        after = recurrence.begin(place, draft.recent(self.network.config.context // 2, self._tempi))
        if logits.shape[1] != len(after):
            logits = np.zeros((self.size, len(after)), np.float32)
        logits[place] = after
        return logits

    def _draw(self, recurrence: Recurrence, logits: np.ndarray, draft: Draft) -> None:
        """Draw the next row of a piece."""
        grammar, random = draft.grammar, draft.random
        allowed = grammar.events()
        scores = self._in_chord(logits[: self.vocabulary.events], allowed, draft)
        drawn = choose(scores, allowed, self.draws.event, random.random())
        event = grammar.told(drawn)
        row, told = [event, 0, 0, 0, 0], {EVENT: event}
        if grammar.is_note(event):
            told[DURATION] = row[DURATION] = self._field(recurrence, logits, DURATION, told, random.random())
            tracks = grammar.tracks()
            own = recurrence.of_field(logits, TRACK, told)
            told[TRACK] = row[TRACK] = choose(own, tracks, self.draws.track, random.random())
            if self.vocabulary.velocity:
                row[VELOCITY] = self._field(recurrence, logits, VELOCITY, told, random.random())
        draft.add(row)
        if not self._aligned:
            self._vote(recurrence, logits, draft)

    def _in_chord(self, logits: np.ndarray, allowed: np.ndarray, draft: Draft) -> np.ndarray:
        """Return logits of events that keep to the chord that is asked for; drums have none."""
        chord, track = draft.grammar.asked_chord, draft.grammar.track
        if chord is None or (track and draft.counts[track] and draft.votes[track].argmax() == DRUMS + 1):
            return logits
        words = self.words
        return leaning(logits, allowed & words.notes, words.tones(chord), self.draws.chord_tones)

    def _field(
        self, recurrence: Recurrence, logits: np.ndarray, column: int, told: dict[int, int], uniform: float
    ) -> int:
        own = recurrence.of_field(logits, column, told)
        duration = column == DURATION
        allowed = self._durations if duration else self._velocities
        return choose(own, allowed, self.draws.duration if duration else self.draws.velocity, uniform)

    def _vote(self, recurrence: Recurrence, logits: np.ndarray, draft: Draft) -> None:
        """Add what the network says of the instrument of the last row, if that is a note."""
        track = draft.rows[-1][TRACK]
        if track and not draft.done:
            draft.votes[track] += recurrence.of_field(logits, INSTRUMENT, {})
            draft.counts[track] += 1
