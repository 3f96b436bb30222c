"""A chunk folder: ``dataset.json``, ``index.jsonl`` (a row per chunk) and ``shard-00000.safetensors`` ..."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.fingerprint import describe_twins
from gantools.audio.quantise import DbRange
from gantools.chunks.splits import SPLITS, names
from gantools.errors import InputError
from gantools.files.atomic import write_json, write_text
from gantools.files.containers import content_key, map_tensor, read_meta, verify
from gantools.files.hashing import hash_bytes
from gantools.files.jsontext import parse_object, well_formed
from gantools.options import from_mapping

DATASET = "dataset.json"
INDEX = "index.jsonl"
SCHEMA = 1

_DAMAGED_INDEX = "is damaged; chunk the folder again"
Row = dict[str, Any]


def read_dataset(folder: str | Path) -> dict[str, Any] | None:
    """Return the content of ``dataset.json``, or None where there is none; raises InputError when it is broken."""
    path = Path(folder) / DATASET
    try:
        dataset = parse_object(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError("cannot be read; chunk the folder again", path) from error
    if dataset.get("schema") != SCHEMA:
        raise InputError(f"not a chunk folder of schema {SCHEMA}; chunk it again", path)
    with well_formed(path, "is damaged; chunk the folder again"):
        if dataset["kind"] not in ("mel", "audio") or not isinstance(dataset["config"], dict):
            raise ValueError
        if dataset["kind"] == "mel":
            from_mapping(MelParams, dataset["params"])
            DbRange(*map(float, dataset["db_range"]))
            int(dataset["config"]["frames"])
    return dataset


def write_dataset(folder: str | Path, dataset: dict[str, Any]) -> None:
    """Write ``dataset.json``."""
    write_json(Path(folder) / DATASET, {"schema": SCHEMA, **dataset})


def write_index(folder: str | Path, shards: list[str], say: Callable[[str], None] = lambda text: None) -> list[Row]:
    """Write ``index.jsonl`` from the rows that the shards hold, in the order of the shards; return the rows.

    Songs that share a recording go to one side (`join_twins`), and `say` is told.
    """
    folder = Path(folder)
    rows = [{"shard": name, **row} for name in sorted(shards) for row in read_meta(folder / name)["rows"]]
    options = (read_dataset(folder) or {}).get("config", {})
    fixed = [song for option in ("val_songs", "test_songs") for song in names(options.get(option, ""))]
    groups = join_twins(rows, {name: content_key(folder / name) for name in shards}, fixed)
    sides = {row["song"]: row["split"] for row in rows}
    joined = [group for group in groups if len({sides[song] for song in group}) == 1]
    named = [group for group in groups if group not in joined]
    for sentence in [*describe_twins(joined), *describe_twins(named, "they are on several sides, as named by hand")]:
        say(sentence)
    write_text(folder / INDEX, "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    return rows


def join_twins(rows: list[Row], contents: Mapping[str, str], fixed: Collection[str] = ()) -> list[list[str]]:
    """Bring songs that share a recording to one side of the split, in place; return the groups of their names.

    They go to the side that is held out, if one of them is there: test before val before train. Where nothing would be
    left to train on, they stay in training.

    Parameters
    ----------
    rows : list of dict
    contents : mapping
        Shard -> what shards of equal content have in common.
    fixed : collection of str
        Songs that stay where they are: those named by hand.
    """
    songs: dict[str, set[str]] = {}
    for row in rows:
        songs.setdefault(row["shard"], set()).add(row["song"])
    groups: dict[str, list[str]] = {}  # song -> the group it belongs to
    first: dict[str, str] = {}
    for shard, (song, *others) in songs.items():
        if others:
            continue  # not a shard of one recording
        groups.setdefault(song, [song])
        other = groups[first.setdefault(contents[shard], song)]
        if song not in other:
            other += groups[song]
            groups |= dict.fromkeys(groups[song], other)
    found = [group for song, group in groups.items() if len(group) > 1 and group[0] == song]
    trained = {row["song"] for row in rows if row["split"] == "train"}
    for group in found:
        side = max((row["split"] for row in rows if row["song"] in group), key=SPLITS.index)
        moving = set(group) - set(fixed)
        if trained and not trained - moving:
            side = "train"
        trained = trained | moving if side == "train" else trained - moving
        for row in rows:
            if row["song"] in moving:
                row["split"] = side
    return [sorted(group) for group in found]


class ChunkSet:
    """The chunks of a folder, opened for training. Every shard is checked when it is opened.

    Parameters
    ----------
    folder : str or Path

    Attributes
    ----------
    kind : str
        ``mel`` or ``audio``.
    rows : list of dict
        One per chunk: shard, source, song, role, split, start, level_db ...
    params : MelParams
        Mel parameters (kind mel).
    db_range : DbRange
        The global range (kind mel).
    frames : int
        Frames per window (kind mel).
    description : dict
        The content of ``dataset.json``.

    Raises
    ------
    InputError
        No chunk folder, or a shard that is missing or damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        dataset = read_dataset(self.folder)
        if dataset is None:
            raise InputError("not a chunk folder (no dataset.json); make it with gantools chunk", folder)
        self.description = dataset
        self.kind = dataset["kind"]
        if self.kind == "mel":
            self.params = from_mapping(MelParams, dataset["params"])
            self.db_range = DbRange(*dataset["db_range"])
            self.frames = int(dataset["config"]["frames"])
        index = self.folder / INDEX
        try:
            lines = index.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror}); chunk the folder again", index) from error
        except UnicodeDecodeError as error:
            raise InputError(_DAMAGED_INDEX, index) from error
        self._tensors: dict[str, np.ndarray] = {}
        with well_formed(index, _DAMAGED_INDEX):
            self.rows: list[Row] = [parse_object(line) for line in lines]
            names = sorted({row["shard"] for row in self.rows})
            if any(PurePath(name).name != name for name in names):
                raise ValueError("a shard lies in its folder")
        for name in names:
            verify(self.folder / name)
            self._tensors[name] = map_tensor(self.folder / name, "mel" if self.kind == "mel" else "clips")
        with well_formed(index, _DAMAGED_INDEX):
            for row in self.rows:
                self._check(row)

    def _check(self, row: Row) -> None:
        """Raise ValueError, or what misses, where a row does not describe a chunk of its shard."""
        tensor = self._tensors[row["shard"]]
        if not all(isinstance(row[name], str) for name in ("source", "song", "role")) or row["split"] not in SPLITS:
            raise ValueError
        float(row["level_db"])
        if self.kind == "mel":
            first, count, width = int(row["start"]), int(row["frames"]), self.params.n_mels
            float(row["active"])
        else:
            first, count, width = int(row["row"]), 1, int(self.description["config"]["samples"])
        if tensor.ndim != 2 or tensor.shape[1] != width or not 0 <= first <= len(tensor) - count or count < 1:
            raise ValueError

    def sounds(self, *roles: str) -> dict[str, str]:
        """Return source -> what its chunks are known by, of some roles or of all."""
        rows = [row for row in self.rows if not roles or row["role"] in roles]
        sources = {row["shard"]: row["source"] for row in rows}
        return {name: hash_bytes(content_key(self.folder / shard).encode()) for shard, name in sorted(sources.items())}

    def songs(self, *roles: str) -> dict[str, list[str]]:
        """Return the songs of each split, those that have one of the roles."""
        wanted = [row for row in self.rows if not roles or row["role"] in roles]
        return {side: sorted({row["song"] for row in wanted if row["split"] == side}) for side in SPLITS}

    def select(self, role: str | None = None, split: str | None = None) -> list[Row]:
        """Return the rows of a role and a split."""
        return [
            row
            for row in self.rows
            if (role is None or row["role"] == role) and (split is None or row["split"] == split)
        ]

    def roles(self) -> dict[str, int]:
        """Return role -> number of chunks."""
        return {role: len(self.select(role)) for role in sorted({row["role"] for row in self.rows})}

    def source_frames(self, row: Row) -> int:
        """Return the length in frames of the song that a window is from."""
        return len(self._tensors[row["shard"]])

    def window(self, row: Row, shift: int = 0) -> np.ndarray:
        """Return one window in network units.

        Parameters
        ----------
        row : dict
        shift : int
            Frames by which to move the window, within the song: random crops instead of fixed chunks.

        Returns
        -------
        float32 array (n_mels, frames), in [-1, 1]
        """
        tensor = self._tensors[row["shard"]]
        start = min(max(row["start"] + shift, 0), len(tensor) - row["frames"])
        window = np.asarray(tensor[start : start + row["frames"]])
        if window.dtype == np.uint8:
            return np.ascontiguousarray(window.T, np.float32) * np.float32(1 / 127.5) - np.float32(1)
        return np.ascontiguousarray(window.T, np.float32)

    def clip(self, row: Row) -> np.ndarray:
        """Return one audio clip, float32 (samples,)."""
        return np.array(self._tensors[row["shard"]][row["row"]])
