"""Phrases: the windows of some bars of a piece in which drums and bass play, all in 4/4.

Han et al., "Symbolic Music Loop Generation with Neural Discrete Representations", section 3.1.2: 8 bars of 16
sixteenths, a bar apart; the authors' program keeps those in which drums and bass each fill 32 cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.errors import InputError
from gantools.files.hashing import hash_bytes
from gantools.symbolic.midi import read_midi
from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS, PITCHES, Roll, drums_and_bass


class NoPhraseError(InputError):
    """A piece that can be read and has no phrase; the message says why."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece, and where its phrases are.

    Attributes
    ----------
    roll : Roll
        Drums and bass.
    starts : int64 array (phrases,)
        First step of each phrase.
    bpm : float
        The tempo that lasts longest.
    passed : dict of str to int
        Why windows are no phrases -> how many.
    """

    roll: Roll
    starts: np.ndarray
    bpm: float
    passed: Mapping[str, int]

    @property
    def hash(self) -> str:
        """Hash of the notes on the grid: pieces that sound the same have one."""
        return hash_bytes(np.packbits(self.roll.sounding).tobytes() + np.packbits(self.roll.onsets).tobytes())


class PackedRolls:
    """Rolls of 57 columns end to end, in 16 bytes a sixteenth, from which windows are cut when they are needed."""

    def __init__(self) -> None:
        self._parts = [np.zeros((2, 0, -(-PITCHES // 8)), np.uint8)]
        self._size = 0

    def add(self, roll: Roll) -> int:
        """Add a roll; return the step at which it begins."""
        packed = np.packbits(np.stack([roll.sounding, roll.onsets]), axis=2)
        self._parts.append(packed)
        self._size += packed.shape[1]
        return self._size - packed.shape[1]

    def windows(self, starts: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what sounds and what begins from some steps on, two bool arrays (n, steps, 57)."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts, axis=1)]
        packed = self._parts[0][:, np.asarray(starts, np.int64)[:, None] + np.arange(steps)]
        sounding, onsets = np.unpackbits(packed, axis=3, count=PITCHES).astype(bool)
        # What was held into a window begins with it.
        onsets[:, 0] |= sounding[:, 0]
        return sounding, onsets


def find_phrases(path: str | Path, bars: int, least_cells: int) -> Piece:
    """Read a MIDI file and find its phrases, one bar apart.

    Parameters
    ----------
    path : str or Path
    bars : int
    least_cells : int
        Cells of the roll that drums and bass must each fill. With 0 a phrase may lack either, or be silent.

    Raises
    ------
    InputError
        It cannot be read.
    NoPhraseError
        It has no phrase.
    """
    score = read_midi(path)
    try:
        roll = drums_and_bass(score)
    except InputError as error:
        raise NoPhraseError(error.message, path) from error
    drums, bass = roll.sounding[:, :DRUM_ROWS], roll.sounding[:, DRUM_ROWS:]
    for part, cells in (("drums", drums), ("bass", bass)):
        if least_cells and not cells.any():
            raise NoPhraseError(f"has no {part}", path)
    # Bars of four quarters; the phrases of a piece in several meters are those between the changes.
    whole = (np.diff(roll.edges) == BAR_STEPS) & (score.bars.numerators == 4) & (score.bars.denominators == 4)
    if not whole.any():
        meters = ", ".join(f"{n}/{d}" for n, d in sorted(score.bars.meters))
        raise NoPhraseError(f"is not in 4/4 but in {meters}", path)
    if len(whole) < bars:
        raise NoPhraseError(f"has {len(whole)} bars, fewer than the {bars} of a phrase", path)
    runs = np.convolve(whole, np.ones(bars, int), "valid") == bars
    counts = np.stack([drums.sum(1), bass.sum(1)])
    total = np.concatenate([np.zeros((2, 1), int), np.cumsum(counts, axis=1)], axis=1)
    first = roll.edges[: len(runs)][runs]
    filled = (total[:, first + bars * BAR_STEPS] - total[:, first]).min(axis=0) >= least_cells
    if not filled.any():
        raise NoPhraseError(f"has no {bars} bars in which drums and bass both play", path)
    passed = {
        "in another meter": int(np.count_nonzero(~runs)),
        "nearly empty": int(np.count_nonzero(~filled)),
    }
    return Piece(roll, first[filled], score.bpm, passed)
