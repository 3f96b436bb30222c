"""Results on standard output: one path per line, or one JSON record."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantools.cli.flags import Run
from gantools.cli.terminal import silence, write_line
from gantools.files.atomic import plain_json


@dataclass(frozen=True)
class Collection:
    """What a run had to say to a caller in Python.

    Attributes
    ----------
    records : list of dict
    notices : list of str
        What was left out or could not be written, where it is in no record.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


#: Where records go in place of standard output, for each thread its own; see `collected`.
_collection: ContextVar[Collection | None] = ContextVar("collection", default=None)


@contextmanager
def collected(*, silent: bool) -> Iterator[Collection]:
    """Collect records in place of printing them, for callers in Python; with `silent` standard error hears nothing."""
    collection = Collection()
    before = _collection.set(collection)
    try:
        with silence() if silent else nullcontext():
            yield collection
    finally:
        _collection.reset(before)


def collecting() -> bool:
    """Tell whether a caller in Python collects the records."""
    return _collection.get() is not None


def emit(run: Run, record: dict[str, Any]) -> None:
    """Print the result of one output.

    Without ``--json`` only outputs that exist (or are planned) are printed, by their path.
    """
    if (collection := _collection.get()) is not None:
        collection.records.append(plain_json(record))
    elif run.json:
        print(json.dumps(plain_json(record), allow_nan=False), flush=True)
    elif record["status"] != "error" and record.get("path"):
        print(record["path"], end="\0" if run.null else "\n", flush=True)


def show_beside(run: Run, paths: Sequence[Path]) -> None:
    """Print what was made beside a result, such as a mix, to whoever reads at a terminal; a pipe gets results alone."""
    if not run.json and not collecting() and sys.stdout.isatty():
        for path in paths:
            print(path, flush=True)


def say(run: Run, line: str, *, error: bool = False) -> None:
    """Print a message to standard error; only errors with ``--quiet``."""
    if error and (collection := _collection.get()) is not None:
        collection.notices.append(line)
    if error or not run.quiet:
        write_line(f"gantools {run.verb}: {line}")


def in_words(value: Any) -> str:
    """Return a fact as text; of a mapping, its names and values."""
    return ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, dict) else str(value)
