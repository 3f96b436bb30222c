"""A corpus folder, which ``chunk --for symphony`` writes: pieces as rows, mapped from disk, and their merges.

``corpus.json`` says how the rows are to be read and has the merges of pitches, ``index.jsonl`` has a line for each
piece, and ``rows-00000.safetensors`` and its like have the rows, with one for each note: merges, transposition and
numbers of tracks are applied as windows are read. Sides are chosen when training, by the names of pieces.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.chunks.splits import assign
from gantools.errors import ConfigError, DamagedError
from gantools.files.atomic import write_json, write_text
from gantools.files.containers import map_tensor, write_tensors
from gantools.files.jsontext import parse_object
from gantools.files.ownership import inside
from gantools.options import parsed, to_mapping
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.vocabulary import BOS, EOS, EVENT, FIELDS, Vocabulary
from gantools.systems.symphony.config import MOST_MERGES, SymphonyConfig
from gantools.systems.symphony.data import Encoded, Scores, encode_files, learn_merges
from gantools.systems.symphony.networks import vocabulary_of
from gantools.systems.symphony.windows import Piece, piece_of

CORPUS, INDEX = "corpus.json", "index.jsonl"
SCHEMA = 1
_AGAIN = "make it again: the same gantools chunk command with --force"
#: Rows of a file, 60 MB.
_MOST_ROWS = 6_000_000
#: Options on which rows depend.
_ROW_OPTIONS = ("grid", "held", "meters", "tempi", "velocity")


def is_corpus(folder: Path) -> bool:
    """Return whether a folder says that it is a corpus."""
    return (folder / CORPUS).is_file()


class CorpusWriter:
    """MIDI files on their way into a corpus folder.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name and path of each piece.
    config : SymphonyConfig
        Whose row options, split and transposition count: the merges are those of the pieces to train on.
    tick : callable, optional
        Called after each file.

    Attributes
    ----------
    encoded : Encoded

    Raises
    ------
    ConfigError
        No file can be used.
    """

    def __init__(
        self, files: Sequence[tuple[str, Path]], config: SymphonyConfig, tick: Callable[[], None] = lambda: None
    ) -> None:
        self.config, self.vocabulary = config, vocabulary_of(config)
        self.sources = {name: str(path) for name, path in files}
        self.encoded: Encoded = encode_files(files, self.vocabulary, tick)
        if not self.encoded.pieces:
            why = f" ({self.encoded.left_out[0]})" if self.encoded.left_out else ""
            raise ConfigError(f"none of these files can be used{why}")
        self.shards = self._shards()

    def _shards(self) -> list[list[tuple[str, int, str]]]:
        """Return the pieces of each file of rows."""
        shards: list[list[tuple[str, int, str]]] = [[]]
        size = 0
        for piece in self.encoded.pieces:
            if shards[-1] and size + piece[1] > _MOST_ROWS:
                shards.append([])
                size = 0
            shards[-1].append(piece)
            size += piece[1]
        return shards

    @property
    def names(self) -> list[str]:
        """Names of all files of the folder, `CORPUS` first."""
        return [CORPUS, INDEX, *(f"rows-{number:05d}.safetensors" for number in range(len(self.shards)))]

    def write(self, folder: Path) -> None:
        """Write the folder."""
        rows, index, start = self.encoded.rows, list[str](), 0
        for name, pieces in zip(self.names[2:], self.shards, strict=True):
            first = start
            for song, count, hash_ in pieces:
                row = {"song": song, "shard": name, "start": start - first, "rows": count, "hash": hash_}
                index.append(json.dumps({**row, "source": self.sources[song]}, sort_keys=True) + "\n")
                start += count
            write_tensors(folder / name, {"rows": rows[first:start]}, {"kind": "symphony"})
        write_text(folder / INDEX, "".join(index))
        merges = learn_merges(self._train(), self.vocabulary, MOST_MERGES, self.config.transpose)
        told = {name: value for name, value in to_mapping(self.config).items() if name in _ROW_OPTIONS}
        about = {"schema": SCHEMA, "kind": "symphony", "options": told, "transpose": self.config.transpose}
        write_json(folder / CORPUS, {**about, "merges": merges.pairs, "pieces": len(index), "rows": len(rows)})

    def _train(self) -> list[np.ndarray]:
        """Return the rows of the pieces to train on."""
        config, found, start = self.config, [], 0
        shares, val, test = parsed(config, "split"), parsed(config, "val_songs"), parsed(config, "test_songs")
        for song, count, _ in self.encoded.pieces:
            if assign(song, shares, val, test) == "train":
                found.append(self.encoded.rows[start : start + count])
            start += count
        return found


def open_corpus(folder: Path, config: SymphonyConfig, merges: Merges | None = None) -> Scores:
    """Return the pieces of a corpus folder; their rows stay on disk.

    Parameters
    ----------
    folder : Path
    config : SymphonyConfig
    merges : Merges, optional
        Those of a model that is trained on, in place of the corpus' own.

    Raises
    ------
    DamagedError
        A file is missing or damaged.
    ConfigError
        The rows are of other options than those of `config`, or no piece is left to train on.
    """
    about = _read_about(folder)
    for name in _ROW_OPTIONS:
        if about["options"].get(name) != getattr(config, name):
            raise ConfigError(
                f"{name}: {getattr(config, name)!r}, but {folder} was made with {about['options'].get(name)!r}; "
                f"chunk it anew, or train with --{name}"
            )
    vocabulary, pieces, mapped = vocabulary_of(config), list[Piece](), dict[str, np.ndarray]()
    try:
        for line in (folder / INDEX).read_text(encoding="utf-8").splitlines():
            row = parse_object(line)
            shard, start, count = str(row["shard"]), int(row["start"]), int(row["rows"])
            if shard not in mapped:
                mapped[shard] = map_tensor(inside(folder, shard, folder / INDEX), "rows")
            pieces.append(_piece(str(row["song"]), mapped[shard], start, count, vocabulary, str(row["hash"])))
        own = Merges([(int(first), int(second)) for first, second in about["merges"]])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedError(f"is damaged ({error})", folder / INDEX, _AGAIN) from error
    return Scores(pieces, merges or own, config)


def _read_about(folder: Path) -> dict[str, Any]:
    try:
        about = parse_object((folder / CORPUS).read_text(encoding="utf-8"))
        if about["schema"] != SCHEMA or about["kind"] != "symphony" or not isinstance(about["options"], dict):
            raise ValueError("of another version")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"no corpus of scores ({error})", folder / CORPUS, _AGAIN) from error
    return about


def _piece(name: str, rows: np.ndarray, start: int, count: int, vocabulary: Vocabulary, hash_: str) -> Piece:
    """Return a piece after a look at its rows: the folder may come from anybody."""
    own = rows[start : start + count]
    if not 0 <= start <= start + count <= len(rows) or rows.shape[1] != len(FIELDS) or rows.dtype != np.uint16:
        raise ValueError(f"{name} lies outside its file")
    if count < 3 or own[0, EVENT] != BOS or own[-1, EVENT] != EOS or not vocabulary.bar_units[own[1, EVENT]] > 0:
        raise ValueError(f"{name} is no piece")
    sizes = (vocabulary.merge, *vocabulary.sizes[1:])
    if any(int(own[:, field].max()) >= size for field, size in enumerate(sizes)):
        raise ValueError(f"{name} has words that there are not")
    return piece_of(name, own, vocabulary, hash_)
