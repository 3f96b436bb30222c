"""Phrases of drums and bass from MIDI files: windows of some bars, one bar apart, kept in bits.

Han et al., section 3.1.2: 8 bars of 16 sixteenths, music in 4/4 only, drums and bass in the columns of a binary roll.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gantools.chunks.splits import SPLITS, assign
from gantools.errors import ConfigError, InputError
from gantools.models.shipped import find_model
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.structure.loops.detector import open_detector
from gantools.symbolic.phrases import PackedRolls, Piece, find_phrases
from gantools.symbolic.roll import BAR_STEPS, BASS_PITCHES, DRUM_ROWS, PITCHES, Roll
from gantools.systems.loops.config import PhraseConfig
from gantools.systems.loops.styles import draw_styled

#: Rows of the tensor that the networks see: the paper's 57, and whether the bass strikes a note anew.
ROWS = PITCHES + 1


class Phrases:
    """All phrases of a set of MIDI files, in some 16 bytes a sixteenth.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name and path of each piece.
    config : PhraseConfig
    tick : callable, optional
        Called after each file.

    Attributes
    ----------
    starts : dict of str to int64 array
        ``train``, ``val`` and ``test`` to the first steps of their phrases.
    split : dict of str to list of str
        The same to the names of pieces.
    bpm : dict of str to float
        Main tempo of each piece.
    sounds : dict of str to str
        Name of each piece to the hash of its notes on the grid.
    generated : int
        How many of the last phrases of ``train`` are generated ones.
    notes, left_out : list of str
        What the user has to know, and a line for each file that was left out, with the reason.

    Raises
    ------
    ConfigError
        No phrase is left to train on; the message says why.
    """

    def __init__(
        self, files: Sequence[tuple[str, Path]], config: PhraseConfig, tick: Callable[[], None] = lambda: None
    ) -> None:
        self.config, self.steps = config, config.bars * BAR_STEPS
        self.notes: list[str] = []
        self.left_out: list[str] = []
        self.sounds: dict[str, str] = {}
        self.bpm: dict[str, float] = {}
        self.split: dict[str, list[str]] = {side: [] for side in SPLITS}
        self.generated = 0
        self._passed: Counter[str] = Counter()
        known: dict[str, str] = {}
        self._rolls = PackedRolls()
        starts: dict[str, list[np.ndarray]] = {side: [] for side in SPLITS}
        for key, path in files:
            try:
                piece = self._read(key, path, known)
            except InputError as error:
                self.left_out.append(f"{error}; left out" if error.path else f"{path}: {error}; left out")
                tick()
                continue
            side = assign(key, parsed(config, "split"), parsed(config, "val_songs"), parsed(config, "test_songs"))
            starts[side].append(piece.starts + self._rolls.add(piece.roll))
            self.split[side].append(key)
            tick()
        self.starts = {side: np.concatenate([np.zeros(0, np.int64), *found]) for side, found in starts.items()}
        self._check(len(files))

    def _read(self, key: str, path: Path, known: dict[str, str]) -> Piece:
        """Return a piece that is not among the `known` ones."""
        piece = find_phrases(path, self.config.bars, self.config.least_cells)
        hash_ = piece.hash
        if hash_ in known:
            raise InputError(f"has the notes of {known[hash_]}", path)
        self._passed.update(piece.passed)
        known[hash_] = str(path)
        self.sounds[key], self.bpm[key] = hash_, piece.bpm
        return piece

    def _check(self, files: int) -> None:
        train, val = len(self.starts["train"]), len(self.starts["val"])
        if not train:
            why = f"; {self.left_out[0]}" if self.left_out else ""
            raise ConfigError(f"no phrase to train on in {files} MIDI files{why}")
        if not val:
            # Better judged on what it learns from than not at all; the note says so.
            self.starts["val"] = self.starts["train"]
            self.notes.append("no piece fell into val: validated on the training phrases; name some with --val-songs")
        passed = ", ".join(f"{count:,} {why}" for why, count in self._passed.items() if count)
        self.notes.append(f"{train:,} phrases to train on, {val:,} to validate" + (f"; {passed}" if passed else ""))

    def extend(self, key: str, sounding: np.ndarray, onsets: np.ndarray) -> None:
        """Add phrases to train on.

        Parameters
        ----------
        key : str
            What they are called in `notes`.
        sounding, onsets : bool arrays (n, steps, 57)
        """
        edges = np.arange(0, self.steps + 1, BAR_STEPS)
        first = [self._rolls.add(Roll(*planes, edges)) for planes in zip(sounding, onsets, strict=True)]
        self.starts["train"] = np.concatenate([self.starts["train"], np.array(first, np.int64)])
        self.generated += len(first)
        self.notes.append(f"{len(sounding):,} {key} to train on besides")

    def select(self, accept: Callable[[np.ndarray], np.ndarray], block: int = 4096) -> None:
        """Keep the phrases that a function accepts.

        Parameters
        ----------
        accept : callable
            bool (n, steps, 57), what sounds, to bool (n,).
        block : int
            Phrases at a time.
        """
        for side, starts in self.starts.items():
            kept = [accept(self.rolls(starts[i : i + block])[0]) for i in range(0, len(starts), block)]
            self.starts[side] = starts[np.concatenate([np.zeros(0, bool), *kept])]

    def rolls(self, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what sounds and what begins in the phrases at some steps, two bool arrays (n, steps, 57)."""
        return self._rolls.windows(starts, self.steps)

    def cells(self, starts: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """Return phrases as the networks see them, float32 (n, 58, steps); see `to_cells`.

        Parameters
        ----------
        starts : int array (n,)
        shifts : int array (n,), optional
            Semitones by which each bass is moved; one that would leave C1 to B4 stays.
        """
        sounding, onsets = self.rolls(starts)
        if shifts is not None:
            for index, shift in enumerate(np.asarray(shifts).tolist()):
                for plane in (sounding, onsets):
                    plane[index] = moved(plane[index], shift, sounding[index])
        return to_cells(sounding, onsets)


def moved(plane: np.ndarray, shift: int, sounding: np.ndarray) -> np.ndarray:
    """Return a plane (steps, 57) with its bass moved by semitones, unless that leads out of the four octaves."""
    used = np.flatnonzero(sounding[:, DRUM_ROWS:].any(axis=0))
    if not shift or not len(used) or used[0] + shift < 0 or used[-1] + shift >= BASS_PITCHES:
        return plane
    return np.concatenate([plane[:, :DRUM_ROWS], np.roll(plane[:, DRUM_ROWS:], shift, axis=1)], axis=1)


def to_cells(sounding: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """Return rolls as the networks see them.

    The paper's 57 rows, and a 58th that has the onsets of the bass: it plays one note at a time, so one row tells
    repeated notes from held ones.

    Parameters
    ----------
    sounding, onsets : bool arrays (n, steps, 57)

    Returns
    -------
    float32 array (n, 58, steps)
    """
    strikes = onsets[:, :, DRUM_ROWS:].any(axis=2, keepdims=True)
    return np.concatenate([sounding, strikes], axis=2).transpose(0, 2, 1).astype(np.float32)


def from_cells(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what sounds and what begins of cells, two bool arrays (n, steps, 57); the inverse of `to_cells`.

    Cells of the paper's 57 rows have no onsets of the bass: a note begins where its pitch did not sound before.

    Parameters
    ----------
    cells : bool array (n, 57 or 58, steps)
    """
    rows = np.asarray(cells, bool).transpose(0, 2, 1)
    sounding = rows[:, :, :PITCHES]
    begins = sounding.copy()
    begins[:, 1:, DRUM_ROWS:] &= ~sounding[:, :-1, DRUM_ROWS:]
    if rows.shape[2] > PITCHES:
        begins[:, :, DRUM_ROWS:] |= sounding[:, :, DRUM_ROWS:] & rows[:, :, PITCHES:]
    return sounding, begins


def open_phrases(
    files: Sequence[tuple[str, Path]], config: PhraseConfig, tick: Callable[[], None] = lambda: None
) -> Phrases:
    """Return the phrases that a system learns from: those of the files that are loops, and generated patterns.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name and path of each piece.
    config : PhraseConfig
    tick : callable, optional
        Called after each file.

    Raises
    ------
    ConfigError
        No phrase is left to train on, or the detector has no network for phrases of this length.
    ModelError
        The detector cannot be opened.
    """
    phrases = Phrases(files, config, tick)
    if config.only_loops:
        _keep_loops(phrases, config)
    if config.patterns:
        sounding, onsets = draw_styled(config.patterns, config.bars, item_seed(config.seed, "patterns"))
        phrases.extend("generated patterns", sounding, onsets)
    return phrases


def _keep_loops(phrases: Phrases, config: PhraseConfig) -> None:
    """Keep the phrases that the loop detector accepts (section 3.2.2)."""
    detector = open_detector(find_model(config.detector) if config.detector else None)
    limit = detector.threshold(config.bars, "midi")
    before = {side: len(starts) for side, starts in phrases.starts.items()}
    phrases.select(lambda sounding: detector.roll_scores(sounding, config.bars) <= limit)
    train, val = len(phrases.starts["train"]), len(phrases.starts["val"])
    if not train:
        raise ConfigError(f"none of {before['train']:,} phrases is a loop; --no-only-loops learns from all of them")
    if not val:
        phrases.starts["val"] = phrases.starts["train"]
        phrases.notes.append("no phrase of val is a loop: validated on the training phrases")
    phrases.notes.append(f"of these the loop detector takes {train:,} and {val:,} for loops")
