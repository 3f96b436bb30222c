"""The recording that an application begins with: of any length and rate, piece by piece, as the model's signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from gantools.audio.io import AudioReader
from gantools.audio.midside import to_mid_side
from gantools.audio.polarity import CANCELS
from gantools.audio.resample import resample_blocks
from gantools.errors import InputError
from gantools.systems.caw.rates import clip_length

_BLOCK = 1 << 16
_SILENCE = 1e-5


@dataclass(frozen=True, eq=False)
class SourceAudio:
    """A recording that can be read from its beginning as often as is wanted, piece by piece.

    Parameters
    ----------
    rate_hz, channels, frames : int
    rms : float
        Root of the mean square of the mean of the channels.
    blocks : callable
        Returns an iterator over float32 blocks (n, channels), `frames` in all, each time it is called.
    """

    rate_hz: int
    channels: int
    frames: int
    rms: float
    blocks: Callable[[], Iterator[np.ndarray]]

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.frames / self.rate_hz

    def signals(self, rate_hz: int, length: int, channels: int, gain: float = 1.0) -> Iterator[torch.Tensor]:
        """Yield ``(1, channels, n)`` at another rate, `length` samples in all, cut or filled with zeros.

        One channel is the mean of the source's; two are mid and side.
        """
        fold = _to_mono if channels == 1 else _to_mid_side
        for block in self._resampled(rate_hz, length, fold, channels):
            yield torch.from_numpy(block.T[None] * np.float32(gain))

    def waves(self, rate_hz: int, length: int) -> Iterator[np.ndarray]:
        """Yield float32 (channels, n) at another rate, `length` samples in all."""
        for block in self._resampled(rate_hz, length, lambda block: block, self.channels):
            yield block.T

    def _resampled(
        self, rate_hz: int, length: int, fold: Callable[[np.ndarray], np.ndarray], channels: int
    ) -> Iterator[np.ndarray]:
        """Yield float32 (n, channels), folded to the wanted channels first: fewer of them are resampled."""
        left = length
        folded = (fold(block) for block in self.blocks())
        for block in resample_blocks(folded, self.rate_hz, rate_hz, channels, quality="finest"):
            block = block[:left]
            left -= len(block)
            if len(block):
                yield np.ascontiguousarray(block, np.float32)
            if not left:
                return
        if left:
            yield np.zeros((left, channels), np.float32)


def _to_mono(block: np.ndarray) -> np.ndarray:
    """Return the mean of the channels of (n, channels), as (n, 1)."""
    return block.mean(1, keepdims=True, dtype=np.float32)


def _to_mid_side(block: np.ndarray) -> np.ndarray:
    """Return mid and side (n, 2) of the first two channels; of mono the side is silent."""
    pair = np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block[:, :2]
    return to_mid_side(pair.T).T


def file_source(path: str | Path) -> SourceAudio:
    """Return an audio file as a source; it is read once to measure it.

    Raises
    ------
    InputError
        The file is no audio, damaged or silent.
    """
    with AudioReader(path) as reader:
        rate_hz, channels, frames, energy = reader.rate_hz, reader.channels, 0, 0.0
        for block in reader.blocks():
            frames += len(block)
            mono = _to_mono(block)
            reader.polarity.push(block, mono[:, 0])
            energy += float(np.square(mono, dtype=np.float64).sum())
    rms = (energy / frames) ** 0.5
    if rms < _SILENCE:
        cancelled = f"{CANCELS}; flip one"
        raise InputError(cancelled if reader.polarity.cancels else "is silent; give a recording with sound", path)

    def blocks() -> Iterator[np.ndarray]:
        with AudioReader(path) as reader:
            yield from reader.blocks(_BLOCK)

    return SourceAudio(rate_hz, channels, frames, rms, blocks)


def wave_source(wave: np.ndarray, rate_hz: int) -> SourceAudio:
    """Return float32 (channels, n) as a source."""
    frames = wave.shape[1]
    rms = float(np.sqrt(np.mean(np.square(wave.mean(0), dtype=np.float64)))) if frames else 0.0

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, frames, _BLOCK):
            yield wave[:, start : start + _BLOCK].T

    return SourceAudio(rate_hz, len(wave), frames, rms, blocks)


def lasting(source: SourceAudio, seconds: float | None) -> SourceAudio:
    """Return the beginning of a source, where it is longer than `seconds`."""
    if seconds is None or seconds >= source.seconds:
        return source
    return SourceAudio(source.rate_hz, source.channels, clip_length(seconds, source.rate_hz), source.rms, source.blocks)
