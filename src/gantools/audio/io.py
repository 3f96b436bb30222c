"""Audio files read: whole, in blocks, resampled on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from gantools.audio.decoding import MISSING_SHARE, open_source
from gantools.audio.ffmpeg import DecodingError
from gantools.audio.polarity import LEFT_ALONE, Polarity
from gantools.audio.resample import resample_blocks
from gantools.errors import InputError, Notice

T = TypeVar("T")
_BLOCK_FRAMES = 1 << 18  # 6 s at 44.1 kHz
#: Samples of a block in all its channels: 64 MB.
_BLOCK_SAMPLES = 1 << 24
#: Samples beyond this (+120 dBFS) are a damaged file; squares of much larger ones would overflow.
MOST_LEVEL = 1e6


class AudioReader:
    """Read one audio file in blocks.

    Parameters
    ----------
    path : str or Path

    Attributes
    ----------
    rate_hz, channels : int
    container, subtype : str
        In libsndfile's words, such as ``WAV`` and ``PCM_24``; for what it does not know, in those of ffmpeg, such as
        ``M4A`` and ``AAC``. Lossless codecs have the subtype of their samples.
    declared_frames : int
        Length that the header promises, in frames at `rate_hz`; 0 where it does not say, as in what was written to a
        pipe.
    expected_frames : int
        The same, or an estimate where the header does not say: for progress. 0 where there is none.
    replaced : int
        Samples that were not finite and became zero.
    polarity : Polarity
        Whether the channels cancel each other in what was read as mono.

    Raises
    ------
    InputError
        The file is missing, no regular file, no audio, empty or cut short; its rate is outside 1 kHz to 768 kHz, or
        it has more than 256 channels.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._source = open_source(self.path)
        self.rate_hz: int = self._source.rate_hz
        self.channels: int = self._source.channels
        self.declared_frames: int = self._source.frames
        self.expected_frames: int = self._source.expected_frames
        self.container: str = self._source.container
        self.subtype: str = self._source.subtype
        self.replaced = 0
        self.polarity = Polarity()

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def blocks(self, block_frames: int = _BLOCK_FRAMES, *, nan: str = "error") -> Iterator[np.ndarray]:
        """Yield float32 blocks of shape (frames, channels), at most `block_frames` long.

        With ``nan="zero"`` samples that are not finite become zero and are counted in `replaced`.

        Raises
        ------
        InputError
            On NaN, infinity or samples beyond +120 dBFS, on a decoding error, and when more than 1 % of the promised
            length is missing.
        """
        done, block_frames = 0, max(1, min(block_frames, _BLOCK_SAMPLES // self.channels))
        while True:
            try:
                block = self._source.read(block_frames)
            except DecodingError as error:
                raise InputError(f"decoding fails {self._at(done)}; the file is damaged", self.path) from error
            except InputError as error:
                raise InputError(error.message, self.path) from error
            if not len(block):
                break
            flat = block.reshape(-1)
            with np.errstate(over="ignore", invalid="ignore"):
                # One fast pass for nearly all blocks: the energy bounds every sample; it is no number where one is not.
                sound = np.dot(flat, flat) <= MOST_LEVEL**2
            if not sound:
                block = self._repaired(block, done, nan)
            done += len(block)
            yield block
        if done == 0:
            raise InputError("holds no samples", self.path)
        if done < self.declared_frames * (1 - MISSING_SHARE) - self._source.slack_frames:
            promised = self.declared_frames / self.rate_hz
            raise InputError(
                f"truncated: {done / self.rate_hz:.1f} of {promised:.1f} s can be decoded; copy it again", self.path
            )

    def _repaired(self, block: np.ndarray, done: int, nan: str) -> np.ndarray:
        """Return a block with zeros for samples that are not finite, or raise an InputError."""
        finite = np.isfinite(block)
        if not finite.all() and nan != "zero":
            bad = done + int(np.argmin(finite.all(axis=1)))
            raise InputError(f"holds NaN or infinite samples {self._at(bad)}; render it again", self.path)
        self.replaced += int(np.count_nonzero(~finite))
        block = np.where(finite, block, np.float32(0))
        levels = np.abs(block).max(axis=1)
        if levels.max() > MOST_LEVEL:
            bad = done + int(np.argmax(levels > MOST_LEVEL))
            raise InputError(f"holds samples beyond +120 dBFS {self._at(bad)}; render it again", self.path)
        return block

    def mono_blocks(self, rate_hz: int, *, left: bool = False) -> Iterator[np.ndarray]:
        """Yield float32 blocks (n,): the mean of the channels, or the left one alone, resampled to `rate_hz`.

        Afterwards `polarity` tells whether the channels cancelled each other.
        """
        return resample_blocks(self._mono_blocks(left), self.rate_hz, rate_hz, 1)

    def _mono_blocks(self, left: bool) -> Iterator[np.ndarray]:
        for block in self.blocks():
            mono = np.ascontiguousarray(block[:, 0]) if left else to_mono(block)
            self.polarity.push(block, mono)
            yield mono

    def _at(self, frame: int) -> str:
        return f"at {frame / self.rate_hz:.2f} s"


def to_mono(block: np.ndarray) -> np.ndarray:
    """Return the mean over the channels of a (frames, channels) block, float32 (frames,)."""
    if block.shape[1] == 1:
        return block[:, 0]
    mono = block[:, 0] + block[:, 1]  # twice as fast as mean(axis=1) for stereo
    for channel in range(2, block.shape[1]):
        mono += block[:, channel]
    mono *= np.float32(1 / block.shape[1])
    return mono


def decoded_frames(path: str | Path) -> int:
    """Return how many frames a file really has, by decoding it: headers round, or do not say."""
    with AudioReader(path) as reader:
        return sum(len(block) for block in reader.blocks())


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """Return a whole file as float32 (channels, n) and its rate in Hz."""
    with AudioReader(path) as reader:
        return np.concatenate(list(reader.blocks())).T, reader.rate_hz


def read_beginning(path: str | Path, seconds: float) -> tuple[np.ndarray, int, bool]:
    """Return the beginning of a file as float32 (channels, n), its rate in Hz, and whether that is all of it.

    Raises
    ------
    InputError
        The file cannot be read, or what is read of it holds NaN.
    """
    with AudioReader(path) as reader:
        blocks, left = [], round(seconds * reader.rate_hz)
        for block in reader.blocks():
            blocks.append(block[: max(0, left)])
            left -= len(block)
            if left < 0:
                break
        return np.concatenate(blocks).T, reader.rate_hz, left >= 0


def hear(path: str | Path, work: Callable[[AudioReader, bool], T]) -> tuple[T, bool]:
    """Do something with a file as mono, and once more with its left channel alone where the channels cancel.

    Parameters
    ----------
    path : str or Path
    work : callable
        (reader, left) -> result; reads all of `AudioReader.mono_blocks` with this `left`.

    Returns
    -------
    result
        What `work` gave.
    left : bool
        The left channel was taken alone; `gantools.audio.polarity.LEFT_ALONE` says why.
    """
    with AudioReader(path) as reader:
        # Whether channels cancel is known when all is read: the rare file that does is read a second time.
        result = work(reader, False)
    if not reader.polarity.cancels:
        return result, False
    with AudioReader(path) as reader:
        return work(reader, True), True


def load_mono(path: str | Path, rate_hz: int, said: Callable[[Path, Notice], None] | None = None) -> np.ndarray:
    """Return a whole file as float32 (n,), channels averaged, resampled to `rate_hz`.

    Where the channels cancel each other the left one is taken alone, and `said` is told so.
    """

    def read(reader: AudioReader, left: bool) -> np.ndarray:
        return np.concatenate(list(reader.mono_blocks(rate_hz, left=left)))

    wave, left = hear(path, read)
    if left and said is not None:
        said(Path(path), Notice(LEFT_ALONE, path))
    return wave
