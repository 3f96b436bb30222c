"""Clips from any place of any song: the songs as 16-bit audio on disk, their splits, their silent places."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from gantools.audio.fingerprint import Fingerprint, describe_twins, fingerprint, twins
from gantools.audio.io import AudioReader, to_mono
from gantools.audio.polarity import CANCELS
from gantools.audio.resample import resample_blocks
from gantools.chunks.splits import SPLITS
from gantools.errors import ConfigError, InputError
from gantools.files.scratch import open_scratch, scratch_error
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.training.remarks import LeftOut, listed, on_held_out

_INT16 = 32767.0
#: Samples of which one energy is kept, to know silent places without reading them.
_BLOCK = 256
_TRIES = 30
_RMS_DB = -18.0


class ClipOptions(Protocol):
    """What clips of songs are drawn by: options of a system's configuration, which also has `split` and its like."""

    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def sample_rate_hz(self) -> int: ...  # noqa: D102
    @property
    def samples(self) -> int: ...  # noqa: D102
    @property
    def channels(self) -> int: ...  # noqa: D102
    @property
    def clips_per_song(self) -> int: ...  # noqa: D102
    @property
    def normalise(self) -> str: ...  # noqa: D102
    @property
    def least_level_db(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class StoredSong:
    """One song in the store.

    Attributes
    ----------
    name : str
    start, stored : int
        Where it lies in the store.
    frames : int
        Its length, at least that of a clip: silence follows what is stored.
    gain : float
        What 16-bit codes are multiplied by.
    energy : numpy.ndarray
        Running sum of the energy of blocks of 256 frames, one number more than there are blocks.
    """

    name: str
    start: int
    stored: int
    frames: int
    gain: float
    energy: np.ndarray

    def level(self, start: int, frames: int) -> float:
        """Return the mean square of a stretch, to a block's precision."""
        first, last = start // _BLOCK, max(start // _BLOCK + 1, (start + frames) // _BLOCK)
        last = min(last, len(self.energy) - 1)
        return float(self.energy[last] - self.energy[first]) / ((last - first) * _BLOCK)


def split_songs(songs: Sequence[str], config: ClipOptions, twins: Sequence[Sequence[str]] = ()) -> dict[str, list[str]]:
    """Return train, val and test songs: those named by hand, and the rest drawn with the seed.

    Each song gets a place by the hash of (seed, its name), and the shares cut that order. With three songs or more each
    side has at least one where its share is above 0; with two, training and validation have one each; a single song is
    both (its clips for validation then come from other places, but not from another song). Songs of one group of
    `twins` are one recording, which counts as one song and goes to one side.
    """
    shares = dict(zip(SPLITS, parsed(config, "split"), strict=True))
    # A recording goes by the name of its first song.
    first = {song: song for song in songs} | {song: group[0] for group in twins for song in group}
    split: dict[str, list[str]] = {}
    for side in ("test", "val"):
        named = parsed(config, f"{side}_songs")
        for song in named:
            if song not in first:
                raise ConfigError(f"{side}_songs: no song {song!r} among {', '.join(sorted(songs)[:8])}")
        split[side] = list(dict.fromkeys(first[song] for song in named))
    if both := sorted(set(split["test"]) & set(split["val"])):
        raise ConfigError(f"val_songs and test_songs both name the recording {both[0]}; name it for one of them")
    recordings = dict.fromkeys(first[song] for song in songs)
    rest = sorted(
        (song for song in recordings if song not in split["test"] and song not in split["val"]),
        key=lambda song: item_seed(config.seed, "split", song),
    )
    for side, sides in (("test", 3), ("val", 2)):
        if not split[side] and shares[side] and len(rest) >= sides:
            count = max(1, round(shares[side] / sum(shares.values()) * len(recordings)))
            # At least one song is left for each side that follows, training among them.
            count = min(count, len(rest) - sides + 1)
            split[side], rest = rest[:count], rest[count:]
    if not rest:
        raise ConfigError("no song is left to train on; give more songs, or name fewer in val_songs and test_songs")
    chosen = {"train": rest, "val": split["val"] or rest, "test": split["test"]}
    return {side: [song for one in heads for song in songs if first[song] == one] for side, heads in chosen.items()}


class SongClips:
    """Clips of a folder of songs; all audio lies in one unnamed temporary file, so memory does not grow with it.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name of each song and its file.
    config : ClipOptions
    tick : callable, optional
        Callback, called after each file.

    Attributes
    ----------
    songs : dict of str to StoredSong
    split : dict
        ``train``, ``val``, ``test`` -> names of songs.
    padded, left_out : list of str
        Songs shorter than a clip, which are followed by silence; a line for each file that cannot be used, with the
        reason.
    twins : list of list of str
        Songs that are one recording.

    Raises
    ------
    ConfigError
        No file can be used, or the disk of temporary files is full.
    """

    def __init__(
        self,
        files: Sequence[tuple[str, Path]],
        config: ClipOptions,
        tick: Callable[[], None] | None = None,
    ) -> None:
        self.config, self.songs = config, dict[str, StoredSong]()
        self.padded, left_out = list[str](), LeftOut()
        self._prints: dict[str, Fingerprint] = {}
        self._file = open_scratch()
        place = 0
        for given, path in files:
            name = _own_name(given, path, self.songs)
            try:
                codes, song, self._prints[name] = read_song(name, path, place, config)
            except InputError as error:
                left_out.note(error, path)
            else:
                self._store(codes)
                self.songs[name] = song
                self.padded += [name] if song.frames > song.stored else []
                place += len(codes)
            if tick:
                tick()
        self.left_out = left_out.lines
        if not self.songs:
            raise ConfigError(f"none of these files can be used{left_out.first()}")
        self._store(b"")
        # Mapped, so that the system keeps in memory what is drawn from and gives it up when others need it.
        self._codes = np.memmap(self._file, np.int16, "r", shape=(place, config.channels))
        self.twins = twins(self._prints)
        self.split = split_songs(list(self.songs), config, self.twins)
        self._sides: dict[str, tuple[list[StoredSong], np.ndarray]] = {}
        for side, chosen in self.split.items():
            songs = [self.songs[name] for name in chosen]
            # All places where a clip can begin, song after song: one draw among them takes songs by their length.
            self._sides[side] = songs, np.cumsum([song.frames - config.samples + 1 for song in songs])

    def _store(self, codes: np.ndarray | bytes) -> None:
        try:
            self._file.write(codes.data if isinstance(codes, np.ndarray) else codes)
            self._file.flush()
        except OSError as error:
            raise scratch_error(error) from error

    @property
    def notes(self) -> list[str]:
        """What a user has to know of the songs."""
        padded = (
            f"{len(self.padded)} of {len(self.songs)} songs are shorter than a clip of {self.config.samples} samples"
        )
        short = [f"{padded}, silence follows them: {listed(self.padded)}"] if self.padded else []
        return [*short, *describe_twins(self.twins), *on_held_out(self.split["train"], self.split["val"])]

    @property
    def seconds(self) -> dict[str, float]:
        """Audio in each split."""
        rate = self.config.sample_rate_hz
        return {side: sum(self.songs[s].frames for s in songs) / rate for side, songs in self.split.items()}

    def windows(self) -> dict[str, int]:
        """Return how many clips each split holds, side by side."""
        return {
            side: sum(self.songs[song].frames // self.config.samples for song in songs)
            for side, songs in self.split.items()
        }

    def describe(self) -> dict[str, object]:
        """Return what a resumed run must find again."""
        sounds = {name: self._prints[name].digest for name in sorted(self.songs)}
        return {"songs": {side: sorted(songs) for side, songs in self.split.items()}, "sounds": sounds}

    def draw(self, random: np.random.Generator, side: str = "train") -> np.ndarray:
        """Return one clip, float32 (channels, samples): songs by their length, places at random, none silent."""
        samples, fixed = self.config.samples, self.config.clips_per_song if side == "train" else 0
        songs, ends = self._sides[side]
        # Where music is nearly all silence, the last place that was tried is taken.
        for _ in range(_TRIES):
            if fixed:
                song = songs[random.integers(len(songs))]
                number = int(random.integers(fixed))
                start = item_seed(self.config.seed, "place", song.name, number) % (song.frames - samples + 1)
            else:
                place = int(random.integers(ends[-1]))
                number = int(np.searchsorted(ends, place, "right"))
                song = songs[number]
                start = place - (int(ends[number - 1]) if number else 0)
            if song.level(start, samples) >= 10 ** (self.config.least_level_db / 10):
                break
        return self._cut(song, start)

    def sound(self, name: str) -> np.ndarray:
        """Return a whole song as clips are cut from it, float32 (channels, stored samples)."""
        song = self.songs[name]
        wave: np.ndarray = self._codes[song.start : song.start + song.stored].T.astype(np.float32)
        return wave * np.float32(song.gain)

    def _cut(self, song: StoredSong, start: int) -> np.ndarray:
        wave = np.zeros((self.config.channels, self.config.samples), np.float32)
        stop = min(start + self.config.samples, song.stored)
        if start < stop:
            part = self._codes[song.start + start : song.start + stop]
            wave[:, : len(part)] = part.T
            wave *= np.float32(song.gain)
        return wave


def _own_name(name: str, path: Path, taken: Container[str]) -> str:
    """Return a name that no other song has: with the file's ending, or its folder too, where that is needed."""
    for candidate in (name, f"{name}{path.suffix}", f"{path.parent.name}/{name}{path.suffix}"):
        if candidate not in taken:
            return candidate
    return str(path)


def _shaped_blocks(reader: AudioReader, channels: int) -> Iterator[np.ndarray]:
    """Yield a file's blocks (n, channels): its mean, doubled where stereo is asked for, or its first two channels."""
    for block in reader.blocks():
        mono = to_mono(block)
        reader.polarity.push(block, mono)
        if channels == 1 or block.shape[1] == 1:
            yield np.repeat(mono[:, None], channels, axis=1)
        else:
            yield block[:, :2]


def read_song(name: str, path: Path, place: int, config: ClipOptions) -> tuple[np.ndarray, StoredSong, Fingerprint]:
    """Return the 16-bit codes (frames, channels) of a file, its entry and its fingerprint.

    `place` is where it will lie.

    Raises
    ------
    InputError
        The file cannot be read, or is silent.
    """
    with AudioReader(path) as reader:
        shaped = _shaped_blocks(reader, config.channels)
        wave = np.concatenate(list(resample_blocks(shaped, reader.rate_hz, config.sample_rate_hz, config.channels)))
    peak = float(np.abs(wave).max(initial=0.0))
    if peak < 10 ** (config.least_level_db / 20):
        cancelled = config.channels == 1 and reader.polarity.cancels
        raise InputError(f"{CANCELS}; flip one" if cancelled else "is silent", path)
    # Decoders of MP3 go beyond full scale: the codes are scaled to hold it, and `gain` brings it back.
    step = max(peak, 1.0) / _INT16
    gain = {"none": 1.0, "peak": 1.0 / peak, "rms": 0.0}[config.normalise]
    if not gain:
        gain = 10 ** (_RMS_DB / 20) / float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))
        gain = min(gain, 1.0 / peak)  # a generator cannot exceed full scale
    frames = max(len(wave), config.samples)
    # Blocks without sound count with 0, also those behind the end of a song that is shorter than a clip.
    power = np.zeros(-(-frames // _BLOCK) * _BLOCK)
    power[: len(wave)] = np.square(wave * np.float32(gain)).mean(axis=1)
    energy = np.concatenate([[0.0], np.cumsum(power.reshape(-1, _BLOCK).sum(axis=1))])
    codes = np.round(wave / np.float32(step)).astype(np.int16)
    song = StoredSong(name, place, len(wave), frames, step * gain, energy)
    return np.ascontiguousarray(codes), song, fingerprint(wave.T, config.sample_rate_hz, codes)
