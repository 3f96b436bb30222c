"""Adding a new part to the recording it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import AudioReader, AudioWriter


def fit_blocks(blocks: Iterable[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """Yield blocks (n,), cut or filled with zeros so that they hold exactly `length` samples."""
    done = 0
    for block in blocks:
        block = block[: length - done]
        done += len(block)
        if len(block):
            yield block
    while done < length:
        zeros = np.zeros(min(length - done, 1 << 18), np.float32)
        done += len(zeros)
        yield zeros


def _mixed(source: Path, part: Path, gain: float) -> Iterator[np.ndarray]:
    """Yield blocks (n, channels) of the source plus `gain` times the mono part, at the source's rate and length."""
    with AudioReader(source) as heard, AudioReader(part) as new:
        parts = new.mono_blocks(heard.rate_hz)
        pending = np.zeros(0, np.float32)
        for block in heard.blocks():
            while len(pending) < len(block):
                following = next(parts, None)
                if following is None:
                    pending = np.concatenate([pending, np.zeros(len(block) - len(pending), np.float32)])
                    break
                pending = np.concatenate([pending, following])
            yield block + np.float32(gain) * pending[: len(block), None]
            pending = pending[len(block) :]


def mix_files(source: Path, part: Path, path: Path, part_gain_db: float, bits: str = "16") -> dict[str, Any]:
    """Write source plus part, with the source's rate, channels and length.

    Where the sum would clip, both are lowered together by one gain.

    Parameters
    ----------
    source : Path
        Audio file.
    part : Path
        Audio file; its channels are averaged.
    path : Path
    part_gain_db : float
        Applied to the part before it is added.
    bits : str
        See `AudioWriter`.

    Returns
    -------
    dict
        ``part_gain_db`` and ``mix_gain_db`` as applied.
    """
    gain = 10 ** (part_gain_db / 20)
    peak = max((float(np.abs(block).max()) for block in _mixed(source, part, gain)), default=0.0)
    lowered = min(1.0, 0.999 / peak) if peak else 1.0
    with AudioReader(source) as heard:
        rate_hz, channels = heard.rate_hz, heard.channels
    with AudioWriter(path, rate_hz, channels, bits) as writer:
        for block in _mixed(source, part, gain):
            writer.append(block * np.float32(lowered))
    return {"part_gain_db": round(part_gain_db, 2), "mix_gain_db": round(20 * float(np.log10(lowered)), 2)}
