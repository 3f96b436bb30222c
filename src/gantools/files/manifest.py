"""manifest.jsonl: what an output folder holds, and from what it was made.

One line per output, appended when the output stands under its final name. The last line of a key counts. A line torn by
a crash is ignored, and its output is made again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from gantools.errors import InputError
from gantools.files.atomic import plain_json
from gantools.files.hashing import hash_file
from gantools.files.regular import require_regular

NAME = "manifest.jsonl"


def fingerprint(path: str | Path, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return size, modification time and hash of an input.

    With `known`, an earlier fingerprint of equal size and time, the hash is taken from it and nothing is read.

    Raises
    ------
    InputError
        Missing, or no regular file.
    """
    require_regular(path)
    status = os.stat(path)
    if known and known.get("size") == status.st_size and known.get("mtime_ns") == status.st_mtime_ns:
        return known
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "hash": hash_file(path)}


class Manifest:
    """The manifest of one output folder.

    Attributes
    ----------
    folder : Path
    records : dict
        Key -> the newest record of that key.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / NAME
        self.records: dict[str, dict[str, Any]] = {}
        self._superseded = 0
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        for line in self.path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            try:
                record = json.loads(line)
                key = record["key"]
            except (ValueError, KeyError, TypeError):
                self._superseded += 1
                continue
            self._superseded += key in self.records
            self.records[key] = record

    def up_to_date(self, key: str, inputs: dict[str, Path], config: str) -> dict[str, Any] | None:
        """Return the record of an output that need not be made again, or None.

        Same configuration hash, same inputs (by size and time, else by hash), and every output file still there
        with its size.
        """
        record = self.records.get(key)
        if record is None or record.get("config") != config or set(record["inputs"]) != set(inputs):
            return None
        for name, size in record["outputs"].items():
            try:
                if os.stat(self.folder / name).st_size != size:
                    return None
            except OSError:
                return None
        for name, path in inputs.items():
            known = record["inputs"][name]
            try:
                if fingerprint(path, known)["hash"] != known["hash"]:
                    return None
            except (OSError, InputError):
                return None
        return record

    @contextmanager
    def _locked(self) -> Iterator[IO[str]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            with open(self.path, "a+", encoding="utf-8", errors="surrogateescape") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # `forget` of another process may have renamed a new file over the one that was waited for.
                if self.path.exists() and os.fstat(file.fileno()).st_ino == os.stat(self.path).st_ino:
                    yield file
                    return

    def append(self, record: dict[str, Any]) -> None:
        """Add one record (it needs ``key``, ``config``, ``inputs`` and ``outputs``: name -> size)."""
        line = json.dumps(plain_json(record), sort_keys=True, allow_nan=False) + "\n"
        with self._locked() as file:
            # A line torn by a crash must not swallow the next one.
            torn = file.tell() > 0 and _last_byte(self.path) != b"\n"
            file.write("\n" + line if torn else line)
        self._superseded += record["key"] in self.records or torn
        self.records[record["key"]] = record

    def forget(self, keys: set[str]) -> None:
        """Drop records, and lines that newer ones replaced."""
        if not keys & set(self.records) and not self._superseded:
            return
        with self._locked():
            # Read again under the lock: another process may have added records.
            self.records, self._superseded = {}, 0
            self._read()
            for key in keys:
                self.records.pop(key, None)
            temporary = self.path.with_name(f".{NAME}.{os.getpid()}-00000000.tmp")
            lines = (json.dumps(record, sort_keys=True) + "\n" for record in self.records.values())
            temporary.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
            os.replace(temporary, self.path)


def _last_byte(path: Path) -> bytes:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
