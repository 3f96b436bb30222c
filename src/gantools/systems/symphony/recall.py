"""What the parts did before a row: counted, so that a small network need not find it among hundreds of rows.

A row of MMR stands far from those it follows from in music: the bar before of the same part lies behind all other
parts. Where linear attention has few sums to keep it in, it is lost. So each row is told beside its positions what can
be read off the rows before it: how its part went on, what it did here a bar ago, and what sounds with it. The
instruments are never looked at. The paper has nothing like it.
"""

from __future__ import annotations

import numpy as np

from gantools.audio.compiled import compiled
from gantools.symbolic.chords import CHORDS
from gantools.symbolic.mmr.grammar import BAR, BLOCK, CHORD, NOTE, PLACE, Words
from gantools.symbolic.mmr.score import MOST_TRACKS
from gantools.symbolic.mmr.vocabulary import DURATION, EVENT, PITCHES, TRACK, Vocabulary

#: What each row is told; 0 is "nothing", all else counts from 1. ``chord``, ``chord_before`` and ``chord_earlier`` are
#: those of this bar and of the two before, ``bar`` and ``place`` the length of the bar and the place in it. ``part``
#: is the track of the block, or the one that is awaited: the next in number that played in the bar before. ``awaited``
#: is the next one after it. ``last`` and ``older`` are the highest pitches of the last two onsets of the part before
#: this place, ``length`` the last duration; ``again`` and ``again_length`` those at this place in the last bar that it
#: played in, ``next`` its next onset there; ``earlier`` and ``earlier_next`` the pitch and next onset of the bar that
#: it played in before. ``beside``, ``beside_length`` and ``beside_next`` are the same of the part of the block above
#: in this bar, and ``parallel`` is the pitch to which the last one comes by the same step as that part's. ``top`` and
#: ``bass`` are the highest and lowest pitch that sound at the place so far.
TOLD = (
    "chord", "chord_before", "chord_earlier", "bar", "place", "part", "awaited", "last", "older", "length", "again",
    "again_length", "next", "earlier", "earlier_next", "beside", "beside_length", "beside_next", "parallel", "top",
    "bass",
)  # fmt: skip
#: Behind them two sets of pitch classes, C to B, each 0 or its number: those that sound at the place, and those that
#: have much of what was heard of late, which are the key.
SETS = ("sounding", "key")
CLASSES = 12
COLUMNS = len(TOLD) + len(SETS) * CLASSES
#: A bar ago counts so much, and a class belongs to the key from such a share on.
_FADE, _SHARE = 0.75, 0.04
_CHORD, _CHORD_BEFORE, _CHORD_EARLIER, _BAR, _PLACE, _PART, _AWAITED, _LAST, _OLDER, _LENGTH, _AGAIN = range(11)
_AGAIN_LENGTH, _NEXT, _EARLIER, _EARLIER_NEXT, _BESIDE, _BESIDE_LENGTH, _BESIDE_NEXT = range(11, 18)
_PARALLEL, _TOP, _BASS = range(18, 21)
#: Rows of the table of parts: the highest pitches of the onset here and of the two before, what the part above played
#: with the first two of them, the length of the last one, whether the part played in this bar and in the one before.
_HERE, _BEFORE, _OLDEST, _ABOVE_HERE, _ABOVE_BEFORE, _SPAN, _PLAYS, _PLAYED = range(8)
#: Where things stand: kind of the last row, place, track of the block and of the one before, highest track of the bar,
#: length of the bar, and its chord and those of the two bars before.
_KIND, _AT, _BLOCK, _ABOVE, _REACHED, _BAR_LENGTH, _IN_CHORD, _CHORD_AGO, _CHORDS_AGO = range(9)


def sizes(vocabulary: Vocabulary) -> tuple[int, ...]:
    """Return how many values each column of `TOLD` has."""
    pitch, tracks, length = PITCHES + 1, MOST_TRACKS + 1, vocabulary.hold + 1
    onset = vocabulary.longest_bar + 2
    again = pitch, length, onset
    own = pitch, pitch, length, *again, pitch, onset
    chords = (CHORDS + 1,) * 3
    return *chords, onset, onset, tracks, tracks, *own, *again, pitch, pitch, pitch


