"""How many bytes a file should have by its own headers, and headers that were never completed.

A recorder that is killed, and every encoder that writes to a pipe, leaves 0 or a largest number where the length
belongs: the sound then reaches to the end of the file. A file that holds less than its headers say was cut short.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

#: A data size that means "not known": 0, what SoX and arecord write to a pipe (2 GiB), the largest 32-bit number.
_UNKNOWN = (range(0, 1), range(0x7FFFF000, 0x80000001), range(0xFFFFF000, 1 << 32))
_MOST_CHUNKS = 10000
#: A file's offset is a signed number of 64 bits; chunks may claim more.
_FARTHEST = (1 << 63) - 1
_W64_HEAD = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_ASF_HEAD = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


@dataclass(frozen=True)
class Extent:
    """What the headers of a file say about its length.

    Attributes
    ----------
    promised_bytes : int
        Length of the file by its headers; 0 where they say nothing.
    replaced : dict of int to bytes
        Position -> bytes with which a header that was never completed (or one of the same layout under another name)
        is understood.
    """

    promised_bytes: int = 0
    replaced: dict[int, bytes] = field(default_factory=dict)


def extent(file: IO[bytes]) -> Extent:
    """Return what the headers of an open file say, for WAV, RF64, BW64, W64, AIFF, CAF, AU, MP4, Matroska and WMA."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(64)
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return _riff(file, size, head) if head[8:12] == b"WAVE" else Extent(8 + _little(head[4:8]))
    if head[:4] == b"FORM":
        return Extent(_end_of(b"SSND", _chunks(file, 12, ">4sI")))
    if head[:16] == _W64_HEAD:
        return Extent(_end_of(b"data", _chunks(file, 40, "<16sQ")))
    if head[:4] == b"caff":
        return Extent(_end_of(b"data", _chunks(file, 8, ">4sQ")))
    if head[:4] in (b".snd", b"dns."):
        start, length = struct.unpack(">II" if head[:1] == b"." else "<II", head[4:12].ljust(8, b"\0"))
        return Extent(0 if _unknown(length) else start + length)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return Extent(max((start + length for _, start, length in _boxes(file, size)), default=0))
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return Extent(_matroska(head))
    if head[:16] == _ASF_HEAD:
        file.seek(0)
        start = file.read(1 << 16)
        at = start.find(_ASF_PROPERTIES)
        # The file's size stands behind the object's GUID (16), its size (8) and the file's GUID (16).
        return Extent(_little(start[at + 40 : at + 48]) if at >= 0 else 0)
    return Extent()


def lacks_index(file: IO[bytes]) -> bool:
    """Whether an MP4 file has its media but not the index (``moov``) that comes last: it was cut or not finished."""
    size = file.seek(0, os.SEEK_END)
    names = [name for name, _, _ in _boxes(file, size)]
    return names[:1] == [b"ftyp"] and b"moov" not in names


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _unknown(length: int) -> bool:
    return any(length in values for values in _UNKNOWN)


def _chunks(file: IO[bytes], position: int, layout: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start of the content, length) of the chunks from `position` on."""
    wide = layout == "<16sQ"  # W64 counts the header of a chunk and aligns to 8
    for _ in range(_MOST_CHUNKS):
        if position > _FARTHEST:
            return
        file.seek(position)
        header = file.read(struct.calcsize(layout))
        if len(header) < struct.calcsize(layout):
            return
        name, length = struct.unpack(layout, header)
        start = position + len(header)
        if wide:
            length = max(0, length - 24)
        yield name[:4], start, length
        position = start + length + (-length % 8 if wide else length % 2 if layout != ">4sQ" else 0)


def _end_of(wanted: bytes, chunks: Iterator[tuple[bytes, int, int]]) -> int:
    for name, start, length in chunks:
        if name == wanted:
            return 0 if _unknown(length) or length >= 1 << 63 else start + length
    return 0


def _riff(file: IO[bytes], size: int, head: bytes) -> Extent:
    # BW64 has the layout of RF64, and decoders know it under that name.
    replaced = {0: b"RF64"} if head[:4] == b"BW64" else {}
    ds64 = 0
    for name, start, length in _chunks(file, 12, "<4sI"):
        if name == b"ds64" and head[:4] != b"RIFF":
            ds64 = start
        if name != b"data":
            continue
        known = length
        if ds64 and length == 0xFFFFFFFF:
            # ds64: the size of the RIFF, then that of the data, 8 bytes each. 0 was never completed.
            file.seek(ds64 + 8)
            known = _little(file.read(8))
            if known == 0 or known >= 1 << 63:
                return Extent(0, replaced | {ds64 + 8: struct.pack("<Q", size - start)})
        elif (_unknown(length) and start + length > size) or (length == 0 and not _ends_in_chunks(file, start, size)):
            # The largest number makes decoders read on to the end of the file.
            return Extent(0, replaced | {start - 4: b"\xff\xff\xff\xff"})
        return Extent(start + known, replaced)
    return Extent(0, replaced)


def _ends_in_chunks(file: IO[bytes], position: int, size: int) -> bool:
    """Whether whole chunks lie between `position` and the end of the file, as behind a sound that is truly empty."""
    while position < size:
        file.seek(position)
        header = file.read(8)
        if len(header) < 8 or not all(32 <= byte < 127 for byte in header[:4]):
            return False
        length = _little(header[4:])
        position += 8 + length + length % 2
    return position in (size, size + 1)


def _boxes(file: IO[bytes], size: int) -> Iterator[tuple[bytes, int, int]]:
    position = 0
    for _ in range(_MOST_CHUNKS):
        if position > _FARTHEST:
            return
        file.seek(position)
        header = file.read(16)
        if len(header) < 8:
            return
        length, name = struct.unpack(">I4s", header[:8])
        # 1 says that the size has 64 bits and stands behind the name.
        if length == 1 and len(header) == 16:
            length = int.from_bytes(header[8:], "big")
        elif length == 0:  # to the end of the file
            length = size - position
        if length < 8:
            return
        yield name, position, length
        position += length


def _matroska(head: bytes) -> int:
    """Return where the segment ends by the EBML header; 0 for a live stream, which does not say."""
    position, number = 4, 0
    for wanted in (b"", b"\x18\x53\x80\x67"):
        if head[position : position + len(wanted)] != wanted or position + len(wanted) >= len(head):
            return 0
        position += len(wanted)
        # EBML: zeros before the first one bit give the width in bytes, and a number of ones alone is not known.
        width = 9 - head[position].bit_length() if head[position] else 9
        if width > 8:
            return 0
        number = int.from_bytes(head[position : position + width], "big") & ((1 << 7 * width) - 1)
        if number == (1 << 7 * width) - 1:
            return 0
        position += width + number
    return position
