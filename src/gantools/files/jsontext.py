"""JSON that others wrote: whatever is in it, it is read or it is a ValueError."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError, GantoolsError, InputError

_SHAPELESS = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, struct.error)


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text; raises ValueError where it is none, or nested too deeply to be one of ours."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Return the object of a JSON text; raises ValueError where it is anything else."""
    value = parse_json(text)
    if not isinstance(value, dict):
        raise ValueError(f"an object is needed, not {type(value).__name__}")
    return value


@contextmanager
def well_formed(path: str | Path, otherwise: str, error: type[GantoolsError] = InputError) -> Iterator[None]:
    """Turn what Python raises on content of another shape than expected into an error that names the file.

    For the lines that take apart what was read, and no others: there it would hide bugs.

    Parameters
    ----------
    path : str or Path
    otherwise : str
        What is wrong then; what to do.
    error : type of GantoolsError
    """
    try:
        yield
    except _SHAPELESS as found:
        raise error(otherwise, path) from found
    except ConfigError as found:
        what, _, advice = otherwise.partition("; ")
        raise error(f"{what} ({found}); {advice}", path) from found
