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

#: What each row is told; 0 is "nothing", all else counts from 1. ``part`` is the track of the block, or the one that
#: is awaited: the next in number that played in the bar before. ``awaited`` is the next one after it. ``last`` and
#: ``older`` are the highest pitches of the last two onsets of the part before this place, ``length`` the last duration;
#: ``again`` and ``again_length`` those at this place in the last bar that it played in, ``next`` its next onset there.
#: ``top`` and ``bass`` are the highest and lowest pitch that sound at this place in this bar's parts so far.
TOLD = ("chord", "part", "awaited", "last", "older", "length", "again", "again_length", "next", "top", "bass")
#: Behind them two sets of pitch classes, C to B, each 0 or its number: those that sound at the place, and those that
#: have much of what was heard of late, which are the key.
SETS = ("sounding", "key")
CLASSES = 12
COLUMNS = len(TOLD) + len(SETS) * CLASSES
#: A bar ago counts so much, and a class belongs to the key from such a share on.
_FADE, _SHARE = 0.75, 0.04
_CHORD, _PART, _AWAITED, _LAST, _OLDER, _LENGTH, _AGAIN, _AGAIN_LENGTH, _NEXT, _TOP, _BASS = range(len(TOLD))
#: Rows of the tables of parts: the highest pitches of the last onsets, the place of the last one, its length, whether
#: the part played in this bar and in the one before.
_NOW, _BEFORE, _EARLIER, _SPAN, _PLAYS, _PLAYED = range(6)
#: Where things stand: kind of the last row, chord, place, block's track, highest track of the bar, length of the bar.
_KIND, _IN_CHORD, _AT, _BLOCK, _REACHED, _BAR_LENGTH = range(6)


def sizes(vocabulary: Vocabulary) -> tuple[int, ...]:
    """Return how many values each column of `TOLD` has."""
    longest = vocabulary.hold + 1
    pitch = PITCHES + 1
    tracks = MOST_TRACKS + 1
    return CHORDS + 1, tracks, tracks, pitch, pitch, longest, pitch, longest, vocabulary.longest_bar + 2, pitch, pitch


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
        self._state = np.zeros(6, np.int64)
        self._parts = np.zeros((6, MOST_TRACKS + 1), np.int16)
        # Pitch and length at each place of the bar, of this bar and of the last one that the part played in.
        self._bars = np.zeros((2, 2, MOST_TRACKS + 1, bar), np.int16)
        # Notes ring on into the next bar.
        self._classes = np.zeros((bar + note, CLASSES), np.int8)
        self._edges = np.zeros((2, bar + note), np.int16)
        self._heard = np.zeros(CLASSES)
        self.reset()

    def reset(self) -> None:
        """Forget all rows."""
        for table in (self._state, self._parts, self._bars, self._classes, self._edges, self._heard):
            table[...] = 0

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
    state[_IN_CHORD], state[_AT], state[_BLOCK], state[_REACHED], state[_BAR_LENGTH] = 0, -1, 0, 0, length


@compiled
def _end_onset(state: np.ndarray, parts: np.ndarray) -> None:
    """Make the notes that began last those before."""
    track = state[_BLOCK]
    if state[_KIND] == NOTE and track:
        parts[_EARLIER, track] = parts[_BEFORE, track]
        parts[_BEFORE, track] = parts[_NOW, track]
        parts[_NOW, track] = 0


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
        parts[_NOW, track] = max(parts[_NOW, track], pitch + 1)
        heard[pitch % CLASSES] += min(length, longest)
        for place in range(at, end):
            classes[place, pitch % CLASSES] = 1
            edges[0, place] = max(edges[0, place], pitch + 1)
            edges[1, place] = min(edges[1, place], pitch + 1) if edges[1, place] else pitch + 1
    if at < bars.shape[3]:
        bars[0, 0, track, at], bars[0, 1, track, at] = parts[_NOW, track], length


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
    told[_CHORD] = state[_IN_CHORD]
    own = state[_BLOCK]
    if not own:
        own = _following(state[_REACHED], parts)
    told[_PART] = own
    told[_AWAITED] = _following(max(own, state[_REACHED]), parts)
    told[_LAST], told[_OLDER], told[_LENGTH] = parts[_BEFORE, own], parts[_EARLIER, own], parts[_SPAN, own]
    at = state[_AT]
    if kind in (PLACE, NOTE):
        if at < bars.shape[3]:
            told[_AGAIN], told[_AGAIN_LENGTH] = bars[1, 0, own, at], bars[1, 1, own, at]
        told[_TOP], told[_BASS] = edges[0, at], edges[1, at]
        for number in range(CLASSES):
            told[len(TOLD) + number] = classes[at, number] * (number + 1)
    if kind in (BLOCK, NOTE) and own:
        # Behind the last onset of that bar: its length and one.
        told[_NEXT] = bars.shape[3] + 1
        for place in range(at + 1, bars.shape[3]):
            if bars[1, 0, own, place]:
                told[_NEXT] = place + 1
                break
