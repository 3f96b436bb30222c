"""Channels of MIDI tracks: there are sixteen, so that many parts share them, and those of one program should."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_DRUM_CHANNEL = 9


def shared_channels(programs: Sequence[int], drums: Sequence[bool]) -> list[int]:
    """Return a channel for each track, of which no two of different programs share one as long as there are enough.

    Parameters
    ----------
    programs : sequence of int
    drums : sequence of bool
        Whether each is on the tenth channel.

    Notes
    -----
    Behind the fifteenth program a track shares the channel of the nearest one.
    """
    free = [channel for channel in range(16) if channel != _DRUM_CHANNEL]
    of: dict[int, int] = {}
    for program, is_drum in zip(programs, drums, strict=True):
        if not is_drum and program not in of:
            of[program] = free.pop(0) if free else of[min(of, key=lambda known: (abs(known - program), known))]
    return [_DRUM_CHANNEL if is_drum else of[program] for program, is_drum in zip(programs, drums, strict=True)]


def on_channels(data: bytes, channels: Sequence[int]) -> bytes:
    """Return a whole MIDI file of type 1 whose tracks with notes are on other channels, in their order."""
    parts, at, left = [data[:14]], 14, list(channels)
    while at < len(data):
        (size,) = struct.unpack(">I", data[at + 4 : at + 8])
        body = bytearray(data[at + 8 : at + 8 + size])
        places = _statuses(body)
        if places:
            channel = left.pop(0)
            for place in places:
                body[place] = body[place] & 0xF0 | channel
        parts += [data[at : at + 8], bytes(body)]
        at += 8 + size
    return b"".join(parts)


def _statuses(body: bytearray) -> list[int]:
    """Return where the statuses of channel messages stand in the events of a track."""
    found, at, status = [], 0, 0
    while at < len(body):
        while body[at] & 0x80:  # the time
            at += 1
        at += 1
        if body[at] & 0x80:
            status = body[at]
            if status < 0xF0:
                found.append(at)
            at += 1
        if status < 0xF0:
            at += 1 if 0xC0 <= status < 0xE0 else 2
            continue
        at += status == 0xFF
        size = 0
        while body[at] & 0x80:
            size, at = size << 7 | body[at] & 0x7F, at + 1
        at += 1 + (size << 7 | body[at])
    return found
