"""Windows of pieces as rows: cut at bars, moved to other keys, their tracks numbered anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.files.hashing import hash_bytes
from gantools.symbolic.chords import transposed
from gantools.symbolic.mmr.grammar import Words
from gantools.symbolic.mmr.rows import positions
from gantools.symbolic.mmr.score import DRUMS, MOST_TRACKS
from gantools.symbolic.mmr.vocabulary import (
    BOS,
    EOS,
    EVENT,
    FIELDS,
    INSTRUMENT,
    NEW_TRACK,
    PITCHES,
    TRACK,
    VELOCITIES,
    VELOCITY,
    Vocabulary,
)
from gantools.systems.symphony.recall import Recall


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece among the rows of a set.

    Attributes
    ----------
    name : str
    rows : uint16 array (rows, 5)
        From its first bar to EOS, with a row for each note, mapped from disk.
    bars : int64 array (bars,)
        Rows at which bars begin.
    tempi : uint16 array (bars,)
        The tempo of each bar as an event, 0 where none are told.
    hash : str
        Of its rows.
    """

    name: str
    rows: np.ndarray
    bars: np.ndarray
    tempi: np.ndarray
    hash: str


def piece_of(name: str, rows: np.ndarray, vocabulary: Vocabulary, hash_: str = "") -> Piece:
    """Return a piece from its rows, from BOS to EOS."""
    rows = rows[1:]
    event = rows[:, EVENT].astype(np.int64)
    bars = np.flatnonzero(vocabulary.bar_units[event] > 0)
    tempi = np.zeros(len(bars), np.uint16)
    if vocabulary.tempo:
        told = (event >= vocabulary.tempo_word) & (event < vocabulary.merge)
        # The last tempo up to two rows behind the beginning of each bar.
        last = np.maximum.accumulate(np.where(told, np.arange(len(rows)), 0))
        tempi = event[last[np.minimum(bars + 2, len(rows) - 1)]].astype(np.uint16)
    return Piece(name, rows, bars, tempi, hash_ or hash_bytes(np.ascontiguousarray(rows).tobytes()))


def cut_window(piece: Piece, bar: int, count: int, vocabulary: Vocabulary) -> np.ndarray:
    """Return rows of a piece from a bar on, behind BOS, the first bar with its tempo where tempi are told."""
    start = int(piece.bars[bar])
    rows = np.asarray(piece.rows[start : start + count])
    head = np.zeros((1, len(FIELDS)), np.uint16)
    head[0, EVENT] = BOS
    tempo = int(piece.tempi[bar])
    if not tempo or len(rows) < 2 or (len(rows) > 2 and vocabulary.tempo_word <= rows[2, EVENT] < vocabulary.merge):
        return np.concatenate([head, rows])
    told = np.zeros_like(head)
    told[0, EVENT] = tempo
    return np.concatenate([head, rows[:2], told, rows[2:]])


def moved(rows: np.ndarray, semitones: int, vocabulary: Vocabulary) -> np.ndarray:
    """Return rows, each a note or no note, so many semitones higher with their chords, but drums; too high ones stay.

    Where a pitch would leave MIDI's range, nothing is moved.
    """
    if not semitones:
        return rows
    event = rows[:, EVENT].astype(np.int64)
    notes = (rows[:, INSTRUMENT] > 0) & (rows[:, INSTRUMENT] != DRUMS + 1)
    pitches = event[notes] - vocabulary.pitch + semitones
    if len(pitches) and (pitches.min() < 0 or pitches.max() >= PITCHES):
        return rows
    rows = rows.copy()
    rows[notes, EVENT] = vocabulary.pitch + pitches
    chords = (event >= vocabulary.chord) & (event < vocabulary.bar)
    rows[chords, EVENT] = vocabulary.chord + transposed(event[chords] - vocabulary.chord, semitones)
    return rows


