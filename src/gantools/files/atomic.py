"""Writes that are whole or absent: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import glob
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TEMPORARY = re.compile(r"^\.(?P<name>.+)\.(?P<pid>\d+)-[0-9a-f]{8}\.tmp$", re.DOTALL)


def _temporary_name(path: Path) -> Path:
    return path.parent / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary file name beside `path`; rename it on success, remove it on any error.

    The data reach the disk before the rename, so that a crash leaves the old file or the new one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; swap it in on success, remove it on any error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            old = _temporary_name(path)
            os.replace(path, old)
            os.replace(temporary, path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def scratch_folder(parent: str | Path) -> Iterator[Path]:
    """Give a temporary folder in `parent`, on the disk of the result, and remove it at the end."""
    parent = Path(parent)
    parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(parent / "scratch")
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def plain_json(value: Any) -> Any:
    """Return `value` with NaN and infinities replaced by None and NumPy scalars by Python's."""
    if isinstance(value, dict):
        return {str(k): plain_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(v) for v in value]
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
    """Remove temporaries whose process is gone (a kill -9 leaves them behind).

    Parameters
    ----------
    folder : str or Path
        Searched with all that is below it.
    of : str
        Remove only those of this name, directly in `folder`; also those of this process's number, which in a container
        is the number of the one before. Say so only before anything is written.
    """
    for path in Path(folder).glob(f".{glob.escape(of)}.*.tmp") if of else Path(folder).rglob(".*.tmp"):
        match = _TEMPORARY.match(path.name)
        if not match or (of and match["name"] != of):
            continue
        process = int(match["pid"])
        if (of and process == os.getpid()) or not _alive(process):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
