"""FLAC's metadata blocks."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from gantools.audio.tags import riff, vorbis
from gantools.audio.tags.model import Tags

#: STREAMINFO comes first and has this end; what follows may be moved.
FRONT = 42
_PADDING, _APPLICATION, _COMMENT, _CUESHEET, _PICTURE = 1, 2, 4, 5, 6
_LARGEST = (1 << 24) - 1


def _blocks(file: BinaryIO) -> list[tuple[int, int, bytes]]:
    """Return position, type and content of each block."""
    found: list[tuple[int, int, bytes]] = []
    file.seek(4)
    while len(head := file.read(4)) == 4:
        position, size = file.tell() - 4, int.from_bytes(head[1:], "big")
        found.append((position, head[0] & 0x7F, file.read(size)))
        if head[0] & 0x80:
            break
    return found


def read(path: Path, start: int = 0) -> Tags:
    """Return the tags of a FLAC file that begins at `start`, behind an ID3 tag that does not belong there."""
    fields, pictures, parts = [], [], []
    with open(path, "rb") as file:
        data = _From(file, start)
        for _, kind, content in _blocks(data):  # type: ignore[arg-type]
            if kind == _COMMENT:
                found, more = vorbis.read_comments(content)
                fields += found
                pictures += more
            elif kind == _PICTURE:
                picture = vorbis.read_picture(content)
                pictures += [picture] if picture else []
            elif kind == _APPLICATION:
                kept = _application(content)
                parts += [(bytes([kind]), kept)] if kept else []
            elif kind == _CUESHEET:
                parts.append((bytes([kind]), content))
    return Tags(tuple(fields), tuple(pictures), "flac", tuple(parts))


class _From:
    """A file seen from a position on."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file, self._start, self.read = file, start, file.read

    def seek(self, position: int) -> None:
        self._file.seek(self._start + position)

    def tell(self) -> int:
        return self._file.tell() - self._start


def _application(content: bytes) -> bytes | None:
    """Return an application's block; of RIFF chunks that ``flac --keep-foreign-metadata`` keeps, what stays true."""
    if content[:4] != b"riff" or content[4:8] in (b"RIFF", b"RF64", b"fmt ", b"data"):
        return content
    name, body = content[4:8], content[12:]
    # The chunk's size stands before it in the block: one that would become shorter stays as it is.
    kept = riff.kept(name, body)
    return None if kept is None else content[:12] + kept if len(kept) == len(body) else content


def front(tags: Tags) -> bytes:
    """Return the blocks to stand behind STREAMINFO."""
    blocks = [(_COMMENT, vorbis.comments(tags))]
    blocks += [(_PICTURE, vorbis.picture_block(picture)) for picture in tags.pictures]
    blocks += [(kind[0], content) for kind, content in tags.parts_for("flac")]
    return b"".join(
        struct.pack(">I", kind << 24 | len(content)) + content for kind, content in blocks if len(content) <= _LARGEST
    )


def finish(file: BinaryIO) -> None:
    """Make padding of the encoder's own comment block, which follows those of `front`: there may be one only."""
    seen = False
    for position, kind, content in _blocks(file):
        if kind == _COMMENT and seen:
            file.seek(position)
            last = file.read(1)[0] & 0x80
            file.seek(position)
            file.write(bytes([last | _PADDING]) + struct.pack(">I", len(content))[1:] + bytes(len(content)))
        seen = seen or kind == _COMMENT
