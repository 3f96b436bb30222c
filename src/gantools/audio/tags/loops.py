"""Loop points and tempo in files: the chunks `smpl` and `acid` of WAV, and the tags of FLAC and Ogg.

Samplers and trackers read `smpl` (Multimedia Data Standards Update, Microsoft 1994), sequencers `acid`, game engines
the comments LOOPSTART and LOOPLENGTH, which count samples.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from gantools.audio.tags.model import Tags
from gantools.audio.tags.riff import info_list

_SMPL_HEAD, _SMPL_LOOP, _ACID = "<9I", "<6I", "<IHHfIHHf"
_ONE_SHOT, _STRETCHED = 0x01, 0x04
_UNITY_NOTE = 60
#: Fields whose positions or tempo are true of the whole file only, and not of a loop that was cut out of it.
_REPLACED = ("LOOPSTART", "LOOPLENGTH", "LOOPEND", "BPM", "TBPM", "TEMPO", "LYRICS", "CUESHEET", "ISRC", "LENGTH")
_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0


@dataclass(frozen=True)
class LoopTags:
    """What a file says of loops and of its tempo.

    Attributes
    ----------
    bpm : float
        Of the chunk `acid`; 0 where it says none.
    beats : int
        How many the file holds, by `acid`; 0 where it does not say.
    meter : (int, int)
        Numerator and denominator by `acid`; (4, 4) where it does not say.
    one_shot : bool
        The file is a hit and no loop, says `acid`.
    start, end : int
        The first forward loop by `smpl`, or by LOOPSTART and LOOPLENGTH, in samples, the end behind the last one; both
        0 where there is none.
    tag_bpm : float
        Of a text field such as BPM; 0 where there is none.
    """

    bpm: float = 0.0
    beats: int = 0
    meter: tuple[int, int] = (4, 4)
    one_shot: bool = False
    start: int = 0
    end: int = 0
    tag_bpm: float = 0.0


def read_loop_tags(tags: Tags) -> LoopTags:
    """Return what tags say of loops; nothing of what is damaged or makes no sense."""
    chunks = dict(reversed(tags.chunks))
    texts = tags.strings
    start, end = _smpl_loop(chunks.get(b"smpl", b"")) or _text_loop(texts) or (0, 0)
    bpm, beats, meter, one_shot = _acid(chunks.get(b"acid", b""))
    return LoopTags(bpm, beats, meter, one_shot, start, end, _text_bpm(texts))


def _smpl_loop(content: bytes) -> tuple[int, int] | None:
    head = struct.calcsize(_SMPL_HEAD)
    if len(content) < head:
        return None
    count = min(struct.unpack_from(_SMPL_HEAD, content)[7], (len(content) - head) // struct.calcsize(_SMPL_LOOP))
    for index in range(count):
        _, kind, first, last, _, _ = struct.unpack_from(_SMPL_LOOP, content, head + index * 24)
        if kind == 0 and last > first:  # forward; others play back and forth, or backward
            return first, last + 1
    return None


def _text_loop(texts: Mapping[str, str]) -> tuple[int, int] | None:
    start, length, end = (_whole(texts.get(name, "")) for name in ("loopstart", "looplength", "loopend"))
    if start is None or not (length or end):
        return None
    stop = start + length if length else end or 0
    return (start, stop) if stop > start else None


def _whole(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() and len(text) < 16 else None


def _acid(content: bytes) -> tuple[float, int, tuple[int, int], bool]:
    if len(content) < struct.calcsize(_ACID):
        return 0.0, 0, (4, 4), False
    kind, _, _, _, beats, denominator, numerator, bpm = struct.unpack_from(_ACID, content)
    meter = (numerator, denominator) if 0 < numerator <= 32 and denominator in (1, 2, 4, 8, 16, 32) else (4, 4)
    return _sensible(bpm), beats if 0 < beats <= 4096 else 0, meter, bool(kind & _ONE_SHOT)


def _sensible(bpm: float) -> float:
    return float(bpm) if math.isfinite(bpm) and _SLOWEST_BPM <= bpm <= _FASTEST_BPM else 0.0


def _text_bpm(texts: Mapping[str, str]) -> float:
    for name in ("bpm", "tbpm", "tempo"):
        try:
            found = _sensible(float(texts.get(name, "").split("\n")[0].replace(",", ".").lower().removesuffix("bpm")))
        except ValueError:
            continue
        if found:
            return found
    return 0.0


def loop_tags(
    source: Tags, frames: int, rate_hz: int, bpm: float, beats: float, meter: tuple[int, int] = (4, 4)
) -> Tags:
    """Return the tags of a loop that was cut out of a file and fills a file of its own.

    Parameters
    ----------
    source : Tags
        Of the file that it was cut from: its texts stay, save what is true of the whole alone. Its pictures and its own
        pieces, such as cue points, do not.
    frames, rate_hz : int
        Length of the loop and its rate.
    bpm, beats : float
        Tempo, and beats of the loop, of which `acid` holds the nearest whole number.
    meter : (int, int)
    """
    texts = [(name, text) for name, text in source.fields if name.upper() not in _REPLACED]
    said = (("BPM", f"{bpm:.10g}"), ("LOOPSTART", "0"), ("LOOPLENGTH", str(frames)))
    smpl = struct.pack(_SMPL_HEAD, 0, 0, round(1e9 / rate_hz), _UNITY_NOTE, 0, 0, 0, 1, 0)
    # One loop, forward, from the first sample to the last one, for ever.
    smpl += struct.pack(_SMPL_LOOP, 0, 0, 0, frames - 1, 0, 0)
    acid = struct.pack(_ACID, _STRETCHED, _UNITY_NOTE, 0x8000, 0.0, round(beats), meter[1], meter[0], bpm)
    parts = [(b"smpl", smpl), (b"acid", acid)]
    if info := info_list(Tags(tuple(texts))):
        parts.append((b"LIST", info))
    return Tags((*texts, *said), family="riff", parts=tuple(parts))
