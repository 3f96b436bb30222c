"""The comment packet of Ogg Vorbis and Opus, and pages that carry it.

A longer packet takes more pages, so that all pages behind it are numbered anew, and each has a checksum. The stream's
number, which encoders draw by lot, becomes the same in every file: equal sound gives equal bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, BinaryIO

from gantools.audio.tags import vorbis
from gantools.audio.tags.model import Tags

_SERIAL = 1
_CONTINUED = 1
_PAGE_SEGMENTS = 255
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_HEADS = {b"\x03vorbis": b"\x01", b"OpusTags": b""}
_LARGEST_BYTES = 1 << 27


@dataclass(frozen=True)
class _Page:
    flags: int
    granule: int
    serial: int
    number: int
    segments: bytes
    body: bytes

    def packed(self) -> bytes:
        """Return the page with its checksum."""
        head = struct.pack("<4sBBqIII", b"OggS", 0, self.flags, self.granule, self.serial, self.number, 0)
        data = head + bytes([len(self.segments)]) + self.segments + self.body
        return data[:22] + struct.pack("<I", checksum(data)) + data[26:]


def checksum(data: bytes) -> int:
    """Return Ogg's CRC: the polynomial of zlib's, with the bits of each byte in the other order and no inversion."""
    crc = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(_REVERSED), "big")


def _pages(file: BinaryIO) -> Iterator[_Page]:
    while len(head := file.read(27)) == 27 and head[:4] == b"OggS":
        _, _, flags, granule, serial, number, _, count = struct.unpack("<4sBBqIIIB", head)
        segments = file.read(count)
        yield _Page(flags, granule, serial, number, segments, file.read(sum(segments)))


def _packets(pages: Iterator[_Page], count: int) -> tuple[list[bytes], list[_Page]]:
    """Return the first packets of a stream and the pages that they fill."""
    packets: list[bytes] = []
    part: list[bytes] = []
    used: list[_Page] = []
    size = 0
    for page in pages:
        used.append(page)
        start = end = 0
        for segment in page.segments:
            end += segment
            # A segment of 255 bytes is followed by more of its packet; a shorter one, even an empty one, ends it.
            if segment < 255:
                packets.append(b"".join([*part, page.body[start:end]]))
                part, start = [], end
        part.append(page.body[start:])
        size += len(page.body)
        if len(packets) >= count or size > _LARGEST_BYTES:
            break
    return packets, used


def _comment_of(packet: bytes) -> tuple[bytes, bytes] | None:
    """Return the head of a comment packet and the block behind it."""
    for head in _HEADS:
        if packet.startswith(head):
            return head, packet[len(head) :]
    return None


def read(path: Path) -> Tags:
    """Return the tags of an Ogg file with Vorbis, Opus or FLAC in it."""
    with open(path, "rb") as file:
        packets, _ = _packets(_pages(file), 2)
    if len(packets) < 2:
        return Tags()
    found = _comment_of(packets[1])
    if found is None and packets[0].startswith(b"\x7fFLAC"):
        found = b"", packets[1][4:]
    if found is None:
        return Tags()
    fields, pictures = vorbis.read_comments(found[1])
    return Tags(tuple(fields), tuple(pictures))


def rewrite(source: Path, target: IO[bytes], tags: Tags | None) -> None:
    """Copy a file that an encoder wrote, with other tags and a fixed stream number."""
    with open(source, "rb") as file:
        pages = _pages(file)
        first = next(pages)
        vorbis_headers = first.body.startswith(b"\x01vorbis")
        # Vorbis: comment and setup packet; the sound begins with a page of its own.
        packets, used = _packets(pages, 2 if vorbis_headers else 1)
        head, block = _comment_of(packets[0]) or (b"", b"")
        vendor = block[4 : 4 + struct.unpack_from("<I", block, 0)[0]].decode("utf-8", "replace")
        # Vorbis ends the packet with a framing bit, Opus does not.
        packets[0] = head + vorbis.comments(tags or Tags(), vendor, pictures=True) + _HEADS[head]
        target.write(replace(first, serial=_SERIAL).packed())
        number = 1
        for page in _paged(packets):
            target.write(page.packed())
            number += 1
        # By so many pages the sound comes later, or earlier, than it did.
        added = number - 1 - len(used)
        for page in pages:
            target.write(replace(page, serial=_SERIAL, number=page.number + added).packed())


def _paged(packets: list[bytes]) -> Iterator[_Page]:
    """Yield the pages, from number 1 on, that hold header packets one behind the other."""
    segments = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    body = b"".join(packets)
    position, continued = 0, False
    for number, start in enumerate(range(0, len(segments), _PAGE_SEGMENTS), 1):
        part = segments[start : start + _PAGE_SEGMENTS]
        size = sum(part)
        # Granule -1 says that no packet ends on the page; header packets have 0.
        ends = any(segment < 255 for segment in part)
        yield _Page(
            _CONTINUED if continued else 0, 0 if ends else -1, _SERIAL, number, part, body[position : position + size]
        )
        position += size
        continued = part[-1] == 255
