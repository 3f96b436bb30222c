"""A piece on a grid as rows of events and back: the paper's multi-track multi-instrument repeatable form (MMR).

A bar is told as its beginning, its chord, where tempi are told and a new one holds its tempo, and then track after
track: "new track", and for each onset its position in the bar and the notes that begin there. Notes carry a duration, a
track, an instrument and a velocity; all other rows carry nothing in these fields. Two tracks of one instrument stay
two.
"""

from __future__ import annotations

import numpy as np

from gantools.errors import InputError
from gantools.symbolic.chords import chords_of_bars
from gantools.symbolic.mmr import score as grid_score
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.score import DRUMS, GridScore, meter_of, without_overlaps
from gantools.symbolic.mmr.vocabulary import (
    BOS,
    DURATION,
    EOS,
    EVENT,
    FIELDS,
    INSTRUMENT,
    NEW_TRACK,
    TRACK,
    VELOCITY,
    Vocabulary,
)

_UNSAID_BPM = 120.0


def encode(score: GridScore, vocabulary: Vocabulary, merges: Merges | None = None) -> np.ndarray:
    """Return a piece as rows.

    Parameters
    ----------
    score : GridScore
        On the vocabulary's grid.
    vocabulary : Vocabulary
    merges : Merges, optional
        Merges of pitches to apply; without them every note is a row.

    Returns
    -------
    uint16 array (rows, 5)
        Event, duration, track, instrument and velocity, from BOS to EOS. Tracks count from 1, instruments are programs
        plus 1, and 129 for drums.
    """
    notes, bars = _pieces(score, vocabulary), score.bars
    bar = np.searchsorted(score.edges, notes[:, 0], side="right") - 1
    order = np.lexsort((*notes[:, [2, 4, 3, 0, 1]].T, bar))
    notes, bar = notes[order], bar[order]
    onset, track, pitch, duration, velocity = notes.T
    new_track = _changes(bar, track)
    new_place = new_track | _changes(onset)
    heads, tempo_words = _heads(score, vocabulary)
    # Where each bar's head and each note's row lie.
    in_bar = np.bincount(bar, weights=1 + new_track + new_place, minlength=bars).astype(np.int64)
    head_rows = heads.sum(1)
    starts = 1 + np.cumsum(head_rows + in_bar) - head_rows - in_bar
    own = np.cumsum(1 + new_track + new_place) - 1
    at = own + 1 + np.cumsum(head_rows)[bar]
    rows = np.zeros((2 + int(head_rows.sum() + in_bar.sum()), len(FIELDS)), np.uint16)
    rows[0, EVENT], rows[-1, EVENT] = BOS, EOS
    rows[starts, EVENT] = vocabulary.bar_words(np.diff(score.edges), score.meters)
    rows[starts + 1, EVENT] = vocabulary.chord + _chords(score)
    if vocabulary.tempo:
        told = heads[:, 2]
        rows[starts[told] + 2, EVENT] = tempo_words[told]
    rows[(at - 2)[new_track], EVENT] = NEW_TRACK
    rows[(at - 1)[new_place], EVENT] = (vocabulary.position + onset - score.edges[bar])[new_place]
    rows[at, EVENT] = vocabulary.pitch + pitch
    rows[at, DURATION], rows[at, TRACK], rows[at, VELOCITY] = duration, track + 1, velocity
    rows[at, INSTRUMENT] = score.programs[track] + 1
    return rows if merges is None else merges.apply(rows, vocabulary)


def _changes(*columns: np.ndarray) -> np.ndarray:
    """Return whether any column differs from the row before, bool (rows,); the first row does."""
    changed = np.zeros(len(columns[0]), bool)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed


