"""Stems as streams: any stretch, given in order, without the whole file in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gantools.audio.io import AudioReader
from gantools.audio.resample import resample_blocks
from gantools.audio.writing import AudioWriter
from gantools.errors import InputError

_BLOCK = 1 << 18


class StemStream:
    """A stem read in order, as stereo at one rate, reflected at both ends and silent behind its own end.

    Parameters
    ----------
    path : Path or None
        None is a stem that the song lacks: silence.
    rate_hz : int
    frames : int
        Length of the song.
    """

    def __init__(self, path: Path | None, rate_hz: int, frames: int) -> None:
        self.frames = frames
        self._blocks = iter(()) if path is None else stereo_blocks(path, rate_hz)
        self._kept = np.zeros((2, 0), np.float32)
        self._first = 0

    def window(self, start: int, stop: int) -> np.ndarray:
        """Return float32 (2, stop - start); neither `start` nor `stop` may fall from call to call."""
        index = _reflected(np.arange(start, stop), self.frames)
        self._read_to(int(index.max()) + 1)
        # Near the end the next window may be a reflection of what lies before this one.
        self._forget(min(start, self.frames - (stop - start) - 1))
        out = np.zeros((2, stop - start), np.float32)
        inside = (index >= self._first) & (index < self._first + self._kept.shape[1])
        out[:, inside] = self._kept[:, index[inside] - self._first]
        return out

    def _read_to(self, stop: int) -> None:
        parts = [self._kept]
        have = self._first + self._kept.shape[1]
        while have < stop:
            block = next(self._blocks, None)
            if block is None:
                block = np.zeros((2, stop - have), np.float32)
            parts.append(block)
            have += block.shape[1]
        self._kept = np.concatenate(parts, axis=1)

    def _forget(self, before: int) -> None:
        gone = max(0, before - self._first)
        self._kept, self._first = self._kept[:, gone:], self._first + gone


def _reflected(index: np.ndarray, frames: int) -> np.ndarray:
    """Return where sample numbers lie in a signal that is mirrored at both ends, without repeating the end samples."""
    period = max(1, 2 * (frames - 1))
    folded = np.mod(index, period)
    return np.minimum(folded, period - folded)


def stereo_blocks(path: Path, rate_hz: int) -> Iterator[np.ndarray]:
    """Yield a file as float32 blocks (2, n) at a rate; a mono file is doubled.

    Raises
    ------
    InputError
        It has more than two channels.
    """
    with AudioReader(path) as reader:
        if reader.channels > 2:
            raise InputError(f"has {reader.channels} channels; give mono or stereo stems", path)
        for block in resample_blocks(reader.blocks(), reader.rate_hz, rate_hz, reader.channels):
            yield np.repeat(block.T, 2, axis=0) if reader.channels == 1 else np.ascontiguousarray(block.T)


def sum_files(paths: Sequence[Path], out: Path, rate_hz: int) -> Path:
    """Write the sum of some files of one rate, as stereo float; shorter ones end earlier.

    Notes
    -----
    The paper's program too adds all tracks of one type before it normalises them.
    """
    streams = [stereo_blocks(path, rate_hz) for path in paths]
    pending = [np.zeros((2, 0), np.float32) for _ in paths]
    with AudioWriter(out, rate_hz, 2, "32f") as writer:
        while True:
            # Blocks of different files end at different places: each is filled up before they are added.
            for number, stream in enumerate(streams):
                while pending[number].shape[1] < _BLOCK and (block := next(stream, None)) is not None:
                    pending[number] = np.concatenate([pending[number], block], axis=1)
            size = min(_BLOCK, max(part.shape[1] for part in pending))
            if not size:
                return out
            total = np.zeros((2, size), np.float32)
            for number, part in enumerate(pending):
                heard = part[:, :size]
                total[:, : heard.shape[1]] += heard
                pending[number] = part[:, size:]
            writer.append(total.T)
