"""What a verb works on: an input, what it becomes, and the work in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantools.chunks.item import Item

#: What a verb does to one file: (item, output paths, seed, tick) -> fields of the record.
Work = Callable[[Item, Sequence[Path], int, Callable[[float], None]], dict[str, Any]]


@dataclass(frozen=True)
class Task:
    """One input and the files that it becomes, named below the output folder.

    The first is the result; with `roles`, one for each output, every output is a result with a record of its own.
    With `in_place` the output is a folder that the work itself keeps safe, because it goes on with what is there.
    With `many` the work alone knows how many results there are: it is given the name of one, writes files beside it,
    and returns ``made``, a record with the ``name`` of each, and ``beside``, the names of what comes along with them.
    """

    item: Item
    outputs: tuple[str, ...]
    key: str = field(default="")
    roles: tuple[str, ...] = ()
    in_place: bool = False
    many: bool = False

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.outputs[0])
