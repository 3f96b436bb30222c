"""Writes that are whole or absent: a temporary name in the same folder, then a rename.

A temporary carries host and process, and is locked while its process lives. Only what the same host left behind, and
nobody holds, is removed: a process number says nothing in the next container, and nothing about another machine.
"""

from __future__ import annotations

import fcntl
import glob
import json
import math
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gantools.files.hashing import hash_bytes

_NAMED = r"\.(?P<name>[^/\n]+?)\.(?P<host>[\w-]+)\.(?P<pid>\d+)-[0-9a-f]{8}\.tmp"
_TEMPORARY = re.compile(_NAMED.replace("[^/\\n]+?", ".+"), re.DOTALL)
_MENTIONED = re.compile(rf"(?<![^/\s'\"(]){_NAMED}(?P<below>/?)")
#: What a file system takes as the name of one file.
_LONGEST_NAME_BYTES = 255
_LONGEST_HOST = 24
_LONGEST_PID = 10
#: Of Windows: the right to wait for a process, the error where there is none, and what waiting for a live one gives.
_SYNCHRONIZE, _NO_SUCH_PROCESS, _STILL_RUNS = 0x00100000, 87, 0x102
#: Temporaries of this process: they go when it has to leave at once.
_open_temporaries: set[Path] = set()


def host_name() -> str:
    """Return the name of this machine as it stands in temporaries: letters, digits, ``-`` and ``_``."""
    name = socket.gethostname()
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    if plain == name and len(name) <= _LONGEST_HOST:
        return name or "localhost"
    return f"{plain[: _LONGEST_HOST - 9]}-{hash_bytes(name.encode('utf-8', 'surrogateescape'))[:8]}"


def shortened(name: str, room: int) -> str:
    """Return a name in at most `room` bytes: as it is, or its beginning and a hash of the whole."""
    encoded = os.fsencode(name)
    if len(encoded) <= room:
        return name
    kept = encoded[: room - 9]
    while kept and not _whole(kept):  # no letter is cut in two
        kept = kept[:-1]
    return f"{os.fsdecode(kept)}-{hash_bytes(encoded)[:8]}"


def _whole(encoded: bytes) -> bool:
    try:
        encoded.decode("utf-8")
    except UnicodeDecodeError as error:
        # Only a letter that was cut off counts; names that are no UTF-8 anyway are left as they are.
        return error.reason != "unexpected end of data"
    return True


def _readable(name: str) -> str:
    # Room for a process number of any length: the one that sweeps has another than the one that died.
    ending = f"..{host_name()}.{'0' * _LONGEST_PID}-00000000.tmp"
    return shortened(name, _LONGEST_NAME_BYTES - len(ending))


def _temporary_name(path: Path) -> Path:
    return path.parent / f".{_readable(path.name)}.{host_name()}.{os.getpid()}-{secrets.token_hex(4)}.tmp"


@contextmanager
def _temporary(path: Path, *, folder: bool) -> Iterator[Path]:
    """Make a temporary file or folder beside `path`, hold its lock, and remove what is left of it at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        temporary = _temporary_name(path)
        # Noted before it exists, so that `drop_temporaries` misses none.
        _open_temporaries.add(temporary)
        if folder:
            temporary.mkdir()
        descriptor = os.open(temporary, os.O_RDONLY if folder else os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        # The lock tells the sweeps of other processes that this one lives.
        _try_lock(descriptor)
        if temporary.exists():
            break
        os.close(descriptor)  # a sweep came between its making and its lock
    try:
        yield temporary
    finally:
        os.close(descriptor)
        # Only what was not renamed is still there.
        _remove(temporary)
        _open_temporaries.discard(temporary)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def drop_temporaries() -> None:
    """Remove all temporaries of this process, which is about to end without unwinding."""
    for path in list(_open_temporaries):
        _remove(path)


def without_temporaries(text: str) -> str:
    """Return a message that names the files of the user, and not the temporaries that stand for them."""
    return _MENTIONED.sub(lambda found: "" if found["below"] else found["name"], text)


def _try_lock(descriptor: int) -> bool | None:
    """Return whether the lock is ours now; None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sync(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR)  # Windows flushes no file that was opened to be read
    except PermissionError:
        descriptor = os.open(path, os.O_RDONLY)  # a copy of what may only be read; POSIX flushes that too
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary file, empty as yet, beside `path`; rename it on success, remove it on any error.

    The data reach the disk before the rename, so that a crash leaves the old file or the new one.
    """
    path = Path(path)
    with _temporary(path, folder=False) as temporary:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`, which becomes `path` on success and goes on any error.

    Raises
    ------
    OSError
        There is something at `path` by then that is not an empty folder; it stays.
    """
    path = Path(path)
    with _temporary(path, folder=True) as temporary:
        yield temporary
        os.rename(temporary, path)


@contextmanager
def scratch_folder(parent: str | Path, name: str = "scratch") -> Iterator[Path]:
    """Give a temporary folder in `parent`, on the disk of the result, and remove it at the end."""
    with _temporary(Path(parent) / name, folder=True) as temporary:
        yield temporary


def plain_json(value: Any) -> Any:
    """Return `value` with NaN and infinities replaced by None and NumPy scalars by Python's."""
    if isinstance(value, dict):
        return {str(k): plain_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(v) for v in value]
    # NumPy scalars and tensors without dimensions, with neither library imported.
    if hasattr(value, "item") and not isinstance(value, (str, bytes)) and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")


_FLAT_LIST = re.compile(r"\[[^\[\]{}\"]*\]")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON, lists of numbers on one line each, atomically; NaN becomes null."""
    text = json.dumps(plain_json(value), indent=2, allow_nan=False)
    write_text(path, _FLAT_LIST.sub(lambda found: " ".join(found.group().split()), text) + "\n")


def sweep_temporaries(folder: str | Path, of: str = "") -> None:
    """Remove temporaries that dead processes of this host left behind (a kill -9 does).

    Parameters
    ----------
    folder : str or Path
        Searched with all that is below it.
    of : str
        Remove only those of this name, directly in `folder`.
    """
    of = _readable(of) if of else ""
    for path in Path(folder).glob(f".{glob.escape(of)}.*.tmp") if of else Path(folder).rglob(".*.tmp"):
        match = _TEMPORARY.fullmatch(path.name)
        if match and match["host"] == host_name() and (not of or match["name"] == of):
            _sweep(path, int(match["pid"]))


def _sweep(path: Path, pid: int) -> None:
    try:
        # A link is not followed, and a pipe under such a name does not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return  # gone meanwhile, or not ours to touch
    try:
        free = _try_lock(descriptor)
        # Where the file system knows no locks the process number decides; that of this host, as the caller has checked.
        if free or (free is None and not _alive(pid)):
            _remove(path)
    finally:
        os.close(descriptor)


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        return _alive_on_windows(pid, ctypes.WinDLL("kernel32", use_last_error=True), ctypes.get_last_error)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _alive_on_windows(pid: int, kernel: Any, last_error: Callable[[], int]) -> bool:
    """Tell whether a process lives, without `os.kill`: there its signal 0 is Ctrl-C, and any other one ends it."""
    process = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
    if not process:
        return last_error() != _NO_SUCH_PROCESS  # it is there, and another user's
    try:
        return bool(kernel.WaitForSingleObject(process, 0) == _STILL_RUNS)
    finally:
        kernel.CloseHandle(process)