def track_numbers(rows: np.ndarray, random: np.random.Generator, rising: bool) -> np.ndarray:
    """Return a number of 1 to 40 for each track of some rows, int64 (40,), all different.

    In any order a number says nothing of its part, and which track comes next in a bar can only be known from the bars
    before, which takes long to learn. Rising ones come as the parts do in the score, from the flutes to the basses.
    """
    if not rising:
        return random.permutation(MOST_TRACKS) + 1
    used = np.unique(rows[:, TRACK])
    used = used[used > 0].astype(np.int64)
    numbers = np.arange(1, MOST_TRACKS + 1)
    numbers[used - 1] = 1 + np.sort(random.choice(MOST_TRACKS, len(used), replace=False))
    return numbers


def without_parts(rows: np.ndarray, share: float, vocabulary: Vocabulary, random: np.random.Generator) -> np.ndarray:
    """Return rows without some of their tracks, up to a share of them, at least one of which stays."""
    used = np.unique(rows[:, TRACK])
    used = used[used > 0]
    gone = random.permutation(used)[: min(int(random.uniform(0, share) * (len(used) + 1)), len(used) - 1)]
    if not len(gone):
        return rows
    # A block's head and its positions belong to the note that comes next; heads of bars stay.
    track = rows[:, TRACK].astype(np.int64)
    at = np.minimum.accumulate(np.where(track > 0, np.arange(len(rows)), len(rows) - 1)[::-1])[::-1]
    event = rows[:, EVENT].astype(np.int64)
    of_block = (track > 0) | (event == NEW_TRACK)
    of_block |= (event >= vocabulary.position) & (event < vocabulary.tempo_word)
    return rows[~(of_block & np.isin(track[at], gone))]


def louder(rows: np.ndarray, steps: int) -> np.ndarray:
    """Return rows whose velocities are so many steps higher, as far as there are any."""
    told = rows[:, VELOCITY].astype(np.int64)
    rows = rows.copy()
    rows[:, VELOCITY] = np.where(told > 0, np.clip(told + steps, 1, VELOCITIES), 0)
    return rows


def spread_numbers(count: int) -> np.ndarray:
    """Return numbers for so many tracks of a given piece, int64 (40,): rising, and with room between them."""
    numbers = np.arange(1, MOST_TRACKS + 1)
    numbers[:count] = 1 + ((2 * np.arange(count) + 1) * MOST_TRACKS // (2 * max(1, count)))
    return numbers


def with_tracks(rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return rows whose tracks 1 to 40 have other numbers (40,)."""
    rows = rows.copy()
    told = rows[:, TRACK] > 0
    rows[told, TRACK] = numbers[rows[told, TRACK].astype(np.int64) - 1]
    return rows


def shuffled(rows: np.ndarray, vocabulary: Vocabulary, random: np.random.Generator) -> np.ndarray:
    """Return rows whose bars have the blocks of their tracks in any order (permutation invariance, level 1)."""
    event = rows[:, EVENT].astype(np.int64)
    edges = np.flatnonzero((vocabulary.bar_units[event] > 0) | (event == NEW_TRACK) | (event == EOS))
    # The head of a bar is a part of its own, which stays.
    parts = [rows[start:end] for start, end in zip(edges, [*edges[1:], len(rows)], strict=True)]
    made, blocks = [rows[: edges[0]] if len(edges) else rows], list[np.ndarray]()
    for part in parts:
        if part[0, EVENT] == NEW_TRACK:
            blocks.append(part)
            continue
        made += [blocks[index] for index in random.permutation(len(blocks))]
        made.append(part)
        blocks = []
    # The last bar may be cut: its blocks stay in their order.
    return np.concatenate([*made, *blocks])


def places_of(windows: np.ndarray, words: Words, recall: bool) -> np.ndarray:
    """Return where the rows of windows (n, rows, 5) stand, int64 (n, rows, 2), or 2 and `COLUMNS`; see `row_places`."""
    memory = Recall(words) if recall else None
    return np.stack([row_places(window, words.vocabulary, memory) for window in windows])


def row_places(rows: np.ndarray, vocabulary: Vocabulary, memory: Recall | None) -> np.ndarray:
    """Return the positions of rows (n, 5), int64 (n, 2), and behind them what a memory tells that begins with them."""
    places = positions(rows, vocabulary)
    if memory is None:
        return places
    memory.reset()
    return np.concatenate([places, memory.push(rows)], 1)
