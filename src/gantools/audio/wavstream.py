"""Sound as a WAV file on a stream that cannot be gone back in, such as a pipe to a player."""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np

from gantools.audio.bitdepth import to_integers

_FORMATS = {"16": (1, 2, "PCM_16"), "24": (1, 3, "PCM_24"), "32f": (3, 4, "FLOAT")}
#: What players take for "until the stream ends".
_ENDLESS = 0xFFFFFFFF


class ByteSink(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """Write bytes."""
        ...

    def flush(self) -> None:
        """Send them off."""
        ...


class WavStream:
    """Write samples as they come, behind a WAV header.

    Parameters
    ----------
    sink : ByteSink
    rate_hz, channels : int
    bits : str
        ``16``, ``24`` or ``32f``.
    frames : int, optional
        Length. Where it is not known, or too long for the header, the header says that it has no end.
    """

    def __init__(self, sink: ByteSink, rate_hz: int, channels: int, bits: str, frames: int | None = None) -> None:
        self._sink, self._bits = sink, bits
        code, width, self._subtype = _FORMATS[bits]
        block = channels * width
        size = _ENDLESS if frames is None or frames * block + 36 >= _ENDLESS else frames * block
        whole = _ENDLESS if size == _ENDLESS else size + 36 + size % 2
        about = struct.pack("<HHIIHH", code, channels, rate_hz, rate_hz * block, block, 8 * width)
        sink.write(b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", 16) + about)
        sink.write(b"data" + struct.pack("<I", size))
        self._odd = size != _ENDLESS and size % 2

    def append(self, block: np.ndarray) -> None:
        """Write float samples (n, channels), full scale 1, and send them off."""
        samples = to_integers(np.ascontiguousarray(block, np.float32), self._subtype)
        if self._bits == "24":
            # The sample lies in the upper three of four bytes.
            data = samples.astype("<i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
        else:
            data = samples.astype("<f4" if self._bits == "32f" else "<i2").tobytes()
        self._sink.write(data)
        self._sink.flush()

    def close(self) -> None:
        """Write the byte that fills up an odd length."""
        if self._odd:
            self._sink.write(b"\0")
        self._sink.flush()
