"""One stem in memory, or on disk where it is long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gantools.audio.io import AudioReader, to_mono
from gantools.audio.polarity import Polarity
from gantools.errors import InputError
from gantools.files.members import holder

#: Samples that one step of a pass over a stem takes: a few megabytes, so that they stay in the cache.
CHUNK_FRAMES = 1 << 18
#: Above this size a stem is kept in a file (25 minutes of stereo at 44.1 kHz).
_MEMORY_BYTES = 1 << 29
_FRAMES_PER_BYTE = 64
_CLIPPED_LEVEL = 0.9999
_CLIPPED_RUN = 3


@dataclass
class Stem:
    """Samples of one stem and what is seen while they are read.

    Attributes
    ----------
    wave : numpy.ndarray
        float32 (channels, frames), one or two channels, full scale 1; a memory map where the stem is long.
    rate_hz : int
    peak : float
        Largest magnitude.
    offset : float
        Largest mean of a channel (DC).
    clipped_runs : int
        Stretches of at least 3 samples at full scale. Float samples above it are loud and not clipped.
    replaced : int
        Samples that were NaN or infinite and became zero.
    polarity : Polarity
        Whether the sides cancel each other in mono.
    """

    wave: np.ndarray
    rate_hz: int
    peak: float = 0.0
    offset: float = 0.0
    clipped_runs: int = 0
    replaced: int = 0
    polarity: Polarity = field(default_factory=Polarity)


def allocate(channels: int, frames: int, scratch: Path | None) -> np.ndarray:
    """Return an array float32 (channels, frames): in memory, or in a new file in `scratch` where it is large."""
    if scratch is None or 4 * channels * frames <= _MEMORY_BYTES:
        return np.empty((channels, frames), np.float32)
    name = f"{sum(1 for _ in scratch.iterdir()):03d}.f32"
    return np.memmap(scratch / name, np.float32, "w+", shape=(channels, frames))


def chunks(wave: np.ndarray, frames: int = CHUNK_FRAMES) -> Iterator[np.ndarray]:
    """Yield the stretches (channels, at most `frames`) of a wave, in order, without copying."""
    for start in range(0, wave.shape[1], frames):
        yield wave[:, start : start + frames]


def read_stem(path: Path, scratch: Path | None = None, *, nan: str = "error") -> Stem:
    """Read a stem.

    Parameters
    ----------
    path : Path
    scratch : Path, optional
        Folder for a stem that is too long for memory.
    nan : str
        ``error``, or ``zero`` to go on with zeros in place of samples that are not finite.

    Raises
    ------
    InputError
        Unreadable, more than two channels, or samples that are not finite.
    """
    with AudioReader(path) as reader:
        if reader.channels > 2:
            raise InputError(f"has {reader.channels} channels; stems are mono or stereo", path)
        # What a header claims is no reason to take memory: no codec but silence has more than 64 frames in a byte.
        likely = min(reader.expected_frames, _FRAMES_PER_BYTE * holder(path).stat().st_size)
        wave = allocate(reader.channels, max(likely, CHUNK_FRAMES), scratch)
        stem = Stem(wave, reader.rate_hz)
        done, total = 0, np.zeros(reader.channels)
        for block in reader.blocks(CHUNK_FRAMES, nan=nan):
            planar = np.ascontiguousarray(block.T)
            # A header may say too little, or nothing; doubling keeps the copies few.
            if done + planar.shape[1] > wave.shape[1]:
                longer = allocate(reader.channels, 2 * wave.shape[1], scratch)
                longer[:, :done] = wave[:, :done]
                wave = longer
            wave[:, done : done + planar.shape[1]] = planar
            done += planar.shape[1]
            stem.polarity.push(block, to_mono(block))
            peak = float(np.abs(planar).max())
            stem.peak = max(stem.peak, peak)
            total += planar.sum(axis=1, dtype=np.float64)
            if peak >= _CLIPPED_LEVEL:
                stem.clipped_runs += sum(_runs(channel) for channel in planar)
        stem.replaced = reader.replaced
    stem.wave = wave[:, :done]
    if not stem.wave.flags.c_contiguous:
        stem.wave = allocate(len(wave), done, scratch)
        stem.wave[:] = wave[:, :done]
    stem.offset = float(np.abs(total).max() / stem.wave.shape[1])
    return stem


def _runs(channel: np.ndarray) -> int:
    level = np.abs(channel)
    full = (level >= _CLIPPED_LEVEL) & (level <= 1.0)
    # Rising and falling edges alternate; their distance is the length of a stretch.
    edges = np.flatnonzero(np.diff(np.concatenate([[False], full, [False]]).astype(np.int8)))
    return int(np.count_nonzero(edges[1::2] - edges[::2] >= _CLIPPED_RUN))
