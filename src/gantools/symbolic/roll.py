"""Piano rolls: notes on a grid of sixteenths, drums and bass side by side, with onsets beside what sounds.

Han et al., "Symbolic Music Loop Generation with Neural Discrete Representations", section 3.1.2: columns 0 to 8 are
nine drums, the others pitches. The paper's roll has one plane, so that a repeated note looks like a held one; here a
second plane has the onsets, and no note is lost on the way to MIDI and back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gantools.errors import InputError
from gantools.symbolic.score import Bars, Score, Track

#: Sixteenths of a quarter.
STEPS_PER_QUARTER = 4
#: Sixteenths of a bar of 4/4 (T in the paper).
BAR_STEPS = 16
#: The nine drums as General MIDI numbers them: kick, snare, closed hi-hat, low tom, open hi-hat, mid tom, crash, high
#: tom, ride; and the drums that each stands for.
DRUMS = (35, 38, 42, 45, 46, 48, 49, 50, 51)
_MERGED = ((35, 36), (37, 38, 39, 40), (42, 44), (41, 43, 45), (46,), (47, 48), (49, 55, 57), (50,), (51, 59))
DRUM_NAMES = ("kick", "snare", "closed hi-hat", "low tom", "open hi-hat", "mid tom", "crash", "high tom", "ride")
DRUM_ROWS = len(DRUMS)
#: C1 to B4.
BASS_LOW, BASS_PITCHES = 24, 48
#: C1 to B7, for rolls of all pitched parts.
FULL_LOW, FULL_PITCHES = 24, 84
#: Columns of a roll of drums and bass (P in the paper).
PITCHES = DRUM_ROWS + BASS_PITCHES

#: Names of basses, and not of bassoons and bass drums.
_BASS_NAME = re.compile(r"bass(?!oon|[ _-]*drum)", re.IGNORECASE)

#: Row of each note of channel 10, -1 where there is none.
DRUM_COLUMN = np.full(128, -1, np.int64)
for _column, _group in enumerate(_MERGED):
    DRUM_COLUMN[list(_group)] = _column


@dataclass(frozen=True, eq=False)
class Roll:
    """Notes on a grid.

    Attributes
    ----------
    sounding : bool array (steps, pitches)
        Whether a note sounds; a drum sounds for one step.
    onsets : bool array (steps, pitches)
        Whether one begins; never where none sounds.
    edges : int64 array (bars + 1,)
        Steps at which the bars begin, and where the last one ends.
    remarks : sequence of str
        Which parts were taken for the bass, and what was left out, a sentence each.
    """

    sounding: np.ndarray
    onsets: np.ndarray
    edges: np.ndarray
    remarks: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.edges) - 1

    def window(self, first_bar: int, bars: int) -> Roll:
        """Return some bars as a roll of their own. Notes that were held into them begin with them."""
        start, stop = int(self.edges[first_bar]), int(self.edges[first_bar + bars])
        onsets = self.onsets[start:stop].copy()
        onsets[0] |= self.sounding[start]
        return Roll(self.sounding[start:stop], onsets, self.edges[first_bar : first_bar + bars + 1] - start)


def bar_steps(bars: Bars) -> np.ndarray:
    """Return the sixteenths of each bar by its meter, int64 (bars,), at least 1."""
    return np.maximum(1, np.ceil(BAR_STEPS * bars.numerators / bars.denominators)).astype(np.int64)


def steps_of(score: Score, ticks: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the nearest steps to ticks, int64.

    Parameters
    ----------
    score : Score
    ticks : int64 array
    edges : int64 array (bars + 1,)
        Steps at which the bars begin.
    """
    starts = score.bars.edges
    bar = np.clip(np.searchsorted(starts, ticks, side="right") - 1, 0, len(score.bars) - 1)
    # The sixteenth as the meter counts it, also in a bar that is cut short: its onsets keep their places.
    quarter = score.ticks_per_quarter
    inside = np.floor((ticks - starts[bar]) * STEPS_PER_QUARTER / quarter + 0.5).astype(np.int64)
    return np.asarray(np.minimum(edges[bar] + inside, edges[-1]))


