"""A chunk folder: ``dataset.json``, ``index.jsonl`` (a row per chunk) and ``shard-00000.safetensors`` ..."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.quantise import DbRange
from gantools.errors import ConfigError, InputError
from gantools.files.atomic import write_json, write_text
from gantools.files.containers import map_tensor, read_meta, verify
from gantools.options import from_mapping

DATASET = "dataset.json"
INDEX = "index.jsonl"
SCHEMA = 1

Row = dict[str, Any]


def read_dataset(folder: str | Path) -> dict[str, Any] | None:
    """Return the content of ``dataset.json``, or None where there is none; raises InputError when it is broken."""
    path = Path(folder) / DATASET
    try:
        dataset = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError("cannot be read; chunk the folder again", path) from error
    if not isinstance(dataset, dict) or dataset.get("schema") != SCHEMA:
        raise InputError(f"not a chunk folder of schema {SCHEMA}; chunk it again", path)
    return dataset


def write_dataset(folder: str | Path, dataset: dict[str, Any]) -> None:
    """Write ``dataset.json``."""
    write_json(Path(folder) / DATASET, {"schema": SCHEMA, **dataset})


def write_index(folder: str | Path, shards: list[str]) -> list[Row]:
    """Write ``index.jsonl`` from the rows that the shards hold, in the order of the shards; return the rows."""
    folder = Path(folder)
    rows = [{"shard": name, **row} for name in sorted(shards) for row in read_meta(folder / name)["rows"]]
    write_text(folder / INDEX, "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    return rows


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
        try:
            if self.kind == "mel":
                self.params = from_mapping(MelParams, dataset["params"])
                self.db_range = DbRange(*dataset["db_range"])
                self.frames = int(dataset["config"]["frames"])
            lines = (self.folder / INDEX).read_text(encoding="utf-8").splitlines()
            self.rows: list[Row] = [json.loads(line) for line in lines]
        except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
            raise InputError(f"the chunk folder is damaged ({error}); chunk it again", folder) from error
        self._tensors: dict[str, np.ndarray] = {}
        for name in sorted({row["shard"] for row in self.rows}):
            verify(self.folder / name)
            self._tensors[name] = map_tensor(self.folder / name, "mel" if self.kind == "mel" else "clips")

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