class Recall:
    """What is told of the rows of one piece, row after row.

    Parameters
    ----------
    words : Words
    """

    def __init__(self, words: Words) -> None:
        vocabulary = words.vocabulary
        self._pitches = words.pitch_table
        self._kinds = np.array(words.kinds, np.int8)
        self._units = np.array(words.units, np.int16)
        self._firsts = np.array([vocabulary.chord, vocabulary.position, vocabulary.longest_note], np.int64)
        bar, note = vocabulary.longest_bar, vocabulary.longest_note
        self._state = np.zeros(9, np.int64)
        self._parts = np.zeros((8, MOST_TRACKS + 1), np.int16)
        # Pitch and length at each place of the bar, of this bar and of the last two that the part played in.
        self._bars = np.zeros((3, 2, MOST_TRACKS + 1, bar), np.int16)
        # Notes ring on into the next bar.
        self._classes = np.zeros((bar + note, CLASSES), np.int8)
        self._edges = np.zeros((2, bar + note), np.int16)
        self._heard = np.zeros(CLASSES)
        self.reset()

    def reset(self) -> None:
        """Forget all rows."""
        for table in (self._state, self._parts, self._bars, self._classes, self._edges, self._heard):
            table[...] = 0
        self._state[_AT] = -1

    def push(self, rows: np.ndarray) -> np.ndarray:
        """Take in more rows (n, 5); return what each is told, int64 (n, `COLUMNS`)."""
        told = np.zeros((len(rows), COLUMNS), np.int64)
        events, lengths, tracks = (np.ascontiguousarray(rows[:, c], np.int64) for c in (EVENT, DURATION, TRACK))
        _push(
            events, lengths, tracks, self._pitches, self._kinds, self._units, self._firsts, self._state, self._parts,
            self._bars, self._classes, self._edges, self._heard, told,
        )  # fmt: skip
        return told


@compiled
def _push(
    events: np.ndarray,
    lengths: np.ndarray,
    tracks: np.ndarray,
    pitches: np.ndarray,
    kinds: np.ndarray,
    units: np.ndarray,
    firsts: np.ndarray,
    state: np.ndarray,
    parts: np.ndarray,
    bars: np.ndarray,
    classes: np.ndarray,
    edges: np.ndarray,
    heard: np.ndarray,
    told: np.ndarray,
) -> None:
    """Take in rows one by one; see `Recall`."""
    for row in range(len(events)):
        event = events[row]
        kind = kinds[event]
        if kind == BAR:
            _begin_bar(units[event], state, parts, bars, classes, edges)
            heard *= _FADE
        elif kind == CHORD:
            state[_IN_CHORD] = 1 + event - firsts[0]
        elif kind == BLOCK:
            _end_onset(state, parts)
            if state[_BLOCK]:
                state[_ABOVE] = state[_BLOCK]
            state[_BLOCK], state[_AT] = 0, -1
        elif kind == PLACE:
            _end_onset(state, parts)
            state[_AT] = event - firsts[1]
        elif kind == NOTE:
            _add_note(pitches[event], lengths[row], tracks[row], firsts[2], state, parts, bars, classes, edges, heard)
        state[_KIND] = kind
        _tell(kind, state, parts, bars, classes, edges, told[row])
        least = _SHARE * heard.sum()
        for number in range(CLASSES):
            if heard[number] > least:
                told[row, len(TOLD) + CLASSES + number] = number + 1


@compiled
def _begin_bar(
    length: int, state: np.ndarray, parts: np.ndarray, bars: np.ndarray, classes: np.ndarray, edges: np.ndarray
) -> None:
    _end_onset(state, parts)
    before, most = state[_BAR_LENGTH], len(classes)
    for track in range(parts.shape[1]):
        if parts[_PLAYS, track]:
            bars[2, :, track] = bars[1, :, track]
            bars[1, :, track] = bars[0, :, track]
            bars[0, :, track] = 0
        parts[_PLAYED, track] = parts[_PLAYS, track]
        parts[_PLAYS, track] = 0
    kept = most - before
    for place in range(kept):
        classes[place] = classes[place + before]
        edges[:, place] = edges[:, place + before]
    classes[kept:] = 0
    edges[:, kept:] = 0
    state[_CHORDS_AGO], state[_CHORD_AGO], state[_IN_CHORD] = state[_CHORD_AGO], state[_IN_CHORD], 0
    state[_AT], state[_BLOCK], state[_ABOVE], state[_REACHED] = -1, 0, 0, 0
    state[_BAR_LENGTH] = length


