"""Inputs: files, folders, or a list on standard input (lines, NUL-separated names, or another verb's records)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gantools.chunks.roles import AUDIO_SUFFIXES as AUDIO_SUFFIXES
from gantools.chunks.roles import role_and_song
from gantools.cli.flags import Run
from gantools.errors import ConfigError, InputError
from gantools.runtime.seeds import item_seed

MEL_SUFFIXES = (".mel.safetensors",)


@dataclass(frozen=True)
class Item:
    """One input file.

    Attributes
    ----------
    path : Path
    rel : str
        Folder of the file below the input folder, with ``/``; empty at the top.
    stem : str
        File name without its ending.
    role, song : str
        As the name says, or as the record of another verb said.
    """

    path: Path
    rel: str
    stem: str
    role: str
    song: str

    @property
    def key(self) -> str:
        """Name of the item for seeds and shards: ``rel/stem``."""
        return f"{self.rel}/{self.stem}" if self.rel else self.stem


def gather(arguments: Sequence[str] | None, suffixes: Sequence[str], run: Run) -> list[Item]:
    """Return the items named on the command line or on standard input.

    Parameters
    ----------
    arguments : sequence of str or None
        Files, folders (searched for `suffixes`, recursively, in sorted order), or ``-``.
        None and a pipe on standard input mean ``-``.
    suffixes : sequence of str
    run : Run

    Raises
    ------
    ConfigError
        No input at all, or an input that does not exist: nothing starts.
    """
    arguments = list(arguments or [])
    if not arguments and not sys.stdin.isatty():
        arguments = ["-"]
    if not arguments:
        raise ConfigError("no input; name files or folders, or - for a list on standard input")
    items: list[Item] = []
    for argument in arguments:
        if argument == "-":
            items += _from_stdin(suffixes, run)
        elif os.path.isdir(argument):
            items += _from_folder(Path(argument), suffixes)
        elif not os.path.lexists(argument):
            raise ConfigError("no such file or folder", argument)
        else:
            items.append(_item(Path(argument), "", suffixes))
    if not items:
        if "-" in arguments and run.out is not None and (run.out / "manifest.jsonl").exists():
            return []  # a pipe that had nothing new to say
        where = ", ".join("standard input" if a == "-" else a for a in arguments)
        raise ConfigError(f"no input in {where}; looked for {', '.join(suffixes)}")
    items = part(items, run)
    return items[: run.limit] if run.limit else items


def part(items: Sequence[Item], run: Run) -> list[Item]:
    """Return the items of part I of N (``--shard I/N``). A hash decides, so that adding a file moves no other."""
    index, count = run.shard
    return [item for item in items if item_seed(0, item.key) % count == index - 1]


def _from_folder(folder: Path, suffixes: Sequence[str]) -> Iterator[Item]:
    found = []
    for root, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        rel = os.path.relpath(root, folder)
        for name in names:
            if not name.startswith(".") and name.lower().endswith(tuple(suffixes)):
                found.append((("" if rel == "." else Path(rel).as_posix()), Path(root) / name))
    for rel, path in sorted(found, key=lambda pair: (pair[0], pair[1].name)):
        yield _item(path, rel, suffixes)


def _refuse(error: OSError) -> None:
    raise ConfigError(f"cannot be read ({error.strerror})", error.filename)


def _item(path: Path, rel: str, suffixes: Sequence[str], role: str = "", song: str = "") -> Item:
    ending = next((s for s in sorted(suffixes, key=len, reverse=True) if path.name.lower().endswith(s)), path.suffix)
    stem = path.name[: len(path.name) - len(ending)] if ending else path.name
    named_role, named_song = role_and_song(f"{rel}/{stem}" if rel else stem)
    return Item(path, rel, stem, role or named_role, song or named_song)


def _from_stdin(suffixes: Sequence[str], run: Run) -> list[Item]:
    text = sys.stdin.read()
    if not run.null and text.lstrip().startswith("{"):
        return [item for line in text.splitlines() if line.strip() for item in _from_record(line, suffixes)]
    names = [name for name in (text.split("\0") if run.null else text.splitlines()) if name]
    folders = [PurePosixPath(name) for name in names]
    # A relative name keeps its folders, as `cp --parents` does; absolute ones count from their common folder.
    outside = [str(p.parent) for p in folders if p.is_absolute() or ".." in p.parts]
    common = os.path.commonpath([os.path.abspath(p) for p in outside]) if outside else ""
    items: list[Item] = []
    for name, path in zip(names, folders, strict=True):
        if os.path.isdir(name):
            items += _from_folder(Path(name), suffixes)
            continue
        if path.is_absolute() or ".." in path.parts:
            rel = os.path.relpath(os.path.abspath(path.parent), common)
        else:
            rel = str(path.parent)
        items.append(_item(Path(name), "" if rel == "." else rel, suffixes))
    return items


def _from_record(line: str, suffixes: Sequence[str]) -> Iterator[Item]:
    try:
        record = json.loads(line)
        status, path = record.get("status", "ok"), record.get("path")
    except (ValueError, AttributeError) as error:
        raise InputError(f"standard input: not a JSON record: {line[:60]!r}") from error
    if status in ("ok", "skipped") and path:
        yield _item(
            Path(path), str(record.get("rel") or ""), suffixes, record.get("role") or "", record.get("song") or ""
        )
