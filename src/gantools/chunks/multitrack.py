"""Songs as sets of stems: which files belong together, and any stretch of any of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from gantools.audio.io import AudioReader
from gantools.chunks.roles import AUDIO_SUFFIXES, role_and_song
from gantools.errors import InputError

MIXTURE = "mix"
_INT16 = 32767.0


@dataclass(frozen=True)
class Multitrack:
    """One song.

    Attributes
    ----------
    song : str
    stems : dict
        Role -> file.
    mixture : Path or None
        The song's own mix, where there is one.
    """

    song: str
    stems: dict[str, Path] = field(default_factory=dict)
    mixture: Path | None = None


def find_multitracks(paths: Sequence[str | Path]) -> list[Multitrack]:
    """Return the songs in some folders and files, sorted by name.

    A file's role and song are read from its path below the folder, as everywhere (`gantools.chunks.roles`):
    ``song/bass.wav``, ``bass/song.wav`` and ``song.bass.wav`` are the bass of ``song``. Hidden files are left out.

    Raises
    ------
    InputError
        Nothing found, or two files for one role of one song.
    """
    songs: dict[str, dict[str, Path]] = {}
    for path, rel in _files(paths):
        role, song = role_and_song(rel)
        parts = songs.setdefault(song, {})
        if role in parts:
            raise InputError(f"{parts[role]} is also the {role} of {song}; keep one of them", path)
        parts[role] = path
    if not songs:
        raise InputError(f"no audio in {', '.join(map(str, paths))}; looked for {', '.join(AUDIO_SUFFIXES)}")
    return [
        Multitrack(song, {role: path for role, path in parts.items() if role != MIXTURE}, parts.get(MIXTURE))
        for song, parts in sorted(songs.items())
    ]


def _files(paths: Sequence[str | Path]) -> Iterator[tuple[Path, str]]:
    for path in map(Path, paths):
        if not path.is_dir():
            if not path.exists():
                raise InputError("no such file or folder", path)
            yield path, path.name
            continue
        for file in sorted(path.rglob("*")):
            below = file.relative_to(path)
            hidden = any(part.startswith(".") for part in below.parts)
            if file.suffix.lower() in AUDIO_SUFFIXES and not hidden and file.is_file():
                yield file, below.as_posix()


class Recording:
    """A whole file in memory as 16-bit stereo (10 MB a minute at 44.1 kHz), of which any stretch can be had.

    Parameters
    ----------
    path : str or Path
    rate_hz : int
        The file is resampled to this rate.

    Attributes
    ----------
    frames : int
    peak : float
        Largest magnitude in the file, full scale 1. Louder files are kept relative to it, not clipped.

    Raises
    ------
    InputError
        The file cannot be read, or has more than two channels.
    """

    def __init__(self, path: str | Path, rate_hz: int = 44100) -> None:
        blocks = []
        with AudioReader(path) as reader:
            if reader.channels > 2:
                raise InputError(f"has {reader.channels} channels; give mono or stereo stems", path)
            resampler = (
                None
                if reader.rate_hz == rate_hz
                else soxr.ResampleStream(reader.rate_hz, rate_hz, reader.channels, dtype="float32", quality="HQ")
            )
            for block in reader.blocks():
                blocks.append(resampler.resample_chunk(block) if resampler else block)
            if resampler:
                blocks.append(resampler.resample_chunk(np.zeros((0, reader.channels), np.float32), last=True))
        self.peak = max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)
        self._step = max(self.peak, 1.0) / _INT16
        codes = np.concatenate([np.round(block / self._step).astype(np.int16) for block in blocks])
        self._codes = np.ascontiguousarray(np.repeat(codes, 2, axis=1).T if codes.shape[1] == 1 else codes.T)
        self.rate_hz = rate_hz
        self.frames = self._codes.shape[1]

    def crop(self, start: int, frames: int) -> np.ndarray:
        """Return float32 (2, frames) from sample `start`; zeros stand for what lies outside the file."""
        wave = np.zeros((2, frames), np.float32)
        first, last = max(start, 0), min(start + frames, self.frames)
        if first < last:
            wave[:, first - start : last - start] = self._codes[:, first:last]
            wave *= np.float32(self._step)
        return wave
