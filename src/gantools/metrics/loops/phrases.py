"""Sets of phrases from MIDI files, kept in bits, of which those are cut that are measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gantools.errors import InputError
from gantools.metrics.loops.config import LoopsConfig
from gantools.metrics.metric import Conditions
from gantools.report.clip import Clip
from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import NoNotesError
from gantools.symbolic.phrases import NoPhraseError, PackedRolls, Piece, find_phrases
from gantools.symbolic.roll import BAR_STEPS, PITCHES, Roll

#: What sounds and what begins in some phrases, bool (n, steps, 57) each.
Rolls = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class PhraseSet:
    """The phrases of a set of files.

    Attributes
    ----------
    rolls : PackedRolls
    starts : int64 array (phrases,)
        First step of each.
    pieces : int64 array (phrases,)
        Number of the piece that each is from.
    steps : int
        Sixteenths of a phrase.
    """

    rolls: PackedRolls
    starts: np.ndarray
    pieces: np.ndarray
    steps: int

    def __len__(self) -> int:
        return len(self.starts)

    def kept(self, numbers: np.ndarray) -> PhraseSet:
        """Return a set of some of the phrases, by their rising numbers."""
        return PhraseSet(self.rolls, self.starts[numbers], self.pieces[numbers], self.steps)

    def drawn(self, count: int, seed: int, what: str, among: np.ndarray | None = None) -> np.ndarray:
        """Return the rising numbers of `count` phrases at random, or of all where there are no more.

        Parameters
        ----------
        count, seed : int
        what : str
            What they are drawn for: draws of different names are independent.
        among : int array, optional
            Numbers of the phrases to draw from.
        """
        numbers = np.arange(len(self)) if among is None else among
        if len(numbers) <= count:
            return numbers
        random = np.random.default_rng(item_seed(seed, "phrases", what))
        return np.sort(random.choice(numbers, count, replace=False))

    def cut(self, numbers: np.ndarray) -> Rolls:
        """Return the rolls of some phrases."""
        return self.rolls.windows(self.starts[numbers], self.steps)

    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the phrases of every other piece, and of the rest."""
        even = np.unique(self.pieces, return_inverse=True)[1] % 2 == 0
        return np.flatnonzero(even), np.flatnonzero(~even)


def made_phrases(clips: Sequence[Clip], config: LoopsConfig, conditions: Conditions) -> PhraseSet:
    """Return the phrases of generated files: each file cut end to end, whatever plays in it.

    A stretch that a file repeats counts once. A file without notes is a silent phrase: left out, it would flatter.

    Raises
    ------
    InputError
        No file has one.
    """
    collected = _Collected(config.bars)
    for clip in clips:
        try:
            piece = find_phrases(clip.path, config.bars, least_cells=0)
            collected.add(piece.roll, _different(piece, config.bars * BAR_STEPS))
        except NoNotesError:
            collected.add(_silence(config.bars), np.zeros(1, np.int64))
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    return collected.whole("generated")


def real_phrases(
    clips: Sequence[Clip], name: str, config: LoopsConfig, conditions: Conditions
) -> tuple[PhraseSet, Counter[str]]:
    """Return all phrases of real files, a bar apart, and why files have none -> how many they are.

    Of pieces with equal notes one counts.

    Raises
    ------
    InputError
        No file has one.
    """
    collected, passed, known = _Collected(config.bars), Counter[str](), set[str]()
    for clip in clips:
        try:
            piece = find_phrases(clip.path, config.bars, config.least_cells)
            if piece.hash in known:
                passed["with the notes of another"] += 1
            else:
                known.add(piece.hash)
                collected.add(piece.roll, piece.starts)
        # A song without a bass is no broken file.
        except NoPhraseError:
            passed[f"without {config.bars} bars of drums and bass in 4/4"] += 1
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    return collected.whole(name), passed


class _Collected:
    """A set of phrases that grows."""

    def __init__(self, bars: int) -> None:
        self.steps, self.rolls = bars * BAR_STEPS, PackedRolls()
        self.starts: list[np.ndarray] = []

    def add(self, roll: Roll, starts: np.ndarray) -> None:
        self.starts.append(starts + self.rolls.add(roll))

    def whole(self, name: str) -> PhraseSet:
        if not self.starts:
            raise InputError(f"none of the {name} files has a phrase of {self.steps // BAR_STEPS} bars in 4/4")
        pieces = np.repeat(np.arange(len(self.starts)), [len(one) for one in self.starts])
        return PhraseSet(self.rolls, np.concatenate(self.starts), pieces, self.steps)


def _silence(bars: int) -> Roll:
    nothing = np.zeros((bars * BAR_STEPS, PITCHES), bool)
    return Roll(nothing, nothing, np.arange(bars + 1) * BAR_STEPS)


def _different(piece: Piece, steps: int) -> np.ndarray:
    """Return the starts of phrases end to end, without those that sound like one before."""
    kept, known, free = [], set[bytes](), 0
    for start in piece.starts.tolist():
        if start < free:
            continue
        free = start + steps
        planes = (piece.roll.sounding[start:free], piece.roll.onsets[start + 1 : free])
        bits = b"".join(np.packbits(plane).tobytes() for plane in planes)
        if bits not in known:
            known.add(bits)
            kept.append(start)
    return np.array(kept, np.int64)
