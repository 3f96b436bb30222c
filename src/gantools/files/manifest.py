"""manifest.jsonl: what an output folder holds, and from what it was made.

One line per output, appended just before the output appears under its final name. The last line of a key counts. A line
torn by a crash is ignored, and its output is made again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from gantools.errors import ConfigError, InputError
from gantools.files.atomic import plain_json, scratch_folder, write_text
from gantools.files.hashing import hash_file
from gantools.files.jsontext import parse_json
from gantools.files.members import holder
from gantools.files.ownership import State, describe_output, is_plain, refusal, state_of
from gantools.files.regular import require_regular

NAME = "manifest.jsonl"
#: What a record says of its output that the next run goes by; the rest tells how it came about.
_COMPARED = ("config", "inputs", "outputs", "item", "role", "beside")
_WAY_OUT = "choose another --out, or move it away"


def fingerprint(path: str | Path, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return size, modification time and hash of an input.

    With `known`, an earlier fingerprint of equal size and time, the hash is taken from it and nothing is read.

    Raises
    ------
    InputError
        Missing, or no regular file.
    """
    require_regular(path)
    status = os.stat(holder(path))
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

    Raises
    ------
    ConfigError
        The folder's manifest.jsonl is something else, or names files outside of the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / NAME
        self._open: IO[bytes] | None = None
        self._forget_all()
        self.refresh()

    def _forget_all(self) -> None:  # what was read, not what is open
        self.records: dict[str, dict[str, Any]] = {}
        #: Name -> all that was ever written under it: a run that was killed leaves the last but one in place.
        self._written: dict[str, list[dict[str, Any]]] = {}
        self._superseded = 0
        self._place = (0, 0, 0)

    def refresh(self) -> None:
        """Read the lines that other processes have added since."""
        try:
            with open(self.path, "rb") as file:
                self._read(file)
        except FileNotFoundError:
            self._forget_all()
        except OSError as error:
            raise ConfigError(f"cannot be read ({error.strerror}); {_WAY_OUT}", self.path) from error

    def _read(self, file: IO[bytes]) -> None:
        status = os.fstat(file.fileno())
        # Another file stands here (`forget` writes a new one), or it was cut: what was read of it no longer holds.
        if self._place[:2] != (status.st_dev, status.st_ino) or status.st_size < self._place[2]:
            self._forget_all()
        file.seek(self._place[2])
        data = file.read()
        whole = data[: data.rfind(b"\n") + 1]  # the rest is being written, or torn
        torn = not whole and bool(data)
        for number, line in enumerate(whole.decode("utf-8", "surrogateescape").split("\n")[:-1]):
            torn |= not self._take(line, number)
        self._place = (status.st_dev, status.st_ino, self._place[2] + len(whole))
        # No line can be read and it does not begin like one of ours: the file is somebody else's and must stay.
        if torn and not self.records and not data.startswith(b'{"'):
            raise ConfigError(f"is no manifest of gantools; {_WAY_OUT}", self.path)

    def _take(self, line: str, number: int) -> bool:
        """Take a line; return whether it is whole."""
        if not line.strip():
            return True
        record = _parsed(line)
        if record is None:
            self._superseded += 1
            return False
        if wrong := _what_is_wrong(record):
            raise ConfigError(f"is no manifest of gantools ({wrong}); {_WAY_OUT}", self.path)
        key = record["key"]
        record = {"source": "", "fields": {}, **record}
        # A number alone is a size, with neither time nor hash.
        record["outputs"] = {
            name: {"size": entry} if isinstance(entry, int) else entry for name, entry in record["outputs"].items()
        }
        self._superseded += key in self.records
        self.records[key] = record
        for name, entry in record["outputs"].items():
            self._written.setdefault(name, []).append(entry)
        return True

    def state(self, name: str, *, check: bool = False) -> State:
        """Return what a file of the folder is to us; see `ownership.state_of`."""
        return state_of(self.folder / name, self._written.get(name, ()), check=check)

    def has_made(self, name: str) -> bool:
        """Tell whether gantools ever wrote a file of this name here."""
        return name in self._written

    def kept(self, names: Iterable[str], force: bool = False) -> str:
        """Return why the files must not be written, naming the first one, or an empty string where they may."""
        if force:
            return ""
        for name in names:
            if why := refusal(self.folder / name, self.state(name)):
                return why
        return ""

    def up_to_date(
        self, key: str, inputs: Mapping[str, Path], config: str, *, check: bool = False
    ) -> dict[str, Any] | None:
        """Return the record of an output that need not be made again, or None.

        Same configuration hash, same inputs (by size and time, else by hash), and every output file as it was
        written: by size and time, with `check` by its hash.
        """
        record = self.records.get(key)
        if record is None or record["config"] != config or set(record["inputs"]) != set(inputs):
            return None
        for name, entry in record["outputs"].items():
            if state_of(self.folder / name, [entry], check=check) != "ours":
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
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing the manifest, and what its folder holds under final names."""
        if self._open is not None:  # by a caller
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            with open(self.path, "a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # `forget` of another process may have renamed a new file over the one that was waited for.
                if self.path.exists() and os.path.samestat(os.fstat(file.fileno()), os.stat(self.path)):
                    # What others appended while this process waited counts from here on.
                    file.seek(0)
                    self._read(file)
                    self._open = file
                    try:
                        yield
                    finally:
                        self._open = None
                    return

    def append(self, record: dict[str, Any]) -> None:
        """Add one record (it needs ``key``, ``config``, ``inputs`` and ``outputs``: name -> `describe_output`)."""
        with self.locked():
            self._append(record)

    def _append(self, record: dict[str, Any]) -> None:
        known = self.records.get(record["key"], {})
        if known and all(known.get(part) == record.get(part) for part in _COMPARED):
            return  # another process has made the same meanwhile
        line = json.dumps(plain_json(record), sort_keys=True, allow_nan=False).encode("utf-8", "surrogateescape")
        file = self._open
        assert file is not None
        file.seek(0, os.SEEK_END)
        # A line torn by a crash must not swallow the next one.
        torn = file.tell() > self._place[2]
        file.write(b"\n" * torn + line + b"\n")
        file.flush()
        # Taken from the file like any other line, so that the place read up to stays that of the file.
        file.seek(0)
        self._read(file)

    def publish(self, record: dict[str, Any], staged: Mapping[str, Path], *, force: bool = False) -> None:
        """Move finished files to their final names, and add their record.

        The record stands first: a file under a final name that no line mentions is never one of ours, also after a
        kill at any moment.

        Parameters
        ----------
        record : dict
            As for `append`, without ``outputs``.
        staged : mapping
            Final name below the folder -> finished file on the same disk.
        force : bool
            Overwrite also what is not ours.

        Raises
        ------
        InputError
            A file of that name is there and is not ours; nothing was moved.
        """
        outputs = {name: describe_output(path) for name, path in staged.items()}
        with self.locked():
            # Under the lock: a file that has come there since the run began is seen.
            if why := self.kept(staged, force):
                raise InputError(why)
            # Bytes that stand there already stay: nothing that depends on them changes its time.
            newest = {name: self._written[name][-1] for name in outputs if name in self._written}
            same = {
                name: entry
                for name, entry in newest.items()
                if entry.get("hash") == outputs[name]["hash"]
                and state_of(self.folder / name, [entry], check=True) == "ours"
            }
            self._append({**record, "outputs": outputs | same})
            for name, path in staged.items():
                if name not in same:
                    os.replace(path, self.folder / name)

    @contextmanager
    def publishing(self, record: dict[str, Any], names: Iterable[str], *, force: bool = False) -> Iterator[Path]:
        """Give a hidden folder for files that belong together; on success they get their names and their record.

        Parameters
        ----------
        record : dict
            As for `publish`.
        names : iterable of str
            What the files may be called, for a refusal before the work; those that were made are published.
        force : bool
            Overwrite also what is not ours.

        Raises
        ------
        InputError
            One of them is there and is not ours.
        """
        names = list(names)
        # Refused before the work; `publish` looks again under the lock.
        if why := self.kept(names, force):
            raise InputError(why)
        with scratch_folder(self.folder, record["key"]) as folder:
            yield folder
            made = {name: folder / name for name in names if (folder / name).exists()}
            self.publish(record, made, force=force)

    def forget(self, keys: set[str]) -> None:
        """Drop records, and lines that newer ones replaced, where the newer one's files are in place."""
        if not keys & set(self.records) and not self._superseded:
            return
        with self.locked():
            # After a kill the newest line may tell of files that were never moved; the line before it then still
            # describes them.
            settled = {
                key
                for key, record in self.records.items()
                if all(state_of(self.folder / n, [entry]) == "ours" for n, entry in record["outputs"].items())
            }
            lines = []
            for line in self.path.read_text(encoding="utf-8", errors="surrogateescape").split("\n"):
                record = _parsed(line)
                if record and record["key"] not in keys:
                    if record["key"] in settled:
                        record = self.records[record["key"]]  # once, where its first line was
                        keys = keys | {record["key"]}
                    lines.append(json.dumps(record, sort_keys=True) + "\n")
            write_text(self.path, "".join(lines))
        self.refresh()


