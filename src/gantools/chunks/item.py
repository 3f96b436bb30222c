"""One input of a verb."""

from __future__ import annotations

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
    given : object
        What the work needs beside the file: the stems of a song, a request for a clip.
    also : tuple of Path
        Other files that it is made of, such as the further stems of a song.
    seed : int, optional
        Its own seed, where it is not derived from ``--seed`` and `key`.
    """

    path: Path
    rel: str
    stem: str
    role: str
    song: str
    mark: str = ""
    named: Named = _UNNAMED
    given: Any = field(default=None, compare=False)
    seed: int | None = None
    also: tuple[Path, ...] = ()

    @property
    def files(self) -> dict[str, Path]:
        """All its files, by the names that the manifest's record has for them."""
        return {"source": self.path, **{str(path): path for path in self.also}}

    @property
    def key(self) -> str:
        """Name of the item for seeds and shards: ``rel/stem``, and its mark."""
        return f"{self.rel}/{self.stem}{self.mark}" if self.rel else f"{self.stem}{self.mark}"
