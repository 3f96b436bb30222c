"""Stems of one song on their way to disk: resampled and written beside the network, lowered together, encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from io import BufferedRandom, FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from gantools.audio.formats import choose
from gantools.audio.mixing import fit_blocks
from gantools.audio.resample import Resampler
from gantools.audio.writing import AudioWriter, loudness_notice, lowering
from gantools.separation.mix import Follower, Mix

_BLOCK_FRAMES = 1 << 18
_WAITING_BLOCKS = 4


class StemScratch:
    """One stem at the song's rate and channels, as float32 in a scratch file, open for reading and writing."""

    def __init__(self, file: BufferedRandom, mix: Mix, rate_hz: int) -> None:
        self.peak = 0.0
        self._channels = mix.channels
        self._file = file
        self._resampler = Resampler(rate_hz, mix.rate_hz, mix.channels)

    def at_song_rate(self, stem: np.ndarray, *, last: bool) -> np.ndarray:
        """Return samples (2, k) at the rate of the network as float32 (m, channels) at the song's."""
        block = np.ascontiguousarray(stem.T) if self._channels == 2 else stem.mean(axis=0, dtype=np.float32)[:, None]
        return self._resampler.push(block, last=last)

    def append(self, block: np.ndarray) -> None:
        """Add float32 samples (m, channels)."""
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        self._file.write(np.ascontiguousarray(block).data)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield what was written, float32 (k, channels)."""
        self._file.seek(0)
        while len(data := self._file.read(4 * _BLOCK_FRAMES * self._channels)):
            yield np.frombuffer(data, np.float32).reshape(-1, self._channels)


class StemWriter:
    """Take the stems of a song block by block in a thread of its own, then encode them.

    Use as a context manager.

    Parameters
    ----------
    mix : Mix
        Scratch files are made beside its own.
    count : int
        Number of stems.
    rate_hz : int
        Rate of the network.
    rest : int, optional
        Number of the stem that takes what resampling loses (the highest tenth of the spectrum, on the way there and
        back), where the stems are to sum to the song.
    """

    def __init__(self, mix: Mix, count: int, rate_hz: int, rest: int | None = None) -> None:
        self._mix, self._rest = mix, rest
        self._files = ExitStack()
        self._stems = []
        for number in range(count):
            file = BufferedRandom(FileIO(mix.path.with_name(f"stem-{number}.f32"), "w+"))
            self._files.callback(file.close)
            self._stems.append(StemScratch(file, mix, rate_hz))
        self._song: Follower | None = None
        if rest is not None and mix.rate_hz != rate_hz:
            self._song = Follower(mix.source)
            self._files.callback(self._song.close)
        self._thread = ThreadPoolExecutor(1)
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> StemWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._files.close()

    def append(self, stems: np.ndarray, *, last: bool = False) -> None:
        """Add float32 samples (stems, 2, k); waits when the disk is slower than the network."""
        self._waiting.append(self._thread.submit(self._write, stems, last))
        if len(self._waiting) > _WAITING_BLOCKS:
            # The result is nothing, but an error of the thread (a full disk) is raised here.
            self._waiting.pop(0).result()

    def _write(self, stems: np.ndarray, last: bool) -> None:
        blocks = [scratch.at_song_rate(stem, last=last) for scratch, stem in zip(self._stems, stems, strict=True)]
        if self._song is not None and self._rest is not None:
            blocks[self._rest] = blocks[self._rest] + (self._song.take(len(blocks[0])) - np.sum(blocks, axis=0))
        for scratch, block in zip(self._stems, blocks, strict=True):
            scratch.append(block)

    def encode(self, outputs: Sequence[Path], bits: str) -> tuple[float, str]:
        """Write the files, all lowered by one gain where one would clip.

        Returns
        -------
        gain : float
            See `lowering`.
        notice : str
            What a user should hear of it; empty where no stem is above full scale.
        """
        # The resamplers hold back their last samples until they are told that no more will come.
        self.append(np.zeros((len(self._stems), 2, 0), np.float32), last=True)
        for future in self._waiting:
            future.result()
        peak = max(stem.peak for stem in self._stems)
        # One gain for all stems: lowered one by one they would no longer sum to the song.
        gain = min(lowering(peak, choose(path, bits, self._mix.format.for_parts())[1]) for path in outputs)
        with ThreadPoolExecutor(len(outputs)) as pool:
            list(pool.map(partial(self._encode_one, bits=bits, gain=gain), self._stems, outputs))
        return gain, loudness_notice(peak, gain)

    def _encode_one(self, stem: StemScratch, path: Path, bits: str, gain: float) -> None:
        mix = self._mix
        kept: dict[str, Any] = {"like": mix.format.for_parts(), "tags": mix.tags}
        with AudioWriter(path, mix.rate_hz, mix.channels, bits, gain=gain, frames=mix.frames, **kept) as writer:
            # Resampling there and back may round the length by a sample.
            for block in fit_blocks(stem.blocks(), mix.frames):
                block = block if block.ndim == 2 else np.zeros((len(block), mix.channels), np.float32)
                writer.append(block)
