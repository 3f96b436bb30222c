"""Write sound with the encoders of the ffmpeg libraries, for tests."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

#: Samples that an encoder takes where it has no frame length of its own.
_PIECE = 4096


def encode(path: Path, wave: np.ndarray, rate_hz: int, codec: str, muxer: str | None = None, **options: Any) -> Path:
    """Write float32 samples (n, channels) with an encoder; `options` are its own, as ``ffmpeg`` names them.

    `bit_rate` and `sample_format` are ours; options that begin with ``mux_`` go to the container.
    """
    mux = {name[4:]: str(options.pop(name)) for name in list(options) if name.startswith("mux_")}
    bit_rate, kind = options.pop("bit_rate", 0), options.pop("sample_format", "fltp")
    layout = {1: "mono", 2: "stereo"}[wave.shape[1]]
    with av.open(str(path), "w", format=muxer, options=mux) as container:
        own = {name: str(value) for name, value in options.items()}
        stream: Any = container.add_stream(codec, rate_hz, options=own, layout=layout)
        stream.codec_context.format = kind
        if bit_rate:
            stream.bit_rate = bit_rate
        stream.codec_context.open()
        piece = stream.codec_context.frame_size or _PIECE
        for start in range(0, len(wave), piece):
            frame = av.AudioFrame.from_ndarray(_coded(wave[start : start + piece], kind), format=kind, layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _coded(block: np.ndarray, kind: str) -> np.ndarray:
    scale = {"s16": 2**15, "s32": 2**31}.get(kind.removesuffix("p"))
    if scale is not None:
        block = np.round(block.astype(np.float64) * scale).clip(-scale, scale - 1).astype(f"i{scale.bit_length() // 8}")
    block = np.ascontiguousarray(block.T if kind.endswith("p") else block.reshape(1, -1))
    return block