def _pieces(score: GridScore, vocabulary: Vocabulary) -> np.ndarray:
    """Return notes of at most four quarters: onset, track, pitch, duration word, velocity word."""
    longest, notes = vocabulary.longest_note, score.notes
    lengths = notes[:, grid_score.LENGTH]
    counts = (lengths - 1) // longest + 1
    index = np.repeat(np.arange(len(notes)), counts)
    number = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    onsets = notes[index, grid_score.ONSET] + number * longest
    # What a piece holds beyond its last bar cannot be told.
    inside = onsets < score.edges[-1]
    index, number, onsets = index[inside], number[inside], onsets[inside]
    last = (number == counts[index] - 1) | (onsets + longest >= score.edges[-1])
    rest = np.minimum(lengths[index] - number * longest, longest)
    words = np.where(last, rest, vocabulary.hold if vocabulary.held else longest)
    velocities = vocabulary.velocity_words(notes[index, grid_score.VELOCITY])
    return np.stack([onsets, notes[index, grid_score.TRACK], notes[index, grid_score.PITCH], words, velocities], 1)


def _heads(score: GridScore, vocabulary: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows the head of each bar has, bool (bars, 3): beginning, chord, tempo; and the tempi as events."""
    heads = np.ones((score.bars, 3), bool)
    words = vocabulary.tempo_words(score.tempi) if vocabulary.tempo else np.zeros(score.bars, np.int64)
    heads[:, 2] = _changes(words) if vocabulary.tempo else False
    return heads, words


def _chords(score: GridScore) -> np.ndarray:
    notes = score.pitched
    onset, length, pitch = (notes[:, c] for c in (grid_score.ONSET, grid_score.LENGTH, grid_score.PITCH))
    return chords_of_bars(onset, length, pitch, score.edges)


def decode(rows: np.ndarray, vocabulary: Vocabulary, merges: Merges | None = None) -> GridScore:
    """Return the piece that rows tell.

    A note that is held and does not go on four quarters later ends there. Each track has the instrument that most of
    its notes name.

    Raises
    ------
    InputError
        Notes stand before the first bar, or there is no bar.
    """
    rows = np.asarray(rows, np.int64)
    event = rows[:, EVENT]
    units = vocabulary.bar_units[event]
    begins = units > 0
    if not begins.any():
        raise InputError("the rows tell no bar")
    edges = np.append(0, np.cumsum(units[begins]))
    bar = np.cumsum(begins) - 1
    meters = [
        vocabulary.meter(int(word)) or meter_of(int(size), vocabulary.grid)
        for word, size in zip(event[begins], units[begins], strict=True)
    ]
    at = np.flatnonzero(vocabulary.is_note[event])
    is_place = (event >= vocabulary.position) & (event < vocabulary.position + vocabulary.longest_bar)
    place = event[np.maximum.accumulate(np.where(is_place, np.arange(len(rows)), 0))[at]] - vocabulary.position
    if len(at) and (bar[at].min() < 0 or place.min() < 0):
        raise InputError("the rows tell notes before a bar and a position")
    index, pitches = _pitches(event[at], vocabulary, merges)
    noted = rows[at][index]
    onsets = edges[bar[at]][index] + place[index]
    columns = [onsets, noted[:, TRACK] - 1, pitches, noted[:, DURATION], vocabulary.velocities(noted[:, VELOCITY])]
    notes = _joined(np.stack(columns, 1), vocabulary)
    programs = _programs(noted)
    names = tuple("Drums" if program == DRUMS else "" for program in programs.tolist())
    tempi = _tempi(event, bar, edges, vocabulary)
    return GridScore(vocabulary.grid, edges, np.array(meters, np.int64), tempi, programs, names, notes)


def _pitches(events: np.ndarray, vocabulary: Vocabulary, merges: Merges | None) -> tuple[np.ndarray, np.ndarray]:
    """Return all pitches of notes, and the index of the note that each belongs to."""
    symbols = np.where(events >= vocabulary.merge, events - vocabulary.merge + 128, events - vocabulary.pitch)
    if merges is None:
        return np.arange(len(events)), symbols
    sets = [merges.pitches[symbol] for symbol in symbols.tolist()]
    index = np.repeat(np.arange(len(events)), [len(pitches) for pitches in sets])
    return index, np.array([pitch for pitches in sets for pitch in pitches], np.int64)


def _joined(notes: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Return notes by onset, track and pitch, of which chains of held ones are one each."""
    notes = notes[np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))]
    held = notes[:, 3] == vocabulary.hold if vocabulary.held else np.zeros(len(notes), bool)
    notes[held, 3] = vocabulary.longest_note
    if not held.any():
        return notes
    where = {tuple(note): index for index, note in enumerate(notes[:, :3].tolist())}
    gone = np.zeros(len(notes), bool)
    # From behind, so that what a note goes on in is whole already.
    for index in np.flatnonzero(held)[::-1].tolist():
        onset, track, pitch = notes[index, :3].tolist()
        after = where.get((onset + vocabulary.longest_note, track, pitch))
        if after is not None:
            notes[index, 3] += notes[after, 3]
            gone[after] = True
    return np.asarray(notes[~gone])


