"""Pieces with a bass and drums from MIDI files: split by piece, and windows of some bars drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.chunks.splits import SPLITS, assign
from gantools.errors import ConfigError, InputError
from gantools.files.hashing import hash_bytes
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import read_midi
from gantools.symbolic.roll import BAR_STEPS, find_bass, roll_edges
from gantools.systems.drummer.config import DrummerConfig
from gantools.systems.drummer.music import (
    LEVEL,
    ONSET,
    QUANTILES,
    SOUNDING,
    TOLD,
    VOICINGS,
    asked,
    bass_rows,
    density_of,
    drum_rows,
    hits_per_bar,
    told,
)
from gantools.training.remarks import on_held_out


@dataclass(frozen=True, eq=False)
class Stretch:
    """Bars of 4/4 in a row.

    Attributes
    ----------
    bass : float32 array (steps, 3)
    drums : uint8 array (steps, 9)
    """

    bass: np.ndarray
    drums: np.ndarray

    @property
    def bars(self) -> int:
        """How many."""
        return len(self.drums) // BAR_STEPS


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece with a bass and drums.

    Attributes
    ----------
    name : str
    stretches : list of Stretch
        What is in 4/4.
    bpm : float
        The tempo that lasts longest.
    hash : str
        Of the notes on the grid.
    """

    name: str
    stretches: list[Stretch]
    bpm: float
    hash: str


def read_piece(name: str, path: Path) -> Piece:
    """Read a MIDI file.

    Raises
    ------
    InputError
        It cannot be read, has no bass or no drums, or nothing in 4/4.
    """
    score = read_midi(path)
    edges = roll_edges(score)
    basses, _ = find_bass(score)
    drums = drum_rows(score, edges)
    if not basses:
        raise InputError("has no bass", path)
    if not drums.any():
        raise InputError("has no drums", path)
    bass = bass_rows(score, basses, edges)
    whole = (np.diff(edges) == BAR_STEPS) & (score.bars.numerators == 4) & (score.bars.denominators == 4)
    # Where bars of 4/4 begin and end: one more than the bars that stand on both sides of a change.
    changes = np.flatnonzero(np.diff(np.concatenate([[0], whole.astype(int), [0]])))
    spans = [(int(edges[first]), int(edges[last])) for first, last in changes.reshape(-1, 2)]
    stretches = [Stretch(bass[start:stop], drums[start:stop]) for start, stop in spans]
    if not any(stretch.drums.any() for stretch in stretches):
        raise InputError("has no drums in 4/4", path)
    return Piece(name, stretches, score.bpm, hash_bytes(bass.tobytes() + drums.tobytes()))


