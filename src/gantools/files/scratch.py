"""The disk of temporary files: large data of one process that nobody else shall see."""

from __future__ import annotations

import tempfile
from typing import IO

from gantools.errors import ConfigError


def open_scratch() -> IO[bytes]:
    """Return a file without a name, which is gone when it is closed, in the folder of temporary files.

    Raises
    ------
    ConfigError
        The folder cannot be written to.
    """
    try:
        return tempfile.TemporaryFile(prefix="gantools-")
    except OSError as error:
        raise scratch_error(error) from error


def scratch_error(error: OSError) -> ConfigError:
    """Return what to tell the user of an error in the folder of temporary files, which is named."""
    try:
        folder = tempfile.gettempdir()
    except OSError:  # no folder at all can be written to
        folder = ""
    return ConfigError(
        f"temporary files cannot be written ({error.strerror}); free some space there, or set TMPDIR to a folder on "
        "another disk",
        folder or None,
    )