def roll_edges(score: Score) -> np.ndarray:
    """Return the steps at which the bars of a score begin, int64 (bars + 1,)."""
    lengths = np.round(np.diff(score.bars.edges) * STEPS_PER_QUARTER / score.ticks_per_quarter).astype(np.int64)
    return np.concatenate([[0], np.cumsum(np.clip(lengths, 1, bar_steps(score.bars)))])


def find_bass(score: Score) -> tuple[list[Track], str]:
    """Return the parts that play the bass, and a sentence on how they were found.

    Those with one of General MIDI's basses; else those that are called bass; else the pitched part whose notes lie
    lowest, if their middle lies below C4 and few of them sound together.
    """
    pitched = [track for track in score.tracks if not track.is_drum]
    if basses := [track for track in pitched if track.is_bass]:
        return basses, ""
    if basses := [track for track in pitched if called_bass(track)]:
        return basses, f"bass by name: {', '.join(track.name for track in basses)}"
    low = [track for track in pitched if np.median(track.pitches) < 60 and _polyphony(track) < 1.5]
    if low:
        track = min(low, key=lambda track: float(np.median(track.pitches)))
        return [track], f"the lowest part is taken for the bass: {track.name or f'program {track.program}'}"
    return [], "no bass"


def called_bass(track: Track) -> bool:
    """Tell whether a part is a bass by its name."""
    return not track.is_drum and bool(_BASS_NAME.search(track.name))


def _polyphony(track: Track) -> float:
    """Return the mean number of notes that begin together."""
    return len(track.onsets) / len(np.unique(track.onsets))


def drums_and_bass(score: Score) -> Roll:
    """Return the roll of the paper: nine drums, and 48 pitches of the bass, of which the lowest sounds alone.

    All parts on channel 10 are one drum kit, all basses one bass. Bass notes beyond C1 to B4 move by octaves into it.

    Raises
    ------
    InputError
        There is neither a drum nor a bass.
    """
    edges = roll_edges(score)
    roll = np.zeros((2, int(edges[-1]), PITCHES), bool)
    remarks = []
    drums = [track for track in score.tracks if track.is_drum]
    if dropped := sum(_place_drums(roll, score, track, edges) for track in drums):
        remarks.append(f"{dropped} hits of drums that none of the nine stands for are left out")
    basses, how = find_bass(score)
    remarks += [how] if how else []
    for track in basses:
        _place_notes(roll[:, :, DRUM_ROWS:], score, track, edges, BASS_LOW, BASS_PITCHES)
    if not drums and not basses:
        raise InputError("holds neither drums nor a bass")
    _keep_lowest(roll[:, :, DRUM_ROWS:])
    return Roll(roll[0], roll[1], edges, tuple(remarks) if drums else (*remarks, "no drums"))


def all_parts(score: Score) -> Roll:
    """Return a roll of nine drums and of 84 pitches, C1 to B7, of all other parts together."""
    edges = roll_edges(score)
    roll = np.zeros((2, int(edges[-1]), DRUM_ROWS + FULL_PITCHES), bool)
    for track in score.tracks:
        if track.is_drum:
            _place_drums(roll, score, track, edges)
        else:
            _place_notes(roll[:, :, DRUM_ROWS:], score, track, edges, FULL_LOW, FULL_PITCHES)
    return Roll(roll[0], roll[1], edges)


def _place_drums(roll: np.ndarray, score: Score, track: Track, edges: np.ndarray) -> int:
    """Enter the hits of a drum part; return how many have no column."""
    columns = DRUM_COLUMN[np.clip(track.pitches, 0, 127)]
    steps = steps_of(score, track.onsets, edges)
    inside = (columns >= 0) & (steps < len(roll[0]))
    roll[:, steps[inside], columns[inside]] = True
    return int(np.count_nonzero(columns < 0))


