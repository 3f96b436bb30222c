"""A piece on a grid: bars, tracks and notes in whole units, as rows can say them, made from MIDI and made to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gantools.errors import InputError
from gantools.symbolic.midi import TICKS_PER_QUARTER
from gantools.symbolic.score import Bars, Score, Track

#: What stands for drums among programs, 0 to 127.
DRUMS = 128
MOST_TRACKS = 40
#: Longest bar, and longest note that one row says, in quarters.
BAR_QUARTERS, NOTE_QUARTERS = 12, 4
ONSET, TRACK, PITCH, LENGTH, VELOCITY = range(5)


@dataclass(frozen=True, eq=False)
class GridScore:
    """A piece of music in whole units of a grid.

    Attributes
    ----------
    grid : int
        Units of a quarter.
    edges : int64 array (bars + 1,)
        Where bars begin, and where the last one ends, in units. No bar is longer than twelve quarters.
    meters : int64 array (bars, 2)
        Numerator and denominator of each bar; a bar that is cut short has those of the whole one.
    tempi : float64 array (bars,)
        Quarters per minute over each bar, as long as the bar lasts in the piece.
    programs : int64 array (tracks,)
        0 to 127, or `DRUMS`. At most 40 tracks.
    names : tuple of str
        Of the tracks.
    notes : int64 array (notes, 5)
        Onset, track, pitch, length and velocity, by onset, track and pitch; no two of one onset, track and pitch.
    remarks : tuple of str
        What was changed to get here, a sentence each.
    """

    grid: int
    edges: np.ndarray
    meters: np.ndarray
    tempi: np.ndarray
    programs: np.ndarray
    names: tuple[str, ...]
    notes: np.ndarray
    remarks: tuple[str, ...] = ()

    @property
    def bars(self) -> int:
        """Number of bars."""
        return len(self.meters)

    @property
    def pitched(self) -> np.ndarray:
        """The notes of all parts but drums."""
        return self.notes[self.programs[self.notes[:, TRACK]] != DRUMS]

    def cut(self, first: int, count: int) -> GridScore:
        """Return some bars, with the notes that begin in them; a note may ring beyond the last one."""
        start, end = self.edges[first], self.edges[first + count]
        inside = (self.notes[:, ONSET] >= start) & (self.notes[:, ONSET] < end)
        notes = self.notes[inside]
        bars = slice(first, first + count)
        edges = self.edges[first : first + count + 1] - start
        notes = notes - np.array([start, 0, 0, 0, 0])
        return replace(self, edges=edges, meters=self.meters[bars], tempi=self.tempi[bars], notes=notes, remarks=())


def on_grid(score: Score, grid: int) -> GridScore:
    """Return a piece on a grid.

    Parameters
    ----------
    score : Score
    grid : int
        Units of a quarter: 24 holds sixteenths, triplets and 32nds; the authors' program has 8.

    Raises
    ------
    InputError
        It has no notes.

    Notes
    -----
    Times are rounded by themselves, never summed, so that nothing drifts. All drums become one track, as they share one
    channel. Of notes of equal onset, track and pitch the longest stays. A note longer than four quarters that is still
    held where its own track strikes the same pitch again, a multiple of four quarters later, ends there: rows say a
    long note as a chain of four quarters each.
    """
    if not score.tracks or not any(len(track.onsets) for track in score.tracks):
        raise InputError("holds no notes")
    edges, meters, tempi = _bars(score, grid)
    tracks, remarks = _joined(score.tracks)
    columns = []
    for number, (_, _, parts) in enumerate(tracks):
        for part in parts:
            onsets = _units(part.onsets, score.ticks_per_quarter, grid)
            lengths = np.maximum(_units(part.onsets + part.lengths, score.ticks_per_quarter, grid) - onsets, 1)
            number_ = np.full(len(onsets), number)
            columns.append(np.stack([onsets, number_, part.pitches, lengths, part.velocities], 1))
    notes = _distinct(np.concatenate(columns).astype(np.int64))
    notes = unchained(notes, NOTE_QUARTERS * grid)
    while edges[-1] <= notes[-1, ONSET]:
        edges = np.append(edges, 2 * edges[-1] - edges[-2])
        meters, tempi = np.append(meters, meters[-1:], 0), np.append(tempi, tempi[-1:])
    programs = np.array([program for program, _, _ in tracks], np.int64)
    names = tuple(name for _, name, _ in tracks)
    return GridScore(grid, edges, meters, tempi, programs, names, notes, (*score.remarks, *remarks))


def _units(ticks: np.ndarray, per_quarter: int, grid: int) -> np.ndarray:
    """Return the nearest units, halves upwards, in whole numbers."""
    return np.asarray((2 * ticks * grid + per_quarter) // (2 * per_quarter))


def _bars(score: Score, grid: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges, meters and tempi of bars of at most twelve quarters."""
    edges, meters = _units(score.bars.edges, score.ticks_per_quarter, grid), []
    made = [int(edges[0])]
    longest = BAR_QUARTERS * grid
    for start, end, *meter in zip(
        edges[:-1].tolist(), edges[1:].tolist(), score.bars.numerators.tolist(), score.bars.denominators.tolist(),
        strict=True,
    ):  # fmt: skip
        # A change of meter within less than half a unit leaves a bar of no length.
        parts = -(-(end - start) // longest)
        for part in range(parts):
            made.append(start + (end - start) * (part + 1) // parts)
            meters.append(meter)
    if not meters:
        made, meters = [0, 4 * grid], [[4, 4]]
    at = np.array(made, np.int64)
    seconds = score.seconds(at * score.ticks_per_quarter // grid)
    quarters = np.diff(at) / grid
    tempi = 60 * quarters / np.maximum(np.diff(seconds), 1e-6)
    return at, np.array(meters, np.int64), tempi


_Joined = tuple[int, str, list[Track]]


def _joined(tracks: Sequence[Track]) -> tuple[list[_Joined], list[str]]:
    """Return (program, name, tracks) of at most 40 parts: all drums in one, and the sparsest ones joined."""
    parts: list[_Joined] = []
    drums: list[Track] = []
    for track in tracks:
        if not len(track.onsets):
            continue
        if not track.is_drum:
            parts.append((track.program, track.name, [track]))
        elif drums:
            drums.append(track)
        else:
            drums.append(track)
            parts.append((DRUMS, track.name, drums))
    count = len(parts)
    while len(parts) > MOST_TRACKS:
        sizes = [sum(len(track.onsets) for track in part[2]) for part in parts]
        order = [index for index in np.argsort(sizes, kind="stable").tolist() if parts[index][0] != DRUMS]
        # The sparsest part that has another one of its program, or of its family, or any other.
        gone, kept = next(
            (one, other)
            for alike in (lambda a, b: a == b, lambda a, b: a // 8 == b // 8, lambda a, b: True)
            for at, one in enumerate(order)
            for other in order[at + 1 :]
            if alike(parts[one][0], parts[other][0])
        )
        parts[kept][2].extend(parts[gone][2])
        del parts[gone]
    said = [f"has {count} tracks; the sparsest were joined to make {MOST_TRACKS}"] if count > MOST_TRACKS else []
    return parts, said


def _distinct(notes: np.ndarray) -> np.ndarray:
    """Return notes by onset, track and pitch, the longest of those that share all three."""
    order = np.lexsort((-notes[:, LENGTH], notes[:, PITCH], notes[:, TRACK], notes[:, ONSET]))
    notes = notes[order]
    same = (notes[1:, : PITCH + 1] == notes[:-1, : PITCH + 1]).all(axis=1)
    return notes[np.append(True, ~same)]


def unchained(notes: np.ndarray, longest: int) -> np.ndarray:
    """Return notes of which no chain of `longest` units meets the onset of another one of its pitch."""
    long = np.flatnonzero(notes[:, LENGTH] > longest)
    if not len(long):
        return notes
    struck = set(map(tuple, notes[:, : PITCH + 1].tolist()))
    notes = notes.copy()
    for index in long.tolist():
        onset, track, pitch, length = notes[index, :VELOCITY].tolist()
        for held in range(longest, length, longest):
            if (onset + held, track, pitch) in struck:
                notes[index, LENGTH] = held
                break
    # Earlier notes of the pitch end no later, in the order in which MIDI tells the ends of notes that overlap.
    order = np.lexsort((notes[:, ONSET], notes[:, PITCH], notes[:, TRACK]))
    ends = notes[:, ONSET] + notes[:, LENGTH]
    for here, after in zip(order[-2::-1].tolist(), order[:0:-1].tolist(), strict=True):
        if ends[here] > ends[after] and (notes[here, TRACK : PITCH + 1] == notes[after, TRACK : PITCH + 1]).all():
            ends[here] = ends[after]
    notes[:, LENGTH] = ends - notes[:, ONSET]
    return notes


def without_overlaps(notes: np.ndarray) -> np.ndarray:
    """Return notes of which each ends before its track strikes its pitch again: MIDI cannot tell their ends apart."""
    order = np.lexsort((notes[:, ONSET], notes[:, PITCH], notes[:, TRACK]))
    notes = notes.copy()
    here, after = order[:-1], order[1:]
    same = (notes[here, TRACK] == notes[after, TRACK]) & (notes[here, PITCH] == notes[after, PITCH])
    here, after = here[same], after[same]
    notes[here, LENGTH] = np.minimum(notes[here, LENGTH], notes[after, ONSET] - notes[here, ONSET])
    return notes


def meter_of(units: int, grid: int) -> tuple[int, int]:
    """Return a meter of a bar of so many units, exact where a 128th is a whole number of units' part."""
    for denominator in (4, 8, 16, 32, 64, 128):
        if units * denominator % (4 * grid) == 0:
            return units * denominator // (4 * grid), denominator
    # Triplets have no meter in MIDI: a little longer, and the next bar's meter cuts it.
    return -(-units * 32 // (4 * grid)), 32


def to_midi(score: GridScore, bpm: float = 0.0) -> Score:
    """Return a piece on a grid as a piece in ticks, for `gantools.symbolic.midi.write_midi`.

    Parameters
    ----------
    score : GridScore
    bpm : float
        Tempo of the whole piece; 0 takes those of its bars.
    """
    per_unit = TICKS_PER_QUARTER // score.grid
    tracks = []
    for number, (program, name) in enumerate(zip(score.programs.tolist(), score.names, strict=True)):
        own = score.notes[score.notes[:, TRACK] == number]
        if not len(own):
            continue
        onsets, _, pitches, lengths, velocities = own.T
        tracks.append(
            Track(name, program % DRUMS, program == DRUMS, onsets * per_unit, lengths * per_unit, pitches, velocities)
        )
    tempi = np.full(score.bars, bpm) if bpm else score.tempi
    changed = np.append(True, np.abs(np.diff(tempi)) > 1e-6 * tempi[1:])
    meters = _told(score)
    bars = Bars(score.edges * per_unit, meters[:, 0], meters[:, 1])
    return Score(TICKS_PER_QUARTER, tuple(tracks), (score.edges[:-1] * per_unit)[changed], tempi[changed], bars)


def _told(score: GridScore) -> np.ndarray:
    """Return meters by which the bars are found again: one that is cut short has a meter of its own."""
    meters = score.meters.copy()
    whole = 4 * score.grid * meters[:, 0] == meters[:, 1] * np.diff(score.edges)
    for bar in np.flatnonzero(~whole).tolist():
        numerator, denominator = meter_of(int(score.edges[bar + 1] - score.edges[bar]), score.grid)
        while bar and (numerator, denominator) == tuple(meters[bar - 1]) and denominator < 128:
            numerator, denominator = 2 * numerator, 2 * denominator
        meters[bar] = numerator, denominator
    return meters
