"""Ogg files as they are found: several streams one after the other, and files that end before their last page."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from typing import IO

_FIRST, _LAST = 2, 4  # flags of a page
_HEADER_BYTES = 27


@dataclass(frozen=True)
class Link:
    """One stream of a chain.

    Attributes
    ----------
    start, stop : int
        In bytes.
    codec : str
        ``vorbis``, ``opus``, ``flac`` or ``other``, as the first page says that is one of the first three.
    """

    start: int
    stop: int
    codec: str


def links(file: IO[bytes]) -> tuple[list[Link], bool]:
    """Return the streams of an Ogg file in their order, and whether the last ends with a last page.

    Streams that run side by side (a film) are one link.
    """
    if os.fstat(file.fileno()).st_size == 0:
        return [], False
    starts: list[tuple[int, str]] = []
    position, end, begins, whole = 0, 0, False, False
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while position + _HEADER_BYTES <= len(data):
            if data[position : position + 4] != b"OggS":
                # Rubbish between pages: the next capture pattern is searched, as decoders do.
                position = data.find(b"OggS", position + 1)
                if position < 0:
                    break
                continue
            flags, count = data[position + 5], data[position + 26]
            body = position + _HEADER_BYTES + count
            after = body + sum(data[position + _HEADER_BYTES : body])
            # First pages in a row begin streams side by side: one link, under the first name that is known.
            if flags & _FIRST:
                codec = _codec(data[body : body + 8])
                if not begins:
                    starts.append((position, codec))
                elif starts[-1][1] == "other":
                    starts[-1] = (starts[-1][0], codec)
            begins = bool(flags & _FIRST)
            # Of the last page that there is: a file that breaks off ends with another or with half a one.
            whole = bool(flags & _LAST) and after <= len(data)
            position = end = after
        size = len(data)
    if not starts:  # cut off in front, or hardly a page
        return [], whole
    stops = [start for start, _ in starts[1:]] + [min(max(end, 0), size)]
    found = [Link(start, stop, codec) for (start, codec), stop in zip(starts, stops, strict=True)]
    return found, whole


def _codec(packet: bytes) -> str:
    if packet[:7] == b"\x01vorbis":
        return "vorbis"
    if packet == b"OpusHead":
        return "opus"
    return "flac" if packet[:5] == b"\x7fFLAC" else "other"
