"""Windows of sounds and of latents as vectors, and how far each is from the nearest of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gantools.audio.io import load_mono
from gantools.audio.latentfile import SUFFIX, read_latents
from gantools.audio.mel import MelParams, mel_db
from gantools.errors import InputError
from gantools.metrics.metric import Failed

_RATE_HZ = 22050
#: Frames of 93 ms, as long as a latent of the codec that ships, every 46 ms.
_MEL = MelParams(sample_rate_hz=_RATE_HZ, n_fft=2048, hop_samples=1024, n_mels=64, fmin_hz=30.0, fmax_hz=11000.0)
#: Power added to each band against the mean band of the sound: without it, what nobody hears decides.
_FLOOR_DB = -40.0
#: Windows so far below the level of their file are not music.
_SILENT_DB = -50.0
#: Latents go back through tanh up to here.
_MOST = 0.999
#: Values of vectors that are held at once.
_BLOCK_VALUES = 1 << 23


@dataclass(frozen=True, eq=False)
class Frames:
    """A file as a sequence of vectors.

    Attributes
    ----------
    values : float32 array (frames, numbers)
        Levels of bands in dB, 0 being the mean band of the sound; or latents without their tanh.
    frame_hz : float
    sounding : bool array (frames,)
    codec : str
        Hash of the codec that made latents; empty for sound.
    """

    values: np.ndarray
    frame_hz: float
    sounding: np.ndarray
    codec: str = ""

    def starts(self, length: int, step: int) -> np.ndarray:
        """Return where the windows of `length` frames that sound begin, every `step` frames."""
        starts = np.arange(0, len(self.values) - length + 1, step)
        heard = np.concatenate([[0], np.cumsum(self.sounding)])
        return starts[2 * (heard[starts + length] - heard[starts]) >= length]

    def windows(self, starts: np.ndarray, length: int) -> np.ndarray:
        """Return windows as vectors, float32 (windows, length x numbers)."""
        return self.values[starts[:, None] + np.arange(length)].reshape(len(starts), -1)


def read_frames(path: Path, failed: Failed) -> Frames:
    """Return the frames of a sound, mixed to mono, or of a file of latents.

    Raises
    ------
    InputError
        The file cannot be read, or is silent.
    """
    if path.name.endswith(SUFFIX):
        file = read_latents(path)
        latents = file.rows().reshape(-1, file.frames).T
        values = np.arctanh(np.clip(latents, -_MOST, _MOST))
        return Frames(values, file.rate_hz / file.samples_per_latent, np.ones(len(values), bool), file.codec)
    wave = load_mono(path, _RATE_HZ, failed)
    power = float(np.mean(np.square(wave, dtype=np.float64))) if len(wave) else 0.0
    if not power > 0:
        raise InputError("is silent", path)
    bands = 10 ** (mel_db((wave / np.sqrt(power)).astype(np.float32), _MEL) / 10)
    mean = bands.mean(dtype=np.float64)
    sounding = bands.mean(1) > 10 ** (_SILENT_DB / 10) * mean
    values = 10 * np.log10(bands / mean + 10 ** (_FLOOR_DB / 10))
    return Frames(values.astype(np.float32), _MEL.frames_per_second, sounding)


@dataclass
class Nearest:
    """The nearest neighbours of windows among files that come one by one.

    Parameters
    ----------
    windows : float32 array (n, numbers)

    Attributes
    ----------
    squares : float64 array (n,)
        Least squared distance so far.
    file, start : int64 arrays (n,)
        Number of the file and the frame of the nearest window.
    """

    windows: np.ndarray

    def __post_init__(self) -> None:
        self.own = np.square(self.windows, dtype=np.float64).sum(1)
        self.squares = np.full(len(self.windows), np.inf)
        self.file, self.start = (np.zeros(len(self.windows), np.int64) for _ in range(2))

    def push(self, number: int, frames: Frames, length: int) -> None:
        """Compare with every window of a file."""
        starts = frames.starts(length, 1)
        step = max(1, _BLOCK_VALUES // max(1, self.windows.shape[1]))
        for first in range(0, len(starts), step):
            block = starts[first : first + step]
            others = frames.windows(block, length)
            distances = np.square(others, dtype=np.float64).sum(1) - 2 * (self.windows @ others.T)
            place = distances.argmin(1)
            found = distances[np.arange(len(place)), place] + self.own
            nearer = found < self.squares
            self.squares[nearer] = found[nearer]
            self.file[nearer], self.start[nearer] = number, block[place[nearer]]

    @property
    def distances(self) -> np.ndarray:
        """Root mean square difference of each window to the nearest, float64 (n,)."""
        return np.sqrt(np.maximum(self.squares, 0) / self.windows.shape[1])


def standardised(frames: list[Frames]) -> Callable[[Frames], Frames]:
    """Return what brings each number of latents to the mean and deviation that they have in some files."""
    count = sum(len(one.values) for one in frames)
    mean = np.sum([one.values.sum(0, dtype=np.float64) for one in frames], axis=0) / count
    squares = np.sum([np.square(one.values - mean, dtype=np.float64).sum(0) for one in frames], axis=0) / count
    scale = np.maximum(np.sqrt(squares), 1e-2)
    return lambda one: replace(one, values=((one.values - mean) / scale).astype(np.float32))
