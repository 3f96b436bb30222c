"""What a verb works on: an input, what it becomes, and the work in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantools.chunks.roles import Named

_UNNAMED = Named("mix", "")


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
    mark : str
        What tells it from another input of the same name: ``-wav`` beside ``-flac``.
    named : Named
        All that the name says; `role` and `song` come from it where nothing else does.
    """

    path: Path
    rel: str
    stem: str
    role: str
    song: str
    mark: str = ""
    named: Named = _UNNAMED

    @property
    def key(self) -> str:
        """Name of the item for seeds and shards: ``rel/stem``, and its mark."""
        return f"{self.rel}/{self.stem}{self.mark}" if self.rel else f"{self.stem}{self.mark}"


#: What a verb does to one file: (item, output paths, seed, tick) -> fields of the record.
Work = Callable[[Item, Sequence[Path], int, Callable[[float], None]], dict[str, Any]]


@dataclass(frozen=True)
class Task:
    """One input and the files that it becomes, named below the output folder.

    The first is the result; with `roles`, one for each output, every output is a result with a record of its own.
    With `in_place` the output is a folder that the work itself keeps safe, because it goes on with what is there.
    """

    item: Item
    outputs: tuple[str, ...]
    key: str = field(default="")
    roles: tuple[str, ...] = ()
    in_place: bool = False

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.outputs[0])
