"""Pieces as rows, from MIDI files or a corpus folder: split by piece, and windows of them drawn at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.chunks.splits import SPLITS, assign
from gantools.errors import ConfigError, InputError
from gantools.files.hashing import hash_bytes
from gantools.files.scratch import open_scratch, scratch_error
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import read_midi
from gantools.symbolic.mmr.merges import Merges, count_sets, learn
from gantools.symbolic.mmr.rows import encode
from gantools.symbolic.mmr.score import on_grid
from gantools.symbolic.mmr.vocabulary import FIELDS, Vocabulary
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.networks import SymphonyNet, build_network, vocabulary_of
from gantools.systems.symphony.windows import (
    Piece,
    cut_window,
    louder,
    moved,
    piece_of,
    shuffled,
    track_numbers,
    with_tracks,
    without_parts,
)
from gantools.training.remarks import on_held_out

#: Rows that are read for each one that is wanted, as merges make them fewer.
_MORE = 1.3


def read_piece(path: Path, vocabulary: Vocabulary) -> np.ndarray:
    """Return a MIDI file as rows with one for each note.

    Raises
    ------
    InputError
        It cannot be read, or has no notes.
    """
    try:
        return encode(on_grid(read_midi(path), vocabulary.grid), vocabulary)
    except InputError as error:
        raise InputError(error.message, path) from error


class Scores:
    """All pieces that a run learns from, split.

    Parameters
    ----------
    pieces : sequence of Piece
    merges : Merges
        As many as there are; `config` says how many of them count.
    config : SymphonyConfig
    left_out : sequence of str
        A line for each file that cannot be used.

    Attributes
    ----------
    sides : dict of str to list of Piece
        ``train``, ``val`` and ``test``.
    notes, left_out : list of str
        What the user has to know.

    Raises
    ------
    ConfigError
        No piece is left to train on.
    """

    def __init__(
        self, pieces: Sequence[Piece], merges: Merges, config: SymphonyConfig, left_out: Sequence[str] = ()
    ) -> None:
        self.config, self.vocabulary, self.left_out = config, vocabulary_of(config), list(left_out)
        self.merges = Merges(merges.pairs[: config.merges])
        self.sides = split_pieces(pieces, config)
        train, val = ([piece.name for piece in self.sides[side]] for side in ("train", "val"))
        if not train:
            why = f"; {self.left_out[0]}" if self.left_out else ""
            raise ConfigError(f"no piece to train on{why}")
        self.notes = on_held_out(train, val)
        if not val:
            self.sides["val"] = self.sides["train"]
        self._ends = {
            side: np.cumsum([len(piece.rows) for piece in pieces]) for side, pieces in self.sides.items() if pieces
        }

    @property
    def split(self) -> dict[str, list[str]]:
        """Names of the pieces of each side."""
        return {side: [piece.name for piece in pieces] for side, pieces in self.sides.items()}

    def window(self, random: np.random.Generator, side: str = "train", vary: bool = True) -> np.ndarray:
        """Return ``context + 1`` rows from any bar of any piece, pieces by their rows; behind their ends are zeros.

        With `vary` it is moved by semitones, loses some parts, is louder or softer, and its bars may have their tracks
        in another order. Its tracks have numbers of their own, see `track_numbers`.
        """
        ends = self._ends[side]
        piece = self.sides[side][int(np.searchsorted(ends, int(random.integers(ends[-1])), "right"))]
        bar = int(random.integers(len(piece.bars)))
        config = self.config
        more = _MORE / (1 - config.drop_parts) if vary else _MORE
        rows = cut_window(piece, bar, round(more * config.context), self.vocabulary)
        if vary:
            if config.transpose:
                rows = moved(rows, int(random.integers(-config.transpose, config.transpose)), self.vocabulary)
            if config.drop_parts:
                rows = without_parts(rows, config.drop_parts, self.vocabulary, random)
            if config.vary_velocity:
                rows = louder(rows, int(random.integers(-config.vary_velocity, config.vary_velocity + 1)))
            if config.shuffle_tracks and random.random() < config.shuffle_tracks:
                rows = shuffled(rows, self.vocabulary, random)
        rows = self.merges.apply(rows, self.vocabulary) if len(self.merges) else rows
        rows = with_tracks(rows, track_numbers(rows, random, config.track_numbers == "rising"))
        window = np.zeros((config.context + 1, len(FIELDS)), np.uint16)
        part = rows[: len(window)]
        window[: len(part)] = part
        return window


def split_pieces(pieces: Sequence[Piece], config: SymphonyConfig) -> dict[str, list[Piece]]:
    """Return the pieces of each side, as named by hand or by a hash of their names."""
    sides: dict[str, list[Piece]] = {side: [] for side in SPLITS}
    for piece in pieces:
        side = assign(piece.name, parsed(config, "split"), parsed(config, "val_songs"), parsed(config, "test_songs"))
        sides[side].append(piece)
    return sides


@dataclass(frozen=True, eq=False)
class Encoded:
    """MIDI files as rows in a temporary file.

    Attributes
    ----------
    rows : uint16 array (rows, 5)
        One piece behind the other, each from BOS to EOS, mapped.
    pieces : list of (str, int, str)
        Name, number of rows and hash of each.
    left_out : list of str
        A line for each file that cannot be used, with the reason.
    """

    rows: np.ndarray
    pieces: list[tuple[str, int, str]]
    left_out: list[str]


def encode_files(
    files: Sequence[tuple[str, Path]], vocabulary: Vocabulary, tick: Callable[[], None] = lambda: None
) -> Encoded:
    """Return MIDI files as rows; one that has the notes of another is left out.

    Raises
    ------
    ConfigError
        The disk of temporary files is full.
    """
    found, left_out, known = list[tuple[str, int, str]](), list[str](), dict[str, str]()
    scratch = open_scratch()
    try:
        for name, path in files:
            try:
                rows = read_piece(path, vocabulary)
                data = rows.tobytes()
                if twin := known.get(hash_ := hash_bytes(data)):
                    raise InputError(f"has the notes of {twin}", path)
            except InputError as error:
                left_out.append(f"{error}; left out")
            else:
                scratch.write(data)
                known[hash_] = str(path)
                found.append((name, len(rows), hash_))
            tick()
        scratch.flush()
    except OSError as error:
        raise scratch_error(error) from error
    total = sum(count for _, count, _ in found)
    empty = np.zeros((0, len(FIELDS)), np.uint16)
    store = np.memmap(scratch, np.uint16, "r", shape=(total, len(FIELDS))) if total else empty
    return Encoded(store, found, left_out)


def read_scores(
    files: Sequence[tuple[str, Path]],
    config: SymphonyConfig,
    tick: Callable[[], None] = lambda: None,
    merges: Merges | None = None,
) -> Scores:
    """Return the pieces of MIDI files, as rows in a temporary file.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name and path of each piece.
    config : SymphonyConfig
    tick : callable, optional
        Called after each file.
    merges : Merges, optional
        Those of a model that is trained on; otherwise they are learned from the pieces to train on.

    Raises
    ------
    ConfigError
        No piece can be used.
    """
    vocabulary = vocabulary_of(config)
    encoded = encode_files(files, vocabulary, tick)
    pieces, start = [], 0
    for name, count, hash_ in encoded.pieces:
        pieces.append(piece_of(name, encoded.rows[start : start + count], vocabulary, hash_))
        start += count
    if merges is None:
        train = split_pieces(pieces, config)["train"]
        merges = learn_merges([piece.rows for piece in train], vocabulary, config.merges, config.transpose)
    return Scores(pieces, merges, config, encoded.left_out)


def merges_of(folder: Path) -> Merges:
    """Return the merges of a model, by which one that is trained on from it has to read.

    Raises
    ------
    ModelError
        It is no model of SymphonyNet.
    """
    config = trained_with(SymphonyConfig, read_model(folder, "symphony"), folder)
    network = open_network(folder, "decoder", lambda: build_network(config))
    assert isinstance(network, SymphonyNet)
    return network.merges


def learn_merges(pieces: Sequence[np.ndarray], vocabulary: Vocabulary, count: int, transpose: int) -> Merges:
    """Return the merges that the rows of pieces teach, in all the keys that they are trained in."""
    sets: Counter[tuple[int, ...]] = Counter()
    if count:
        shifts = tuple(range(-transpose, transpose)) if transpose else (0,)
        for rows in pieces:
            sets.update(count_sets(np.asarray(rows), vocabulary, shifts))
    return learn(sets, count)


def generator(config: SymphonyConfig, *what: str | int) -> np.random.Generator:
    """Return the random numbers of an item."""
    return np.random.default_rng(item_seed(config.seed, *what))