class Pieces:
    """All pieces that a run learns from, split, and the windows in which drums play.

    Parameters
    ----------
    pieces : sequence of Piece
    config : DrummerConfig
    left_out : sequence of str
        A line for each file that cannot be used.

    Attributes
    ----------
    sides : dict of str to list of Piece
        ``train``, ``val`` and ``test``.
    densities : float32 array (QUANTILES,)
        Hits a bar of the training windows, from the emptiest to the fullest.
    voicings : float32 array (VOICINGS, 9)
        Which drums play together.
    notes, left_out : list of str
        What the user has to know.

    Raises
    ------
    ConfigError
        No piece is left to train on.
    """

    def __init__(self, pieces: Sequence[Piece], config: DrummerConfig, left_out: Sequence[str] = ()) -> None:
        self.config, self.left_out = config, list(left_out)
        self.sides: dict[str, list[Piece]] = {side: [] for side in SPLITS}
        for piece in pieces:
            shares, val, test = (parsed(config, name) for name in ("split", "val_songs", "test_songs"))
            self.sides[assign(piece.name, shares, val, test)].append(piece)
        names = self.split
        if not names["train"]:
            raise ConfigError(f"no piece to train on{f'; {self.left_out[0]}' if self.left_out else ''}")
        self.notes = on_held_out(names["train"], names["val"])
        if not names["val"]:
            self.sides["val"] = self.sides["train"]
        self._windows = {side: self._of_side(side) for side in ("train", "val")}
        if not len(self._windows["val"]):
            self._windows["val"] = self._windows["train"]
        counts = [hits_per_bar(self._cut(place)[1]) for place in self._windows["train"]]
        self.densities = np.quantile(counts, np.linspace(0, 1, QUANTILES)).astype(np.float32)
        self.voicings = self._voicings()

    def _voicings(self) -> np.ndarray:
        """Return sets of drums that play together in a window, float32 (VOICINGS, 9): evenly from all of the training.

        Those with a kick, a snare and a hi-hat or ride, where there are any.
        """
        sets = np.array([self._cut(place)[1].any(0) for place in self._windows["train"]])
        full = sets[sets[:, 0] & sets[:, 1] & sets[:, [2, 4, 8]].any(1)]
        sets = full if len(full) else sets
        return sets[np.linspace(0, len(sets) - 1, VOICINGS).astype(int)].astype(np.float32)

    @property
    def split(self) -> dict[str, list[str]]:
        """Names of the pieces of each side."""
        return {side: [piece.name for piece in pieces] for side, pieces in self.sides.items()}

    def _of_side(self, side: str) -> list[tuple[Stretch, int]]:
        """Return the stretch and first bar of all windows with drums in half of their bars or more."""
        found = []
        for piece in self.sides[side]:
            for stretch in piece.stretches:
                played = stretch.drums.reshape(stretch.bars, -1).any(1)
                bars = min(self.config.bars, stretch.bars)
                share = np.convolve(played, np.ones(bars), "valid") / bars
                found += [(stretch, int(bar)) for bar in np.flatnonzero(share >= 0.5)]
        return found

    def count(self, side: str) -> int:
        """Return the number of windows of a side."""
        return len(self._windows[side])

    def windows(self, side: str) -> list[tuple[Stretch, int]]:
        """Return the stretch and the first bar of each window of a side."""
        return self._windows[side]

    def _cut(self, place: tuple[Stretch, int]) -> tuple[np.ndarray, np.ndarray]:
        stretch, bar = place
        span = slice(bar * BAR_STEPS, (bar + self.config.bars) * BAR_STEPS)
        return stretch.bass[span], stretch.drums[span]

    def window(self, side: str, number: int, random: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Return a window, varied where there are random numbers.

        Returns
        -------
        dict
            ``bass`` float32 (steps, 3); ``told`` float32 (steps, TOLD); ``drums`` int64 (steps, 9), -1 behind the end
            of a short piece; ``asked`` float32 (ASKED,), see `asked`.
        """
        stretch, bar = self._windows[side][number]
        bass, drums = self._cut((stretch, bar))
        steps, size = self.config.bars * BAR_STEPS, len(drums)
        made: dict[str, np.ndarray] = {
            "bass": np.zeros((steps, bass.shape[1]), np.float32),
            "told": np.zeros((steps, TOLD), np.float32),
            "drums": np.full((steps, drums.shape[1]), -1, np.int64),
        }
        made["bass"][:size] = bass if random is None else vary(bass, random, self.config)
        past, first = self._past(stretch.drums, bar * BAR_STEPS, random)
        made["told"][:size] = told(past, bar * BAR_STEPS + np.arange(size), first)
        made["drums"][:size] = drums
        density: float | None = density_of(hits_per_bar(drums), self.densities)
        voices: np.ndarray | None = np.asarray(drums.any(0))
        if random is not None and random.random() < self.config.unsaid:
            density = None
        if random is not None and random.random() < self.config.unsaid:
            voices = None
        return {**made, "asked": asked(density, voices)}

    def _past(self, drums: np.ndarray, start: int, random: np.random.Generator | None) -> tuple[np.ndarray, int]:
        """Return drums with what is told of those before a window, and the step at which the music begins.

        A network that only ever saw the music's own past would copy what it plays itself, were it nothing.
        """
        if random is None:
            return drums, 0
        if random.random() < self.config.begun:
            return drums, start
        silent = random.random(drums.shape[1]) < self.config.entering
        past = drums.copy()
        past[:start, silent] = 0
        return past, 0

    def draw(self, *what: str | int) -> dict[str, np.ndarray]:
        """Return a training window, varied, of the random numbers of an item."""
        random = np.random.default_rng(item_seed(self.config.seed, *what))
        return self.window("train", int(random.integers(self.count("train"))), random)


def vary(bass: np.ndarray, random: np.random.Generator, config: DrummerConfig) -> np.ndarray:
    """Return a bass as an analysis of sound might hear it: onsets lost, moved and false, levels off, bars of rest."""
    bass = bass.copy()
    onsets = np.flatnonzero(bass[:, ONSET])
    fate = random.random(len(onsets))
    bass[onsets[fate < config.lost_onsets + config.moved_onsets], ONSET] = 0
    moved = onsets[(fate >= config.lost_onsets) & (fate < config.lost_onsets + config.moved_onsets)]
    bass[np.clip(moved + random.choice([-1, 1], len(moved)), 0, len(bass) - 1), ONSET] = 1
    bass[random.random(len(bass)) < config.false_onsets, ONSET] = 1
    sounds = bass[:, SOUNDING] > 0
    noise = 0.1 * random.standard_normal() + 0.05 * random.standard_normal(len(bass))
    bass[sounds, LEVEL] = np.clip(bass[sounds, LEVEL] + noise[sounds], 0, 1)
    if random.random() < config.silenced:
        # From one bar to the whole window.
        bars = int(random.integers(1, config.bars + 1))
        start = int(random.integers(config.bars - bars + 1))
        bass[start * BAR_STEPS : (start + bars) * BAR_STEPS] = 0
    return bass


def read_pieces(
    files: Sequence[tuple[str, Path]], config: DrummerConfig, tick: Callable[[], Any] = lambda: None
) -> Pieces:
    """Return the pieces of MIDI files; one that has the notes of another is left out.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name and path of each piece.
    config : DrummerConfig
    tick : callable, optional
        Called after each file.

    Raises
    ------
    ConfigError
        No piece can be used.
    """
    pieces, left_out, known = list[Piece](), list[str](), dict[str, str]()
    for name, path in files:
        try:
            piece = read_piece(name, path)
            if twin := known.get(piece.hash):
                raise InputError(f"has the notes of {twin}", path)
        except InputError as error:
            left_out.append(f"{InputError(error.message, path)}; left out")
        else:
            known[piece.hash] = str(path)
            pieces.append(piece)
        tick()
    return Pieces(pieces, config, left_out)
