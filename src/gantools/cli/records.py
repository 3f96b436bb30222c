"""Results on standard output: one path per line, or one JSON record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from gantools.cli.flags import Run
from gantools.cli.terminal import write_line
from gantools.files.atomic import plain_json

#: Where records go in place of standard output, for each thread its own; see `collected`.
_collection: ContextVar[list[dict[str, Any]] | None] = ContextVar("collection", default=None)


@contextmanager
def collected() -> Iterator[list[dict[str, Any]]]:
    """Let `emit` add records to the list that this yields, in place of printing them: for callers in Python."""
    records: list[dict[str, Any]] = []
    before = _collection.set(records)
    try:
        yield records
    finally:
        _collection.reset(before)


def emit(run: Run, record: dict[str, Any]) -> None:
    """Print the result of one output.

    Without ``--json`` only outputs that exist (or are planned) are printed, by their path.
    """
    if (records := _collection.get()) is not None:
        records.append(plain_json(record))
    elif run.json:
        print(json.dumps(plain_json(record), allow_nan=False), flush=True)
    elif record["status"] != "error" and record.get("path"):
        print(record["path"], end="\0" if run.null else "\n", flush=True)


def say(run: Run, line: str, *, error: bool = False) -> None:
    """Print a message to standard error; only errors with ``--quiet``."""
    if error or not run.quiet:
        write_line(f"gantools {run.verb}: {line}")


def in_words(value: Any) -> str:
    """Return a fact as text; of a mapping, its names and values."""
    return ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, dict) else str(value)
