"""The bit rate of lossy files: that of a source, and the encoder's setting that gives it again."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from gantools.files.members import holder, track_of

#: kb/s of MP3 frames: MPEG-1 (from 32 kHz on), then MPEG-2 and 2.5. LAME takes the nearest that there is.
_MP3_KBPS = {True: (32.0, 320.0), False: (8.0, 160.0)}
#: Bit/s of each channel between which libsndfile's scale for Opus runs.
_OPUS_BPS = (6000.0, 256000.0)
_BISECTIONS = 8
#: LAME refuses the very end of the scale.
_LOWEST = 0.9999
#: Packets of a constant rate differ by a byte of padding, where the rate is no multiple of the frame.
_PADDING_BYTES = 4
_LEAST_PACKETS = 8


@dataclass(frozen=True)
class BitRate:
    """Bits per second of a lossy file.

    Attributes
    ----------
    bps : float
        Mean over the packets; the rate that a Vorbis header names, which is that of its quality.
    constant : bool
        All packets are equally long.
    """

    bps: float
    constant: bool


def bit_rate(path: str | Path) -> BitRate | None:
    """Return the bit rate of the sound in a file; None where it cannot be told."""
    import av

    try:
        with av.open(os.fspath(holder(path)), metadata_errors="replace") as container:
            stream = container.streams.audio[track_of(path) or 0]
            codec, named = stream.codec_context.name, stream.bit_rate
            sizes, ticks = [], 0
            for packet in container.demux(stream):
                if packet.size:
                    sizes.append(packet.size)
                    ticks += packet.duration or 0
            seconds = float(ticks * stream.time_base) if stream.time_base else 0.0
    except (av.FFmpegError, IndexError, ValueError, OSError):
        return None
    if codec == "vorbis" and named:
        return BitRate(float(named), False)
    if not sizes or seconds <= 0:
        return None
    inner = sizes[1:-1] if len(sizes) > 2 else sizes  # the first may be an index, the last is what remained
    constant = len(inner) >= _LEAST_PACKETS and max(inner) - min(inner) <= _PADDING_BYTES
    return BitRate(8 * sum(sizes) / seconds, constant)


def encoder_options(subtype: str, rate_hz: int, channels: int, wanted: BitRate) -> dict[str, float | str]:
    """Return what `soundfile.SoundFile` is told so that a lossy file gets a bit rate.

    Parameters
    ----------
    subtype : str
        ``MPEG_LAYER_III``, ``VORBIS`` or ``OPUS``; other formats have no bit rate to choose.
    rate_hz, channels : int
    wanted : BitRate
    """
    if subtype == "MPEG_LAYER_III":
        low, high = _MP3_KBPS[rate_hz >= 32000]
        mode = "CONSTANT" if wanted.constant else "AVERAGE"
        return {"compression_level": _level(wanted.bps / 1000, low, high), "bitrate_mode": mode}
    if subtype == "OPUS":
        return {"compression_level": _level(wanted.bps / channels, *_OPUS_BPS)}
    if subtype == "VORBIS":
        return {"compression_level": _vorbis_level(rate_hz, channels, wanted.bps)}
    return {}


def _level(value: float, low: float, high: float) -> float:
    """Return the place of a rate on libsndfile's scale, where 0 is the highest."""
    return float(np.clip((high - value) / (high - low), 0.0, _LOWEST))


@lru_cache(maxsize=64)
def _vorbis_level(rate_hz: int, channels: int, bps: float) -> float:
    """Return the level whose header names this rate: the encoder's own table of qualities, turned round."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _vorbis_rate(rate_hz, channels, middle) > bps else (low, middle)
    return (low + high) / 2


def _vorbis_rate(rate_hz: int, channels: int, level: float) -> int:
    """Return the nominal bit rate that the encoder writes into its first header."""
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate_hz, channels, format="OGG", subtype="VORBIS", compression_level=level
    ) as writer:
        writer.write(np.zeros((1, channels), np.float32))
    start = file.getvalue().index(b"\x01vorbis")
    return int.from_bytes(file.getvalue()[start + 20 : start + 24], "little", signed=True)
