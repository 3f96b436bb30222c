"""Adding a new part to the recording it was made for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.formats import SourceFormat
from gantools.audio.io import AudioReader
from gantools.audio.tags import read_tags
from gantools.audio.writing import AudioWriter


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
    """Yield blocks (n, channels) of the source plus `gain` times the part, at the source's rate and length."""
    with AudioReader(source) as heard, AudioReader(part) as new:
        parts = _placed(new, heard)
        # Resampled blocks have lengths of their own: they wait here until they cover a block of the source. A part that
        # is shorter than the source goes on as silence.
        pending = next(parts, np.zeros((0, 1), np.float32))
        for block in heard.blocks():
            while len(pending) < len(block):
                following = next(parts, None)
                if following is None:
                    following = np.zeros((len(block) - len(pending), pending.shape[1]), np.float32)
                pending = np.concatenate([pending, following])
            yield block + np.float32(gain) * pending[: len(block)]
            pending = pending[len(block) :]


def _placed(part: AudioReader, source: AudioReader) -> Iterator[np.ndarray]:
    """Yield blocks (n, channels) of a part where its rate and channels are the source's; else those of its mean."""
    if (part.rate_hz, part.channels) == (source.rate_hz, source.channels):
        return part.blocks()
    return (block[:, None] for block in part.mono_blocks(source.rate_hz))


def mix_files(source: Path, part: Path, path: Path, part_gain_db: float, bits: str = "source") -> dict[str, Any]:
    """Write source plus part, with the source's rate, channels, length, sample format and tags.

    Where the sum would clip, both are lowered together by one gain.

    Parameters
    ----------
    source : Path
        Audio file.
    part : Path
        Audio file. Where its rate or its number of channels is not that of the source its channels are averaged.
    path : Path
    part_gain_db : float
        Applied to the part before it is added.
    bits : str
        See `AudioWriter`.

    Returns
    -------
    dict
        ``part_gain_db`` and ``mix_gain_db`` as applied; ``warning`` where the sum lies above full scale.
    """
    with AudioReader(source) as heard:
        rate_hz, channels, like = heard.rate_hz, heard.channels, SourceFormat.of(heard).for_parts()
    with AudioWriter(path, rate_hz, channels, bits, like=like, tags=read_tags(source)) as writer:
        for block in _mixed(source, part, 10 ** (part_gain_db / 20)):
            writer.append(block)
    fields = {"part_gain_db": round(part_gain_db, 2), "mix_gain_db": round(20 * math.log10(writer.gain), 2)}
    return fields | ({"warning": f"the mix: {writer.notice}"} if writer.notice else {})