@compiled
def _end_onset(state: np.ndarray, parts: np.ndarray) -> None:
    """Make the notes that began last those before."""
    track = state[_BLOCK]
    if state[_KIND] == NOTE and track:
        parts[_OLDEST, track] = parts[_BEFORE, track]
        parts[_BEFORE, track] = parts[_HERE, track]
        parts[_ABOVE_BEFORE, track] = parts[_ABOVE_HERE, track]
        parts[_HERE, track] = parts[_ABOVE_HERE, track] = 0


@compiled
def _add_note(
    pitches: np.ndarray,
    length: int,
    track: int,
    longest: int,
    state: np.ndarray,
    parts: np.ndarray,
    bars: np.ndarray,
    classes: np.ndarray,
    edges: np.ndarray,
    heard: np.ndarray,
) -> None:
    at = max(0, state[_AT])
    state[_BLOCK], state[_REACHED] = track, max(track, state[_REACHED])
    parts[_PLAYS, track], parts[_SPAN, track] = 1, length
    end = min(at + min(length, longest), len(classes))
    for pitch in pitches:
        if pitch < 0:
            break
        parts[_HERE, track] = max(parts[_HERE, track], pitch + 1)
        heard[pitch % CLASSES] += min(length, longest)
        for place in range(at, end):
            classes[place, pitch % CLASSES] = 1
            edges[0, place] = max(edges[0, place], pitch + 1)
            edges[1, place] = min(edges[1, place], pitch + 1) if edges[1, place] else pitch + 1
    if at < bars.shape[3]:
        bars[0, 0, track, at], bars[0, 1, track, at] = parts[_HERE, track], length
        parts[_ABOVE_HERE, track] = bars[0, 0, state[_ABOVE], at]


@compiled
def _following(track: int, parts: np.ndarray) -> int:
    """Return the next track in number that played in the bar before and not yet in this one; 0 for none."""
    for other in range(track + 1, parts.shape[1]):
        if parts[_PLAYED, other] and not parts[_PLAYS, other]:
            return other
    return 0


@compiled
def _tell(
    kind: int,
    state: np.ndarray,
    parts: np.ndarray,
    bars: np.ndarray,
    classes: np.ndarray,
    edges: np.ndarray,
    told: np.ndarray,
) -> None:
    at, own, above = state[_AT], state[_BLOCK], state[_ABOVE]
    told[_CHORD], told[_CHORD_BEFORE], told[_CHORD_EARLIER] = state[_IN_CHORD], state[_CHORD_AGO], state[_CHORDS_AGO]
    told[_BAR], told[_PLACE] = state[_BAR_LENGTH], at + 1
    if not own:
        own = _following(state[_REACHED], parts)
    told[_PART], told[_AWAITED] = own, _following(max(own, state[_REACHED]), parts)
    told[_LAST], told[_OLDER], told[_LENGTH] = parts[_BEFORE, own], parts[_OLDEST, own], parts[_SPAN, own]
    if kind in (PLACE, NOTE):
        if at < bars.shape[3]:
            told[_AGAIN], told[_AGAIN_LENGTH] = bars[1, 0, own, at], bars[1, 1, own, at]
            told[_EARLIER] = bars[2, 0, own, at]
            told[_BESIDE], told[_BESIDE_LENGTH] = bars[0, 0, above, at], bars[0, 1, above, at]
            if told[_BESIDE] and parts[_ABOVE_BEFORE, own]:
                moved = told[_LAST] + told[_BESIDE] - parts[_ABOVE_BEFORE, own]
                told[_PARALLEL] = min(max(moved, 1), PITCHES)
        told[_TOP], told[_BASS] = edges[0, at], edges[1, at]
        for number in range(CLASSES):
            told[len(TOLD) + number] = classes[at, number] * (number + 1)
    if kind in (BLOCK, NOTE):
        told[_NEXT], told[_EARLIER_NEXT] = _next_onset(bars[1, 0], own, at), _next_onset(bars[2, 0], own, at)
        told[_BESIDE_NEXT] = _next_onset(bars[0, 0], above, at)


@compiled
def _next_onset(pitches: np.ndarray, track: int, at: int) -> int:
    """Return the next place in a bar at which a track plays, from 1; behind the last one the bar's longest and one."""
    if not track:
        return 0
    for place in range(at + 1, pitches.shape[1]):
        if pitches[track, place]:
            return place + 1
    return pitches.shape[1] + 1