def _parsed(line: str) -> Any:
    try:
        return parse_json(line)
    except ValueError:
        return None


def _what_is_wrong(record: Any) -> str:
    """Return what keeps a line from being a record of ours, or an empty string."""
    if not isinstance(record, dict):
        return "a line is no object"
    for part, kind in (("key", str), ("config", str), ("inputs", dict), ("outputs", dict)):
        if not isinstance(record.get(part), kind):
            return f"a line without {part}"
    if not isinstance(record.get("fields", {}), dict) or not isinstance(record.get("source", ""), str):
        return "fields or source of another type"
    for name, entry in record["outputs"].items():
        # A manifest from elsewhere must not lead a run to write or delete outside of its folder.
        if not is_plain(name):
            return f"the output {name!r} is no plain name below the folder"
        if not (_is_size(entry) or (isinstance(entry, dict) and _is_size(entry.get("size")))):
            return f"the output {name!r} has no size"
        if isinstance(entry, dict) and not isinstance(entry.get("hash", ""), str):
            return f"the output {name!r} has no hash"
    for name, entry in record["inputs"].items():
        if not (isinstance(entry, dict) and _is_size(entry.get("size")) and isinstance(entry.get("hash"), str)):
            return f"the input {name!r} without size and hash"
    return ""


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
