"""The parts of a song that lie in one file: the ``.stem.mp4`` of musdb18.

Such a file has five sound tracks: the mixture, drums, bass, other, vocals. A part is named by a path below the file,
``song.stem.mp4/drums.m4a``, as if that were a folder; everything that opens or examines an input asks `holder` for the
file on the disk.
"""

from __future__ import annotations

import os
from pathlib import Path

SUFFIX = ".stem.mp4"
#: The tracks in their order (Rafii et al., "The MUSDB18 corpus for music separation", 2017).
MIXTURE = "mixture"
PARTS = (MIXTURE, "drums", "bass", "other", "vocals")
_NAMES = tuple(f"{part}.m4a" for part in PARTS)


def has_parts(path: str | Path) -> bool:
    """Tell by its name whether a file holds the parts of a song."""
    return os.fspath(path).lower().endswith(SUFFIX)


def with_parts(path: Path, rel: str) -> list[tuple[Path, str]]:
    """Return a file with its folder, or the parts that it holds, in a folder called like the song.

    ``song.stem.mp4`` counts as the folder ``song`` with ``mixture``, ``drums``, ``bass``,
    ``other`` and ``vocals``. It is not opened.
    """
    if not has_parts(path):
        return [(path, rel)]
    song = path.name[: -len(SUFFIX)]
    return [(path / name, f"{rel}/{song}" if rel else song) for name in _NAMES]


def is_part(path: str | Path) -> bool:
    """Tell whether a path names a part of a file; a folder of such a name has files."""
    path = Path(path)
    return path.name in _NAMES and has_parts(path.parent) and os.path.isfile(path.parent)


def holder(path: str | Path) -> Path:
    """Return the file on the disk that a path leads to: that of a part, or the path itself."""
    path = Path(path)
    return path.parent if is_part(path) else path


def track_of(path: str | Path) -> int | None:
    """Return the number of the sound track that a path means, the mixture for the whole file; None for other files."""
    path = Path(path)
    if is_part(path):
        return _NAMES.index(path.name)
    return 0 if has_parts(path) else None
