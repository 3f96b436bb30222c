"""Inputs that would never end: a pipe waits for a writer, a device has no length."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gantools.errors import InputError
from gantools.files.members import holder


def require_regular(path: str | Path) -> None:
    """Refuse what is missing, a folder, a pipe or a device, without opening it.

    Raises
    ------
    InputError
    """
    try:
        mode = os.stat(holder(path)).st_mode
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device"
        raise InputError(f"is {kind}; give a file", path)
