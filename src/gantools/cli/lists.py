"""Lists of inputs: lines, NUL-separated names, playlists, or the records of another verb."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from gantools.errors import InputError

PLAYLISTS = (".m3u", ".m3u8")
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Listed:
    """An entry of a list: a name, and what a record says beside it.

    Attributes
    ----------
    name : str
    rel, role, song : str
        Of a record; None for a name alone.
    """

    name: str
    rel: str | None = None
    role: str = ""
    song: str = ""


def read_stdin(*, null: bool) -> list[Listed]:
    """Return the entries of the list on standard input."""
    return list(parse_list(os.fsencode(sys.stdin.read()), "standard input", null=null))


def read_playlist(path: Path) -> list[Listed]:
    """Return the entries of an M3U file; its names count from its own folder.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path) from error
    return list(parse_list(data, str(path), folder=path.parent))


def parse_list(data: bytes, source: str, *, null: bool = False, folder: Path = Path()) -> Iterator[Listed]:
    """Yield the entries of a list.

    A line is a name, or a record of another verb. Only a line feed ends one, with or without a carriage return before
    it. A byte-order mark is no part of the first name. After ``#EXTM3U`` the lines that begin with ``#`` are comments.

    Parameters
    ----------
    data : bytes
    source : str
        What the list is called in messages.
    null : bool
        The names end with NUL, and are nothing but names.
    folder : Path
        What relative names count from.

    Raises
    ------
    InputError
        A line is neither a record nor a name.
    """
    text = _decoded(data)
    if null:
        yield from (Listed(name) for name in text.split("\0") if name)
        return
    lines = [line for line in text.split("\n") if line.strip("\r")]
    if lines and all(line.endswith("\r") for line in lines[:-1] or lines):
        lines = [line.removesuffix("\r") for line in lines]
    playlist = bool(lines) and lines[0].strip().upper().startswith("#EXTM3U")
    for line in lines:
        if playlist and line.startswith("#"):
            continue
        if line.lstrip().startswith("{") and not os.path.lexists(folder / line):
            yield from _from_record(line, source)
        elif playlist and line.startswith("file://"):
            yield Listed(unquote(line.removeprefix("file://").removeprefix("localhost"), errors="surrogateescape"))
        else:
            yield Listed(str(folder / line) if folder != Path() else line)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            if encoding == "utf-8":
                return os.fsdecode(data.removeprefix(mark))
            return data.decode(encoding, "replace")
    return os.fsdecode(data)


def _from_record(line: str, source: str) -> Iterator[Listed]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source}: not a JSON record, and no such file: {line[:60]!r}") from error
    fields = {name: record.get(name) or "" for name in ("path", "rel", "role", "song")}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise InputError(f"{source}: {name} is no text in the record {line[:60]!r}")
    if record.get("status", "ok") in ("ok", "skipped") and fields["path"]:
        yield Listed(fields["path"], fields["rel"], fields["role"], fields["song"])
