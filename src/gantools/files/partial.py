"""Results of single files, kept while a whole is made of many: a run that was stopped goes on with them."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gantools.errors import InputError
from gantools.files.containers import read_tensors, write_tensors
from gantools.files.hashing import hash_file, hash_json
from gantools.files.jsontext import well_formed

T = TypeVar("T")


class Partial:
    """A hidden folder of results, a file each, named by the hash of what they were made from and how.

    Parameters
    ----------
    whole : Path or None
        What is made of them; the folder lies beside it. None keeps nothing.
    digest : str
        Hash of all that the results depend on beside the files.

    Attributes
    ----------
    count : int
        Results that a next run would find.
    """

    def __init__(self, whole: Path | None, digest: str) -> None:
        self._folder = None if whole is None else whole.parent / f".{whole.name}.partial"
        self._digest = digest
        self.count = 0

    def find(self, path: Path, part: str = "") -> Any | None:
        """Return the result of a file, or None."""
        if self._folder is None or not self._folder.is_dir():
            return None
        try:
            return self._read(self._name([hash_file(path)], part))
        except OSError:
            return None  # what is wrong with it, reading it will tell

    def store(self, value: Any, source_hash: str, part: str = "") -> None:
        """Keep the result of the file with this hash: dicts and lists of numbers, text and arrays."""
        self._write(self._name([source_hash], part), value)

    def keep(self, make: Callable[[], T], *paths: Path, part: str = "") -> T:
        """Return what `make` returns, or what it returned in a run that was stopped.

        Tuples come back as lists.

        Parameters
        ----------
        make : callable
        *paths : Path
            The files that the result depends on.
        part : str
            What tells apart several results of one file.
        """
        if self._folder is None:
            return make()
        try:
            name = self._name([hash_file(path) for path in paths], part)
        # Reading the file, which `make` does, tells what is wrong with it.
        except OSError:
            return make()
        known = self._read(name)
        if known is not None:
            return known  # type: ignore[no-any-return]
        value = make()
        self._write(name, value)
        return value

    def sweep(self) -> None:
        """Remove all results: the whole stands."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self.count = 0

    def _name(self, hashes: list[str], part: str) -> str:
        return hash_json([self._digest, part, *hashes])

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{name}.safetensors"

    def _read(self, name: str) -> Any | None:
        path = self._path(name)
        if not path.exists():
            return None
        try:
            arrays, meta = read_tensors(path)
            with well_formed(path, "is damaged; it is made again"):
                value = _unpacked(meta["value"], arrays)
        except InputError:
            return None
        self.count += 1
        return value

    def _write(self, name: str, value: Any) -> None:
        if self._folder is None:
            return
        arrays: dict[str, np.ndarray] = {}
        packed = _packed(value, arrays)
        try:
            write_tensors(self._path(name), arrays, {"value": packed})
        except OSError:
            self._folder = None  # no space for it: the result counts, only a next run has to make it again
            return
        self.count += 1


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return `value` as JSON, with its arrays moved to `arrays`."""
    if isinstance(value, dict):
        return {key: _packed(inner, arrays) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(inner, arrays) for inner in value]
    if isinstance(value, np.ndarray):
        arrays[f"a{len(arrays)}"] = value
        return {"@array": f"a{len(arrays) - 1}"}
    value = value.item() if isinstance(value, np.generic) else value
    # JSON has no NaN and no infinity; as null they would not come back.
    return {"@float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value


def _unpacked(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_unpacked(inner, arrays) for inner in value]
    if not isinstance(value, dict):
        return value
    if "@array" in value:
        return arrays[value["@array"]]
    if "@float" in value:
        return float(value["@float"])
    return {key: _unpacked(inner, arrays) for key, inner in value.items()}
