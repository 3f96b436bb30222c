"""What an audio file says beside its samples: titles, pictures, cue points, loop points, broadcast data.

Processing keeps them, because positions stay valid where the length does not change. A file of the same kind gets them
byte for byte, any other gets its texts and pictures. What states a level of the old samples is left out: ReplayGain,
R128, RVA2, Sound Check, the loudness of `bext`, peaks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gantools.audio.tags import flac, id3, iff, mp4, ogg, riff
from gantools.audio.tags.model import Picture, Tags
from gantools.files.members import is_part

__all__ = ["Picture", "Tags", "read_tags"]


def read_tags(path: str | Path) -> Tags:
    """Return the tags of an audio file; none where it has none, or where they cannot be read."""
    path = Path(path)
    if is_part(path):  # what the file says is said of the song
        return Tags()
    try:
        return _reader(path)(path).without_levels()
    except (OSError, ValueError):
        return Tags()


def _reader(path: Path) -> Callable[[Path], Tags]:
    with open(path, "rb") as file:
        # Some programs put an ID3 tag in front of FLAC, where it does not belong: FLAC's own blocks count.
        tag = id3.whole(file)
        magic = file.read(4) if tag else b""
        file.seek(0)
        head = file.read(12)
        if tag and magic == b"fLaC":
            return lambda p: flac.read(p, len(tag))
        if head[:4] == b"fLaC":
            return flac.read
        if head[:4] == b"OggS":
            return ogg.read
        if head[4:8] == b"ftyp":
            return mp4.read
        if iff.layout(file) is not None:
            return riff.read
        return id3.read
