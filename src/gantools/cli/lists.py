"""Lists of inputs: lines, NUL-separated names, playlists, or the records of another verb."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from gantools.errors import InputError
from gantools.files.jsontext import parse_object

PLAYLISTS = (".m3u", ".m3u8")
#: Longest path of common systems, and how much of something odd a message shows.
_LONGEST, _QUOTED = 4096, 60
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Listed:
    """An entry of a list: a name, and what a record says beside it.

    Attributes
    ----------
    name : str
    rel, role, song : str
        What the record says; `rel` is None for a name alone.
    """

    name: str
    rel: str | None = None
    role: str = ""
    song: str = ""


def read_stdin(*, null: bool) -> list[Listed]:
    """Return the entries of the list on standard input."""
    try:
        data = os.fsencode(sys.stdin.read())
    except OSError as error:
        raise InputError(f"standard input cannot be read ({error.strerror}); give a list of names") from error
    return list(parse_list(data, "standard input", null=null))


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
        for name in filter(None, text.split("\0")):
            _require_name(name, source, null=True)
            yield Listed(name)
        return
    lines = [line for line in text.split("\n") if line.strip("\r")]
    # A name may end with a carriage return: it is a line end only where all lines have it, save the last one.
    if lines and all(line.endswith("\r") for line in lines[:-1] or lines):
        lines = [line.removesuffix("\r") for line in lines]
    playlist = bool(lines) and lines[0].strip().upper().startswith("#EXTM3U")
    for line in lines:
        if playlist and line.startswith("#"):
            continue
        # A file may be called {x}: what exists is a name and no record.
        if line.lstrip().startswith("{") and not os.path.lexists(folder / line):
            yield from _from_record(line, source)
        elif playlist and line.startswith("file://"):
            name = unquote(line.removeprefix("file://").removeprefix("localhost"), errors="surrogateescape")
            _require_name(name, source)
            yield Listed(name)
        else:
            _require_name(line, source)
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
        record = parse_object(line)
    except ValueError as error:
        raise InputError(f"{source}: not a JSON record, and no such file: {line[:_QUOTED]!r}") from error
    fields = {name: record.get(name) for name in ("path", "rel", "role", "song", "status")}
    for name, value in fields.items():
        if not isinstance(value, str | None) or not _fits_a_name(value or ""):
            raise InputError(f"{source}: {name} is no text that a file name can hold in the record {line[:_QUOTED]!r}")
    if fields.pop("status") in ("ok", "skipped", None) and fields["path"]:
        _require_name(fields["path"], source)
        yield Listed(fields["path"], *(fields[name] or "" for name in ("rel", "role", "song")))


def _fits_a_name(text: str) -> bool:
    """Tell whether a file name can hold the text: no NUL, and no surrogate that stands for no byte."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _require_name(name: str, source: str, *, null: bool = False) -> None:
    """Raise InputError where no file can be called so: then the list is no list, and nothing may start."""
    if "\0" in name:
        raise InputError(f"{source} holds NUL bytes: no list of names a line; -0 takes names that end with NUL")
    if not _fits_a_name(name) or len(name) > _LONGEST:
        longest = "" if null else ", or -0 for names that end with NUL"
        raise InputError(
            f"{source} holds what can be no file name: {name[:_QUOTED]!r}; give a name on each line{longest}"
        )
