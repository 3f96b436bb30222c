"""A file of a set that is evaluated or shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Clip:
    """A file of a set that is evaluated.

    Attributes
    ----------
    path : Path
    name : str
        Its path below the input folder, without ending: ``song-11/bass.drums``.
    role : str
        What sounds in it: drums.
    song : str
        The name without any role: ``song-11``.
    part : str
        Which channel of the role it is, see `gantools.chunks.roles.Named`.
    """

    path: Path
    name: str
    role: str
    song: str
    part: str = ""
