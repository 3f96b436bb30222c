"""Chunks of RIFF, RF64, W64, AIFF and CAF files: one walk over five ways to write name and size."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

#: W64's names are GUIDs: four letters and one of these ends.
_W64_END = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_LIST = b"list" + bytes.fromhex("912ecf11a5d628db04c10000")
_UNKNOWN = 0xFFFFFFFF


@dataclass(frozen=True)
class Layout:
    """How a kind of file writes its chunks.

    Attributes
    ----------
    first : int
        Position of the first chunk.
    align : int
        Chunks begin at multiples of this.
    samples : bytes
        Name of the chunk with the samples.
    """

    kind: str
    first: int
    align: int
    samples: bytes

    @property
    def head_bytes(self) -> int:
        """Length of the head of a chunk, which holds its name and its size."""
        return {"W64": 24, "CAF": 12}.get(self.kind, 8)

    def named(self, head: bytes) -> tuple[bytes, int]:
        """Return name and size of the content from a chunk's head."""
        if self.kind == "W64":
            name = head[:4] if head[4:16] == _W64_END else head[:16]
            return (b"LIST" if name == _W64_LIST else name), struct.unpack("<Q", head[16:])[0] - 24
        if self.kind == "CAF":
            return head[:4], struct.unpack(">q", head[4:])[0]
        return head[:4], struct.unpack(">I" if self.kind == "AIFF" else "<I", head[4:])[0]

    def head(self, name: bytes, size: int) -> bytes:
        """Return the head of a chunk."""
        if self.kind == "W64":
            guid = _W64_LIST if name == b"LIST" else name + _W64_END if len(name) == 4 else name
            return guid + struct.pack("<Q", size + 24)
        if self.kind == "CAF":
            return name + struct.pack(">q", size)
        return name + struct.pack(">I" if self.kind == "AIFF" else "<I", size)

    def chunk(self, name: bytes, content: bytes) -> bytes:
        """Return a whole chunk, padded; in W64 inside, because libsndfile does not look for the next one behind it."""
        if self.kind == "W64":
            content += bytes(-len(content) % self.align)
        return self.head(name, len(content)) + content + bytes(-len(content) % self.align)


W64 = Layout("W64", 40, 8, b"data")
_LAYOUTS = {
    b"RIFF": Layout("RIFF", 12, 2, b"data"),
    b"RF64": Layout("RF64", 12, 2, b"data"),
    b"BW64": Layout("RF64", 12, 2, b"data"),
    b"riff": W64,
    b"FORM": Layout("AIFF", 12, 2, b"SSND"),
    b"caff": Layout("CAF", 8, 1, b"data"),
}


def layout(file: BinaryIO) -> Layout | None:
    """Return how a file writes its chunks; None where it has none."""
    file.seek(0)
    return _LAYOUTS.get(file.read(4))


def chunks(file: BinaryIO, how: Layout) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, position of the content and size of each chunk, as far as the file is whole."""
    file.seek(0, 2)
    end, position, long = file.tell(), how.first, {}
    while position + how.head_bytes <= end:
        file.seek(position)
        name, size = how.named(file.read(how.head_bytes))
        content = position + how.head_bytes
        # It comes first, and sizes that are all ones refer to it.
        if name == b"ds64" and how.kind == "RF64":
            long = _long_sizes(file.read(min(size, 1 << 16)))
        elif size == _UNKNOWN and how.kind == "RF64":
            size = long.get(name, end - content)
        if size < 0:  # CAF: to the end of the file
            size = end - content
        yield name, content, size
        position = content + size + -size % how.align


def _long_sizes(ds64: bytes) -> dict[bytes, int]:
    """Return the sizes of more than 32 bits that RF64 tells apart."""
    if len(ds64) < 28:
        return {}
    sizes = {b"data": struct.unpack_from("<Q", ds64, 8)[0]}
    # Behind the fixed part: other large chunks, each a name and 8 bytes of size.
    for position in range(28, min(len(ds64), 28 + 12 * struct.unpack_from("<I", ds64, 24)[0]) - 11, 12):
        sizes[ds64[position : position + 4]] = struct.unpack_from("<Q", ds64, position + 4)[0]
    return sizes


def finish(file: BinaryIO, how: Layout, added: bytes) -> None:
    """Add chunks at the end of an AIFF or CAF file, tell the new size of AIFF and W64, and forget the time.

    The time in a chunk `PEAK` is blanked, so that equal samples give equal files.
    """
    for name, position, size in chunks(file, how):
        if name == b"PEAK" and size >= 8:
            file.seek(position + 4)
            file.write(bytes(4))
            break
    file.seek(0, 2)
    if added:
        file.write(bytes(-file.tell() % how.align) + added)
    # CAF states no size of the whole file.
    size = file.tell()
    if how.kind == "W64":
        file.seek(16)
        file.write(struct.pack("<Q", size))
    elif how.kind == "AIFF":
        file.seek(4)
        file.write(struct.pack(">I", size - 8))
