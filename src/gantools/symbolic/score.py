"""A piece as notes: tracks, tempi and bars of any meter, in ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Tempo of a piece that names none (MIDI 1.0).
UNSAID_BPM = 120.0
#: Programs of General MIDI, counted from 0, that are basses.
BASS_PROGRAMS = range(32, 40)


@dataclass(frozen=True, eq=False)
class Track:
    """The notes of one part.

    Attributes
    ----------
    name : str
    program : int
        0 to 127, as General MIDI counts from 0; without meaning for drums.
    is_drum : bool
        On channel 10.
    onsets, lengths : int64 arrays (notes,)
        In ticks, onsets rising.
    pitches, velocities : int64 arrays (notes,)
        0 to 127; the pitch of a drum is its instrument.
    """

    name: str
    program: int
    is_drum: bool
    onsets: np.ndarray
    lengths: np.ndarray
    pitches: np.ndarray
    velocities: np.ndarray

    @property
    def is_bass(self) -> bool:
        """Whether its program is one of General MIDI's basses."""
        return not self.is_drum and self.program in BASS_PROGRAMS


@dataclass(frozen=True, eq=False)
class Bars:
    """The bars of a piece.

    Attributes
    ----------
    edges : int64 array (bars + 1,)
        Ticks at which the bars begin, and where the last one ends. A bar that a change of meter cuts short has its
        real length.
    numerators, denominators : int64 arrays (bars,)
        Meter of each bar.
    """

    edges: np.ndarray
    numerators: np.ndarray
    denominators: np.ndarray

    def __len__(self) -> int:
        return len(self.numerators)

    @property
    def meters(self) -> set[tuple[int, int]]:
        """All meters of the piece."""
        return set(zip(self.numerators.tolist(), self.denominators.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Score:
    """A piece of music as notes.

    Attributes
    ----------
    ticks_per_quarter : int
    tracks : sequence of Track
        Those with notes; of bars that were cut out of a piece also those that are silent there.
    tempo_ticks : int64 array (tempi,)
        Where each tempo begins, the first at 0.
    tempo_bpm : float64 array (tempi,)
        Quarters per minute.
    bars : Bars
        Up to the end of the last note.
    remarks : sequence of str
        What the file does not say and was assumed, a sentence each.
    """

    ticks_per_quarter: int
    tracks: Sequence[Track]
    tempo_ticks: np.ndarray
    tempo_bpm: np.ndarray
    bars: Bars
    remarks: Sequence[str] = ()

    @property
    def end(self) -> int:
        """Tick at which the last note ends; 0 without notes."""
        return max((int((track.onsets + track.lengths).max(initial=0)) for track in self.tracks), default=0)

    @property
    def bpm(self) -> float:
        """The tempo that lasts longest, in quarters per minute."""
        lasting = np.diff(np.append(self.tempo_ticks, max(self.end, int(self.tempo_ticks[-1]) + 1))) / self.tempo_bpm
        return float(self.tempo_bpm[int(np.argmax(lasting))])

    def seconds(self, ticks: np.ndarray | int) -> np.ndarray:
        """Return when ticks sound, float64 seconds from the start."""
        per_tick = 60.0 / (self.tempo_bpm * self.ticks_per_quarter)
        at = np.concatenate([[0.0], np.cumsum(np.diff(self.tempo_ticks) * per_tick[:-1])])
        index = np.maximum(np.searchsorted(self.tempo_ticks, ticks, side="right") - 1, 0)
        return np.asarray(at[index] + (np.asarray(ticks) - self.tempo_ticks[index]) * per_tick[index])
