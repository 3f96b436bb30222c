"""MIDI files made byte by byte, for tests of what reads them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

END = b"\x00\xff\x2f\x00"


def varlen(number: int) -> bytes:
    """Return a number in seven bits a byte."""
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(0x80 | number & 0x7F)
    return bytes(reversed(found))


def meta(kind: int, data: bytes, wait: int = 0) -> bytes:
    """Return a meta event."""
    return varlen(wait) + bytes([0xFF, kind]) + varlen(len(data)) + data


def tempo(bpm: float, wait: int = 0) -> bytes:
    """Return a change of tempo."""
    return meta(0x51, round(60e6 / bpm).to_bytes(3, "big"), wait)


def meter(numerator: int, denominator: int, wait: int = 0) -> bytes:
    """Return a change of meter."""
    return meta(0x58, bytes([numerator, denominator.bit_length() - 1, 24, 8]), wait)


def notes(hits: Iterable[tuple[int, int, int]], channel: int = 9, velocity: int = 90) -> bytes:
    """Return notes, given as onsets, lengths and pitches."""
    found: list[tuple[int, int, int]] = []
    for onset, length, pitch in hits:
        found += [(onset, 1, pitch), (onset + length, 0, pitch)]
    data, now = b"", 0
    for at, on, pitch in sorted(found):
        data += varlen(at - now) + bytes([(0x90 if on else 0x80) | channel, pitch, velocity if on else 0])
        now = at
    return data


def smf(*tracks: bytes, kind: int = 1, division: int = 480) -> bytes:
    """Return a Standard MIDI File; the tracks are ended here."""
    head = struct.pack(">4sIHHH", b"MThd", 6, kind, len(tracks), division)
    return head + b"".join(struct.pack(">4sI", b"MTrk", len(t) + len(END)) + t + END for t in tracks)