def _place_notes(roll: np.ndarray, score: Score, track: Track, edges: np.ndarray, low: int, pitches: int) -> None:
    """Enter the notes of a pitched part into planes (2, steps, pitches)."""
    start = steps_of(score, track.onsets, edges)
    stop = np.maximum(steps_of(score, track.onsets + track.lengths, edges), start + 1)
    column = np.asarray(track.pitches) - low
    column = np.where(column < 0, column % 12, column)
    column = np.where(column >= pitches, pitches - 12 + (column - pitches) % 12, column)
    inside = start < roll.shape[1]
    start, stop, column = start[inside], np.minimum(stop[inside], roll.shape[1]), column[inside]
    # One pass for all notes: where more have begun than ended, one sounds.
    change = np.zeros((roll.shape[1] + 1, pitches), np.int32)
    np.add.at(change, (start, column), 1)
    np.add.at(change, (stop, column), -1)
    roll[0] |= np.cumsum(change[:-1], axis=0) > 0
    roll[1][start, column] = True


def _keep_lowest(planes: np.ndarray) -> None:
    """Silence all but the lowest sounding pitch of each step; one that is uncovered in its middle begins there."""
    sounding, onsets = planes
    lowest = np.zeros_like(sounding)
    steps = np.flatnonzero(sounding.any(axis=1))
    lowest[steps, sounding[steps].argmax(axis=1)] = True
    before = np.zeros_like(lowest)
    before[1:] = lowest[:-1]
    onsets &= lowest
    onsets |= lowest & ~before
    sounding &= lowest


def score_of(
    roll: Roll,
    bpm: float,
    *,
    velocities: tuple[int, int] = (90, 80),
    program: int = 34,
    ticks_per_quarter: int = 480,
) -> Score:
    """Return a roll of drums and bass in 4/4 as a score: a part on channel 10, and a bass.

    Every note is kept, also one that sounds once in the piece, and repeated ones stay apart.

    Parameters
    ----------
    roll : Roll
        Of 57 columns.
    bpm : float
    velocities : (int, int)
        Of drums and bass (the paper's program: 90 and 80).
    program : int
        Sound of the bass; 34 is the electric bass, picked.
    ticks_per_quarter : int
    """
    step = ticks_per_quarter // STEPS_PER_QUARTER
    tracks = []
    for name, columns, is_drum in (("drums", slice(0, DRUM_ROWS), True), ("bass", slice(DRUM_ROWS, None), False)):
        onset_steps, rows = np.nonzero(roll.onsets[:, columns])
        if not len(onset_steps):
            continue
        ends = _note_ends(roll.sounding[:, columns], roll.onsets[:, columns], onset_steps, rows)
        pitches = np.array(DRUMS)[rows] if is_drum else rows + BASS_LOW
        loud = np.full(len(rows), velocities[0 if is_drum else 1], np.int64)
        lengths = (ends - onset_steps) * step
        tracks.append(Track(name, 0 if is_drum else program, is_drum, onset_steps * step, lengths, pitches, loud))
    bars = len(roll)
    meter = np.full(bars, 4, np.int64)
    grid = Bars(roll.edges.astype(np.int64) * step, meter, meter)
    return Score(ticks_per_quarter, tuple(tracks), np.zeros(1, np.int64), np.array([float(bpm)]), grid)


def _note_ends(sounding: np.ndarray, onsets: np.ndarray, steps: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the step at which each note ends: where its pitch rests, or begins anew."""
    size = len(sounding)
    stops = ~sounding | onsets
    # From behind: for each place the next step that ends what sounds there.
    index = np.where(stops, np.arange(size)[:, None], size)
    following = np.minimum.accumulate(index[::-1], axis=0)[::-1]
    padded = np.concatenate([following, np.full((1, sounding.shape[1]), size)])
    return np.asarray(padded[steps + 1, rows])
