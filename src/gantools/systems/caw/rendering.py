"""Signals as files, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.formats import SourceFormat
from gantools.audio.writing import AudioWriter
from gantools.models.loaded import Tick


def render(
    path: Path,
    rate_hz: int,
    channels: int,
    bits: str,
    waves: Callable[[], Iterable[np.ndarray]],
    length: int,
    gain: float,
    tick: Tick,
    like: SourceFormat | None = None,
) -> dict[str, Any]:
    """Write a signal piece by piece.

    Parameters
    ----------
    path : Path
    rate_hz, channels : int
    bits : str
        See `AudioWriter`.
    waves : callable
        Returns the signal as float32 pieces (channels, n).
    length : int
        Samples in all.
    gain : float
    tick : callable
        Progress callback, called with the completed fraction, 0 to 1.
    like : SourceFormat, optional
        See `AudioWriter`.

    Returns
    -------
    dict
        ``duration_s``, ``rate_hz``, ``peak`` and ``gain_db``: 0, or what all was lowered by so that nothing clips;
        ``warning`` where samples lie above full scale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with AudioWriter(path, rate_hz, channels, bits, like=like) as writer:
        for wave in waves():
            writer.append((wave * np.float32(gain)).T)
            tick(writer.frames / max(1, length))
    fields = {
        "duration_s": round(writer.frames / rate_hz, 3),
        "rate_hz": rate_hz,
        "gain_db": round(20 * math.log10(writer.gain), 3),
        "peak": round(writer.peak * writer.gain, 4),
    }
    return fields | ({"warning": writer.notice} if writer.notice else {})


def within(waves: Iterable[np.ndarray], first: int, length: int, fade: int = 0) -> Iterator[np.ndarray]:
    """Yield `length` samples of a signal (channels, n) from sample `first` on, both ends faded over `fade` samples."""
    position = -first
    for wave in waves:
        start = max(0, position)
        part = wave[:, max(0, -position) : max(0, length - position)]
        position += wave.shape[1]
        if fade and (start < fade or start + part.shape[1] > length - fade):
            index = np.arange(start, start + part.shape[1])
            part = part * np.clip((np.minimum(index, length - 1 - index) + 0.5) / fade, 0, 1).astype(np.float32)
        if part.shape[1]:
            yield part
