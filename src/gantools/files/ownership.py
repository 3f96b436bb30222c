"""What gantools made, and may therefore overwrite or delete: the one rule of every verb.

A file is ours when the manifest of its folder lists it and its bytes are those that were written. A file that is not
listed, or was changed since, belongs to the user: it stays, until ``--force`` says otherwise. A file that is listed and
damaged (its bytes changed and its time did not, or its own checksums fail) holds nothing that anyone wrote; it is made
again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from gantools.errors import InputError
from gantools.files.hashing import hash_file

State = Literal["absent", "ours", "damaged", "changed", "foreign"]
_CONTAINERS = (".safetensors",)


def is_plain(name: Any) -> bool:
    """Tell whether a name that a file of others gives stays below its folder: relative, without ``..`` or NUL."""
    if not isinstance(name, str) or not name or "\0" in name or name.startswith("/"):
        return False
    return all(part not in ("", ".", "..") for part in name.split("/")) and not re.match(r"^[A-Za-z]:[\\/]", name)


def inside(folder: str | Path, name: Any, where: str | Path) -> Path:
    """Return the path of a file that a manifest, an index or a configuration names.

    Parameters
    ----------
    folder : str or Path
    name : JSON value
        What was read.
    where : str or Path
        The file that says so, for the message.

    Raises
    ------
    InputError
        It is no plain name, or a link leads out of the folder.
    """
    if not is_plain(name):
        raise InputError(f"names {name!r}, which is no plain name below its folder; do not use it", where)
    path = Path(folder) / PurePosixPath(name)
    root = os.path.realpath(folder)
    if os.path.commonpath([root, os.path.realpath(path)]) != root:
        raise InputError(f"names {name!r}, a link that leads out of its folder; do not use it", where)
    return path


def describe_output(path: str | Path) -> dict[str, Any]:
    """Return size, time and hash of a file that was just made, for the manifest."""
    status = os.stat(path)
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "hash": hash_file(path)}


def state_of(path: str | Path, known: Iterable[dict[str, Any]], *, check: bool = False) -> State:
    """Return what a file is to us.

    Parameters
    ----------
    path : str or Path
    known : iterable of dict
        What was ever written under this name, newest last, as from `describe_output`.
    check : bool
        Read the file also where size and time are as they were.
    """
    if not os.path.lexists(path):
        return "absent"
    known = list(known)
    if not known or not os.path.isfile(path):
        return "foreign"
    status = os.stat(path)
    same = [entry for entry in known if entry["size"] == status.st_size]
    untouched = [entry for entry in known if entry.get("mtime_ns") == status.st_mtime_ns]
    # By size and time alone, so that a rerun reads no outputs; an entry without a hash has no more than its size.
    if not check and any(entry in untouched or "hash" not in entry for entry in same):
        return "ours"
    digest = hash_file(path) if same else ""
    if any(entry.get("hash", digest) == digest for entry in same):
        return "ours"
    # Who edits a file changes its time; bytes that changed without it, or to nothing, are nobody's work.
    return "damaged" if untouched or not status.st_size or _is_broken(Path(path)) else "changed"


def _is_broken(path: Path) -> bool:
    """Tell whether a file whose checksums are inside it fails them: nobody edits one so, but disks and copies do."""
    if not path.name.endswith(_CONTAINERS):
        return False
    # It needs numpy, which takes longer to load than most commands take to say that they have nothing to do.
    from gantools.files.containers import verify

    try:
        # The top byte of the header's length is 0 and JSON follows. What begins otherwise was replaced, and not
        # damaged.
        with open(path, "rb") as file:
            begins_like_one = file.read(9)[7:] == b"\0{"
        verify(path)
    except InputError:
        return begins_like_one
    except OSError:
        return True
    return False


def refusal(path: str | Path, state: State) -> str:
    """Return why a file is not overwritten, or an empty string where it may be."""
    if state == "foreign":
        return f"{path} is there and no manifest says that gantools made it; it is kept; --force overwrites it"
    if state == "changed":
        return f"{path} was changed since gantools made it; it is kept; --force makes it again"
    return ""