def _programs(noted: np.ndarray) -> np.ndarray:
    """Return the program of each track up to the last one, 0 for tracks without notes."""
    count = int(noted[:, TRACK].max(initial=0))
    table = np.zeros((count, DRUMS + 2), np.int64)
    np.add.at(table, (noted[:, TRACK] - 1, noted[:, INSTRUMENT]), 1)
    return np.maximum(table.argmax(1) - 1, 0) if count else np.zeros(0, np.int64)


def _tempi(event: np.ndarray, bar: np.ndarray, edges: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    tempi = np.full(len(edges) - 1, np.nan)
    if vocabulary.tempo:
        told = (event >= vocabulary.tempo_word) & (event < vocabulary.merge)
        tempi[bar[told]] = vocabulary.bpm(event[told])
    known = np.flatnonzero(np.isfinite(tempi))
    if not len(known):
        return np.full(len(tempi), _UNSAID_BPM)
    last = np.maximum.accumulate(np.where(np.isfinite(tempi), np.arange(len(tempi)), known[0]))
    return np.asarray(tempi[last])


def positions(rows: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Return the paper's positions of rows beside the track: order within a track's bar, and the measure.

    Returns
    -------
    int64 array (rows, 2)
        Order: 0 for heads of bars, 1 for "new track", 2 j for the j-th position of a track in the bar and 2 j + 1 for
        the notes there, so that simultaneous notes share one, and each track counts anew. Measure: of the i-th bar,
        from 0, 3 i + 1 for its beginning, 3 i + 2 for its chord and tempo, and 3 i + 3 for all else; 0 before the
        first.
    """
    event = np.asarray(rows[:, EVENT], np.int64)
    begins = vocabulary.bar_units[event] > 0
    bar = np.cumsum(begins) - 1
    is_chord = (event >= vocabulary.chord) & (event < vocabulary.bar)
    is_head = is_chord | ((event >= vocabulary.tempo_word) & (event < vocabulary.merge))
    measure = np.where(begins, 3 * bar + 1, np.where(is_head, 3 * bar + 2, 3 * bar + 3))
    is_place = (event >= vocabulary.position) & (event < vocabulary.tempo_word)
    count = np.cumsum(is_place)
    starts = np.maximum.accumulate(np.where(begins | (event == NEW_TRACK), np.arange(len(rows)), 0))
    count = count - count[starts]
    order = np.where(is_place, 2 * count, np.where(vocabulary.is_note[event], 2 * count + 1, 0))
    order[event == NEW_TRACK] = 1
    measure[bar < 0] = 0
    return np.stack([order, measure], 1)


def playable(score: GridScore) -> GridScore:
    """Return a piece whose notes no other of the same track and pitch begins within, as MIDI needs it."""
    from dataclasses import replace

    return replace(score, notes=without_overlaps(score.notes))
