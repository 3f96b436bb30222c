"""The first frame of MPEG audio: what its header and the tag that encoders hide in it say about the whole file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

_SEARCHED_BYTES = 1 << 16
_LONGEST_FRAME_BYTES = 1 << 13
_RATES_HZ = (44100, 48000, 32000)
#: Bits of a header that do not change within a file: sync, version, layer, sample rate.
_SAME = 0xFFFE0C00
_BIT_RATES = {  # kbit/s by index, for (lower sampling rates, layer)
    (False, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (False, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (False, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (True, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (True, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True)
class FirstFrame:
    """What the first frame says.

    Attributes
    ----------
    free_format : bool
        The bit rate is none of the table; the length of a frame has to be found out by searching the next.
    frames : int
        Samples per channel of the file by its Xing, Info or VBRI tag, without padding; 0 where there is no tag.
    """

    free_format: bool
    frames: int


def first_frame(file: IO[bytes]) -> FirstFrame | None:
    """Return what the first MPEG audio frame of an open file says; None where the file does not begin with one.

    ID3v2 tags before it are passed over.
    """
    position = 0
    while True:
        file.seek(position)
        # Tags may stand one behind the other. Their size has 7 bits a byte; a footer adds as much as the head.
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10 or max(head[6:10]) > 127:
            break
        length = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]
        position += 10 + length + (10 if head[5] & 0x10 else 0)
    file.seek(position)
    data = file.read(_SEARCHED_BYTES)
    # Without a tag the file must begin with a frame: two bytes like a header are found by chance in anything.
    if position == 0 and not (len(data) > 3 and _header(data, 0)):
        return None
    for start in range(len(data) - 4):
        if data[start] == 0xFF and (header := _header(data, start)):
            # A header counts only where another one like it stands at the end of its frame.
            length = _length(header) or _free_length(data, start, header)
            following = _header(data, start + length) if length else 0
            if following and not (following ^ header) & _SAME:
                return FirstFrame(not _length(header), _tagged_frames(data[start : start + length], header))
    return None


def _header(data: bytes, start: int) -> int:
    """Return the 32 bits of a frame header at `start`, or 0 where there is none."""
    header = int.from_bytes(data[start : start + 4], "big")
    sync, version, layer = header >> 21, header >> 19 & 3, header >> 17 & 3
    valid = sync == 0x7FF and version != 1 and layer != 0 and header >> 12 & 15 != 15 and header >> 10 & 3 != 3
    return header if valid else 0


def _samples(header: int) -> int:
    layer = 4 - (header >> 17 & 3)
    return 384 if layer == 1 else 576 if layer == 3 and _lower(header) else 1152


def _lower(header: int) -> bool:
    return header >> 19 & 3 != 3


def _length(header: int) -> int:
    """Return the bytes of a frame; 0 in free format."""
    layer, version = 4 - (header >> 17 & 3), header >> 19 & 3
    rate_hz = _RATES_HZ[header >> 10 & 3] // {3: 1, 2: 2, 0: 4}[version]
    kbps = _BIT_RATES[_lower(header), layer][header >> 12 & 15]
    # Layer I counts its length in slots of four bytes.
    unit = 4 if layer == 1 else 1
    return (_samples(header) // 8 // unit * kbps * 1000 // rate_hz + (header >> 9 & 1)) * unit if kbps else 0


def _free_length(data: bytes, start: int, header: int) -> int:
    """Return the bytes of a frame in free format: the distance of three headers that differ by their padding only."""
    if header >> 12 & 15:
        return 0
    padding = header >> 9 & 1
    for length in range(24, _LONGEST_FRAME_BYTES):
        second = _header(data, start + length)
        if second and not (second ^ header) & (_SAME | 0xF000):
            third = _header(data, start + 2 * length - padding + (second >> 9 & 1))
            if third and not (third ^ header) & (_SAME | 0xF000):
                return length
    return 0


def _tagged_frames(frame: bytes, header: int) -> int:
    mono = header >> 6 & 3 == 3
    # Xing's tag lies behind the side information, whose size depends on version and channels.
    side = (9 if mono else 17) if _lower(header) else (17 if mono else 32)
    tag = frame[4 + side :]
    if tag[:4] in (b"Xing", b"Info") and len(tag) > 12 and tag[7] & 1:
        count = int.from_bytes(tag[8:12], "big") * _samples(header)
        # LAME's extension follows the fields that the flags announce: frames, bytes, a table of 100 bytes, quality.
        lame = tag[8 + 4 * sum(bool(tag[7] & bit) for bit in (1, 2, 8)) + 100 * bool(tag[7] & 4) :]
        if len(lame) < 24 or not lame[:4].isalnum():
            return count
        # 12 bits each: samples that the encoder added in front, and behind.
        gaps = int.from_bytes(lame[21:24], "big")
        return max(0, count - (gaps >> 12) - (gaps & 0xFFF))
    # Fraunhofer's tag lies 32 bytes behind the header in every kind of frame.
    if frame[36:40] == b"VBRI":
        return int.from_bytes(frame[50:54], "big") * _samples(header)
    return 0
