"""A chunk folder: ``dataset.json``, ``index.jsonl`` (a row per chunk) and ``shard-00000.safetensors`` ..."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.fingerprint import describe_twins
from gantools.audio.quantise import DbRange
from gantools.chunks.splits import SPLITS
from gantools.errors import DamagedError, InputError
from gantools.files.atomic import write_json, write_text
from gantools.files.containers import content_key, map_tensor, read_meta, verify
from gantools.files.hashing import hash_bytes
from gantools.files.jsontext import parse_object, well_formed
from gantools.files.ownership import inside
from gantools.options import from_mapping
from gantools.parsing import names

DATASET = "dataset.json"
INDEX = "index.jsonl"
SCHEMA = 1
SHARD_NAME = re.compile(r"^shard-(\d{5,})\.safetensors$")
#: What a damaged part of a folder asks for, and what then helps.
CHUNK_AGAIN = "make it again: the same gantools chunk command with --check"

_DAMAGED = f"is damaged; {CHUNK_AGAIN}"
Row = dict[str, Any]


def read_dataset(folder: str | Path) -> dict[str, Any] | None:
    """Return the content of ``dataset.json``, or None where there is none; raises InputError when it is broken."""
    path = Path(folder) / DATASET
    try:
        dataset = parse_object(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DamagedError("cannot be read", path, CHUNK_AGAIN) from error
    if dataset.get("schema") != SCHEMA:
        raise DamagedError(f"not a chunk folder of schema {SCHEMA}", path, CHUNK_AGAIN)
    # The folder may come from anybody: what sizes arrays and scales levels is checked before it is used.
    with well_formed(path, _DAMAGED):
        if dataset["kind"] not in ("mel", "audio") or not isinstance(dataset["config"], dict):
            raise ValueError
        if dataset["kind"] == "mel":
            from_mapping(MelParams, dataset["params"])
            low_db, high_db = map(float, dataset["db_range"])
            if not (-1000 <= low_db < high_db <= 1000 and int(dataset["config"]["frames"]) > 0):
                raise ValueError
    return dataset


def write_dataset(folder: str | Path, dataset: dict[str, Any]) -> None:
    """Write ``dataset.json``."""
    write_json(Path(folder) / DATASET, {"schema": SCHEMA, **dataset})


def write_index(
    folder: Path, shards: list[str], say: Callable[[str], None] = lambda text: None, out: Path | None = None
) -> tuple[list[Row], dict[str, str]]:
    """Write ``index.jsonl`` from the rows that the shards of `folder` hold, in the order of the shards.

    Songs that share a recording go to one side (`join_twins`), and `say` is told.

    Parameters
    ----------
    folder : Path
    shards : list of str
    say : callable
    out : Path, optional
        Folder to write it to, if that is not `folder`.

    Returns
    -------
    list of dict, dict
        The rows; and why shards are left out: name -> reason.
    """
    rows: list[Row] = []
    contents: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name in sorted(shards):
        try:
            with well_formed(folder / name, _DAMAGED):
                made = [{"shard": name, **row} for row in read_meta(folder / name)["rows"]]
            contents[name] = content_key(folder / name)
            rows += made
        except InputError as error:
            left_out[name] = f"{folder / name}: {error.what}"
    options = (read_dataset(folder) or {}).get("config", {})
    # A song that was put on a side by hand stays there, even if its twin is on another.
    fixed = [song for option in ("val_songs", "test_songs") for song in names(options.get(option, ""))]
    groups = join_twins(rows, contents, fixed)
    sides = {row["song"]: row["split"] for row in rows}
    joined = [group for group in groups if len({sides[song] for song in group}) == 1]
    named = [group for group in groups if group not in joined]
    for sentence in [*describe_twins(joined), *describe_twins(named, "they are on several sides, as named by hand")]:
        say(sentence)
    write_text((out or folder) / INDEX, "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    return rows, left_out


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
            # Every song of the joined group points to the one list, so that later twins join all of them.
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


def is_damaged(folder: str | Path) -> bool:
    """Tell whether ``dataset.json`` or ``index.jsonl`` is there and holds nothing that anyone wrote."""
    folder = Path(folder)
    try:
        dataset = read_dataset(folder)
        if dataset is not None and (folder / INDEX).exists():
            read_rows(folder, dataset)
    except InputError:
        return True
    return False


def read_rows(folder: Path, dataset: dict[str, Any]) -> list[Row]:
    """Return the checked rows of ``index.jsonl``.

    Raises
    ------
    InputError
        A line is no row of the dataset: its names, types and ranges are checked before they are used.
    """
    path, rows = folder / INDEX, []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DamagedError(f"cannot be read ({error})", path, CHUNK_AGAIN) from error
    for number, line in enumerate(lines, 1):
        try:
            row: Row = parse_object(line)
        except ValueError:
            row = {}
        if wrong := _what_is_wrong(row, dataset["kind"]):
            raise DamagedError(f"line {number}: {wrong}", path, CHUNK_AGAIN)
        rows.append(row)
    return rows


def _what_is_wrong(row: Row, kind: str) -> str:
    for name in ("shard", "source", "song", "role", "split"):
        if not isinstance(row.get(name), str):
            return f"{name} is missing or no text"
    if not SHARD_NAME.match(row["shard"]):
        return f"{row['shard']!r} is no name of a shard"
    if row["split"] not in SPLITS:
        return f"split is {row['split']!r}"
    for name in ("start", "frames") if kind == "mel" else ("start", "samples", "row"):
        # By `type`: to isinstance, true is a whole number.
        if type(row.get(name)) is not int or not 0 <= row[name] < 2**53:
            return f"{name} is no count"
    if type(row.get("level_db")) not in (int, float):
        return "level_db is no number"
    return ""


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

    left_out : dict
        Shard -> why it cannot be used; its rows are not among `rows`.

    Raises
    ------
    InputError
        No chunk folder, or none of its shards can be used.
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
        rows = read_rows(self.folder, dataset)
        self._tensors: dict[str, np.ndarray] = {}
        self.left_out: dict[str, str] = {}
        # A damaged shard costs its own chunks, and not the folder.
        for name in sorted({row["shard"] for row in rows}):
            try:
                self._tensors[name] = self._open(name, [row for row in rows if row["shard"] == name])
            except InputError as error:
                self.left_out[name] = str(error)
        if self.left_out and not self._tensors:
            raise InputError(f"no shard can be used: {next(iter(self.left_out.values()))}", folder)
        self.rows: list[Row] = [row for row in rows if row["shard"] in self._tensors]

    def _open(self, name: str, rows: list[Row]) -> np.ndarray:
        """Return the data of a shard after a check of all that its rows point to."""
        path = inside(self.folder, name, self.folder / INDEX)
        try:
            verify(path)
        except InputError as error:
            raise DamagedError(error.what, path, CHUNK_AGAIN) from error
        tensor = map_tensor(path, "mel" if self.kind == "mel" else "clips")
        good = tensor.ndim == 2 and (self.kind != "mel" or tensor.shape[1] == self.params.n_mels)
        if self.kind == "mel":
            good = good and all(row["start"] + row["frames"] <= len(tensor) for row in rows)
        else:
            good = good and all(row["row"] < len(tensor) and row["samples"] == tensor.shape[1] for row in rows)
        if not good:
            raise DamagedError("does not hold what index.jsonl says", path, CHUNK_AGAIN)
        return tensor

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
