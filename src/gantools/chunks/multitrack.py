"""Songs as sets of stems: which files belong together, and any stretch of any of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gantools.audio.io import AudioReader
from gantools.audio.resample import resample_blocks
from gantools.chunks.finding import find_files
from gantools.chunks.roles import AUDIO_SUFFIXES, Named, read_folder, read_name
from gantools.errors import InputError
from gantools.files.members import with_parts

MIXTURE = "mix"
#: Each holds the whole song or most of it: two of them are two versions, and never sound together.
WHOLE = (MIXTURE, "accompaniment", "band")
#: The part that takes what a system of few parts has no place for.
REST = "other"
_INT16 = 32767.0
_BLOCK = 1 << 18
_LOSSLESS = (".wav", ".flac", ".aif", ".aiff", ".w64", ".caf", ".au")


@dataclass(frozen=True)
class Multitrack:
    """One song.

    Attributes
    ----------
    song : str
    stems : dict
        Role -> its files, which sound together: kick, snare and overheads are the drums.
    mixture : Path or None
        The song's own mix, where there is one.
    """

    song: str
    stems: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    mixture: Path | None = None

    def within(self, roles: Sequence[str]) -> Multitrack:
        """Return the song for a system that knows some roles: instruments that it does not know are the rest.

        Guitar, keys and piano join ``other`` where that is among `roles`; what holds the whole song does not.
        """
        if REST not in roles:
            return self
        stems: dict[str, tuple[Path, ...]] = {}
        for role, paths in self.stems.items():
            place = role if role in roles or role in WHOLE else REST
            stems[place] = stems.get(place, ()) + paths
        return Multitrack(self.song, stems, self.mixture)


@dataclass(frozen=True)
class StemFile:
    """A file, and what its name says.

    Attributes
    ----------
    path : Path
    role, song : str
    part : str
        Which channel of the role it is, see `gantools.chunks.roles.Named`.
    """

    path: Path
    role: str
    song: str
    part: str = ""


def find_multitracks(paths: Sequence[str | Path], say: Callable[[str], None] | None = None) -> list[Multitrack]:
    """Return the songs in some folders and files, sorted by name.

    A file's role and song are read from its path below the folder, as everywhere (`gantools.chunks.roles`):
    ``song/bass.wav``, ``bass/song.wav`` and ``song.bass.wav`` are the bass of ``song``.

    Parameters
    ----------
    paths : sequence of str or Path
    say : callable, optional
        See `group_stems`.

    Raises
    ------
    InputError
        Nothing found.
    """
    found = list[StemFile]()
    for path in map(Path, paths):
        if not path.exists():
            raise InputError("no such file or folder", path)
        listed = find_files(path, AUDIO_SUFFIXES) if path.is_dir() else [(path, "")]
        files = [one for file, rel in listed for one in with_parts(file, rel)]
        # Read folder by folder: what a number, or a part without a song, means shows only beside its neighbours.
        folders: dict[Path, list[tuple[Path, Named]]] = {}
        for file, rel in files:
            folders.setdefault(file.parent, []).append((file, read_name(f"{rel}/{file.name}" if rel else file.name)))
        for folder, named in folders.items():
            together = read_folder([name for _, name in named], folder.absolute().name)
            found += [
                StemFile(file, name.role, name.song, name.part) for (file, _), name in zip(named, together, strict=True)
            ]
    if not found:
        raise InputError(f"no audio in {', '.join(map(str, paths))}; looked for {', '.join(AUDIO_SUFFIXES)}")
    return group_stems(found, say)


def group_stems(files: Iterable[StemFile], say: Callable[[str], None] | None = None) -> list[Multitrack]:
    """Return the songs that some files belong to, sorted by name.

    Different channels of one role (Kick, Snare; Gtr 1, Gtr 2) sound together. One channel in several files is one
    recording in several formats: the lossless one is taken, or the first. Of several mixes or accompaniments, which
    each hold the song, one is taken.

    Parameters
    ----------
    files : iterable of StemFile
    say : callable, optional
        Called with a sentence for each role whose channels are summed, and for each file that is left out.
    """
    songs: dict[str, dict[str, list[StemFile]]] = {}
    # Lossless files come first, so that they are the ones that are kept.
    for file in sorted(files, key=_preference):
        songs.setdefault(file.song, {}).setdefault(file.role, []).append(file)
    tracks = []
    for song, roles in sorted(songs.items()):
        stems: dict[str, tuple[Path, ...]] = {}
        for role, mine in sorted(roles.items()):
            chosen: dict[str, Path] = {}
            for file in mine:
                place = "" if role in WHOLE else file.part
                first = chosen.setdefault(place, file.path)
                if first != file.path and say:
                    say(f"{file.path}: {first} is also the {role} of {song}; left out")
            stems[role] = tuple(chosen[part] for part in sorted(chosen))
            if len(chosen) > 1 and say:
                say(f"{song}: {role} is the sum of {', '.join(path.name for path in stems[role])}")
        mixtures = stems.pop(MIXTURE, ())
        tracks.append(Multitrack(song, stems, mixtures[0] if mixtures else None))
    return tracks


def _preference(file: StemFile) -> tuple[bool, str]:
    return os.path.splitext(file.path.name)[1].lower() not in _LOSSLESS, str(file.path)


class Recording:
    """A whole file in memory as 16-bit stereo (10 MB a minute at 44.1 kHz), of which any stretch can be had.

    Parameters
    ----------
    path : str, Path, or sequence of Path
        Several files are summed, from their beginnings.
    rate_hz : int
        The file is resampled to this rate.

    Attributes
    ----------
    frames : int
    peak : float
        Largest magnitude in the file or the sum, full scale 1. Louder files are kept relative to it, not clipped.

    Raises
    ------
    InputError
        The file cannot be read, or has more than two channels.
    """

    def __init__(self, path: str | Path | Sequence[Path], rate_hz: int = 44100) -> None:
        paths = [path] if isinstance(path, (str, Path)) else list(path)
        wave = _read(paths[0], rate_hz)
        for other in paths[1:]:
            wave = _sum(wave, _read(other, rate_hz))
        self.peak = float(np.abs(wave).max(initial=0.0))
        self._step = max(self.peak, 1.0) / _INT16
        codes = np.empty((len(wave), wave.shape[1]), np.int16)
        # In blocks: rounding the whole song at once would need its size in floats once more.
        for start in range(0, len(wave), _BLOCK):
            codes[start : start + _BLOCK] = np.round(wave[start : start + _BLOCK] / self._step)
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


def _read(path: str | Path, rate_hz: int) -> np.ndarray:
    """Return a file at a rate, float32 (frames, 1 or 2)."""
    with AudioReader(path) as reader:
        if reader.channels > 2:
            raise InputError(f"has {reader.channels} channels; give mono or stereo stems", path)
        return np.concatenate(list(resample_blocks(reader.blocks(), reader.rate_hz, rate_hz, reader.channels)))


def _sum(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    channels = max(one.shape[1], two.shape[1])
    total = np.zeros((max(len(one), len(two)), channels), np.float32)
    for wave in (one, two):
        total[: len(wave)] += wave
    return total
