"""A song decoded once, at the rate of the network, in a scratch file: any part of it can be read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.formats import SourceFormat
from gantools.audio.io import AudioReader
from gantools.audio.resample import resample_blocks
from gantools.audio.tags import Tags, read_tags
from gantools.errors import InputError


@dataclass(frozen=True)
class Mix:
    """A song as the networks hear it.

    Attributes
    ----------
    source : Path
        The song.
    path : Path
        Scratch file: float32 stereo samples, interleaved.
    n : int
        Samples per channel at the rate of the network.
    mean, std : float
        Mean and standard deviation of the mean of both channels.
    rate_hz, channels, frames : int
        Sample rate, channels and length of the song's own file.
    tags : Tags
    format : SourceFormat
        Format of the song's own file.
    """

    source: Path
    path: Path
    n: int
    mean: float
    std: float
    rate_hz: int
    channels: int
    frames: int
    tags: Tags
    format: SourceFormat

    def read(self, start: int, n: int) -> np.ndarray:
        """Return samples, float32 (2, n), zero outside the song."""
        first, last = max(start, 0), min(start + n, self.n)
        wave = np.zeros((2, n), np.float32)
        if last > first:
            # Eight bytes a frame: two channels of float32.
            part = np.fromfile(self.path, np.float32, 2 * (last - first), offset=8 * first)
            wave[:, first - start : last - start] = part.reshape(-1, 2).T
        return wave


class Follower:
    """Read a song's own samples in pieces of any length, zeros after its end."""

    def __init__(self, source: Path) -> None:
        self._reader = AudioReader(source)
        self._blocks = self._reader.blocks()
        self._pending = np.zeros((0, self._reader.channels), np.float32)

    def take(self, n: int) -> np.ndarray:
        """Return the next samples, float32 (n, channels)."""
        while len(self._pending) < n:
            block = next(self._blocks, None)
            if block is None:
                block = np.zeros((n - len(self._pending), self._reader.channels), np.float32)
            self._pending = np.concatenate([self._pending, block])
        taken, self._pending = self._pending[:n], self._pending[n:]
        return taken

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def decode(source: Path, path: Path, rate_hz: int) -> Mix:
    """Decode and resample a song into the scratch file `path`, in bounded memory. Mono is heard on both channels.

    Raises
    ------
    InputError
        The song cannot be decoded, or has more than two channels.
    """
    n, frames, total, squares = 0, 0, 0.0, 0.0
    with AudioReader(source) as reader, open(path, "wb") as file:
        if reader.channels > 2:
            raise InputError(f"has {reader.channels} channels; mix it down to stereo first", source)

        # The song's own length is counted on its way to the resampler: what headers say may be wrong.
        def counted() -> Iterator[np.ndarray]:
            nonlocal frames
            for block in reader.blocks():
                frames += len(block)
                yield block

        for block in resample_blocks(counted(), reader.rate_hz, rate_hz, reader.channels):
            stereo = block if block.shape[1] == 2 else np.repeat(block, 2, axis=1)
            file.write(np.ascontiguousarray(stereo).data)
            mono = stereo.sum(axis=1, dtype=np.float64) / 2
            n, total, squares = n + len(mono), total + float(mono.sum()), squares + float(mono @ mono)
        channels, song_rate_hz, form = reader.channels, reader.rate_hz, SourceFormat.of(reader)
    mean = total / max(n, 1)
    # Unbiased, like torch's `std` in Demucs' own program; rounding may leave it just below 0.
    variance = max(0.0, squares - n * mean * mean) / (n - 1) if n > 1 else 0.0
    deviation = float(np.sqrt(variance))
    return Mix(source, path, n, mean, deviation, song_rate_hz, channels, frames, read_tags(source), form)
