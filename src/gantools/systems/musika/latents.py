"""Songs as latents of a codec, for the GAN: encoded once, of known level, cut at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from gantools.audio.infrasound import without_infrasound
from gantools.audio.io import AudioReader, load_mono, to_mono
from gantools.audio.midside import to_mid_side
from gantools.audio.polarity import CANCELS
from gantools.audio.resample import resample_blocks
from gantools.errors import ConfigError, InputError
from gantools.runtime.seeds import item_seed
from gantools.structure.curves import RATE_HZ, Curves, measure
from gantools.systems.latents.encoding import LatentCodec, SongEncoder
from gantools.systems.musika.conditions import Conditions, learn_conditions
from gantools.systems.musika.config import MusikaConfig
from gantools.systems.musika.meter import CHANNELS, Meter, clock, find_meter, is_played_to_a_clock
from gantools.training.remarks import LeftOut, listed

_TRIES = 30
#: Songs shorter than this share of two patches are left out; others are repeated to that length.
_LEAST_SHARE = 0.25


@dataclass
class LatentSong:
    """The latents of one song.

    Attributes
    ----------
    name : str
    digest : str
        Hash of the decoded sound.
    takes : list of float16 tensor (channels C, T)
        The song encoded from several offsets on.
    levels : float64 array (channels, T + 1)
        Running sums of the mean square of the samples of each latent of the first take.
    repeated : bool
        The file is shorter than two patches and was repeated.
    label : str
        The folder that it lies in.
    conditions : float32 array (channels, T)
        What it is like at each latent, where that is learnt.
    meter : Meter, optional
        Its beats, where there is a clear pulse.
    """

    name: str
    digest: str
    takes: list[torch.Tensor] = field(default_factory=list)
    levels: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))
    repeated: bool = False
    label: str = ""
    conditions: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    meter: Meter | None = None

    @property
    def length(self) -> int:
        """Latents of the shortest take."""
        return min(take.shape[1] for take in self.takes)

    def level(self, start: int, count: int) -> float:
        """Return the mean square of a stretch of latents over all channels."""
        last = min(start + count, self.levels.shape[1] - 1)
        return float((self.levels[:, last] - self.levels[:, start]).mean()) / max(1, last - start)


@dataclass(frozen=True)
class Crop:
    """A stretch of a song.

    Attributes
    ----------
    song : LatentSong
    start : int
        Its first latent.
    latents : float32 tensor (channels C, 2 L)
    conditions : float32 tensor (conditions, before + 2 L + after)
        Those of the crop, and of what lies beside it.
    """

    song: LatentSong
    start: int
    latents: torch.Tensor
    conditions: torch.Tensor


class LatentSongs:
    """A folder of songs as latents.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name of each song and its file.
    config : MusikaConfig
    codec : LatentCodec
    device : torch.device
        Where it is encoded.
    tick : callable, optional
        Callback, called after each file.

    Attributes
    ----------
    songs : list of LatentSong
    conditions : Conditions
    repeated, left_out : list of str
        Songs that were repeated to the length of two patches; a line for each file that cannot be used, with the
        reason.

    Raises
    ------
    ConfigError
        No file can be used.
    """

    def __init__(
        self,
        files: Sequence[tuple[str, Path]],
        config: MusikaConfig,
        codec: LatentCodec,
        device: torch.device | str = "cpu",
        tick: Callable[[], None] | None = None,
    ) -> None:
        self.config, self.codec, self._device = config, codec, torch.device(device)
        self.crop = 2 * config.patch_latents
        left_out, self.songs = LeftOut(), list[LatentSong]()
        curves: list[Curves] = []
        for name, path in files:
            try:
                song = self._read(name, path)
                if config.conditions or config.clock != "off":
                    wave = load_mono(path, RATE_HZ)
                    curves.append(measure(wave, self.seconds_per_latent, song.length))
                    song.meter = find_meter(wave, RATE_HZ)
                self.songs.append(song)
            except InputError as error:
                left_out.note(error, path)
            if tick:
                tick()
        self.left_out = left_out.lines
        if not self.songs:
            raise ConfigError(f"none of these files can be used{left_out.first()}")
        self.conditions = self._learn(curves)
        self.repeated = [song.name for song in self.songs if song.repeated]
        # A validation needs whole crops; where no song spares one, it hears the training.
        self._spans: dict[str, list[tuple[LatentSong, int, int]]] = {"train": [], "val": []}
        for song in self.songs:
            held = self._held_out(song)
            for side, start, stop in (("train", 0, held[0]), ("val", *held), ("train", held[1], song.length)):
                if stop - start >= self.crop:
                    self._spans[side].append((song, start, stop))
        self.holds_out = bool(self._spans["val"])
        if not self.holds_out:
            self._spans["val"] = self._spans["train"]
        self._ends = {
            side: np.cumsum([stop - start - self.crop + 1 for _, start, stop in spans])
            for side, spans in self._spans.items()
        }

    def _learn(self, curves: Sequence[Curves]) -> Conditions:
        """Return the conditions of the songs, and give each its own."""
        if not curves:
            return Conditions()
        config, meters = self.config, [song.meter for song in self.songs]
        clocked = config.clock == "on" or (config.clock == "auto" and is_played_to_a_clock(meters))
        tempi = [meter.bpm for meter in meters if meter is not None] if clocked else []
        found = learn_conditions(config.condition_names, curves, [song.label for song in self.songs], tempi)
        for song, curve in zip(self.songs, curves, strict=True):
            song.conditions = found.stacked(curve, song.label)
        return found

    def _held_out(self, song: LatentSong) -> tuple[int, int]:
        """Return the stretch (first, end) of a song that is kept for validation; an empty one at its end if none is.

        It lies at random within the song: endings are unlike all other music.
        """
        count = max(self.crop, round(self.config.held_out_share * song.length))
        room = song.length - count
        # What is left must hold two crops, or too little would be heard in training.
        if not self.config.held_out_share or room < 2 * self.crop or count > song.length // 2:
            return song.length, song.length
        start = round(
            room * np.random.default_rng(item_seed(self.config.seed, "held out", song.name)).uniform(0.15, 0.85)
        )
        return start, start + count

    @property
    def seconds_per_latent(self) -> float:
        """Length of a latent."""
        return self.codec.samples_per_latent / self.codec.rate_hz

    def _read(self, name: str, path: Path) -> LatentSong:
        """Encode one file.

        Raises
        ------
        InputError
            It cannot be read, is silent, or too short.
        """
        spl, rate = self.codec.samples_per_latent, self.codec.rate_hz
        with AudioReader(path) as reader:
            blocks = resample_blocks(self._shaped(reader), reader.rate_hz, rate, self.config.channels)
            encoder = SongEncoder(self.codec, self.config.offsets, self.config.channels, self._device)
            for block in without_infrasound(blocks, rate):
                encoder.push(block)
        least = _LEAST_SHARE * self.crop * spl
        if encoder.samples < least:
            raise InputError(f"{encoder.samples / rate:.1f} s are too short; give at least {least / rate:.1f} s", path)
        if encoder.peak < 10 ** (self.config.least_level_db / 20):
            cancelled = self.config.channels == 1 and reader.polarity.cancels
            raise InputError(f"{CANCELS}; flip one" if cancelled else "is silent", path)
        song = LatentSong(
            name, encoder.digest, repeated=encoder.samples < (self.crop + 1) * spl, label=path.absolute().parent.name
        )
        if song.repeated:
            # The last latent of every take must lie within the sound, so one latent more than two patches.
            encoder.repeat_to((self.crop + 1) * spl)
        song.takes, song.levels = encoder.finish()
        return song

    def _shaped(self, reader: AudioReader) -> Iterator[np.ndarray]:
        """Yield the blocks (n, channels) of a file as the GAN hears them: its mean, its sides, or its mid and side."""
        for block in reader.blocks():
            mono = to_mono(block)
            reader.polarity.push(block, mono)
            if self.config.channels == 1:
                yield mono[:, None]
            else:
                sides = block[:, :2] if block.shape[1] > 1 else np.repeat(mono[:, None], 2, axis=1)
                yield to_mid_side(sides.T).T if self.config.stereo == "midside" else sides

    @property
    def notes(self) -> list[str]:
        """What a user has to know of the songs."""
        seconds = self.crop * self.seconds_per_latent
        found = []
        if self.repeated:
            count = f"{len(self.repeated)} of {len(self.songs)} songs are shorter than two patches"
            found.append(f"{count} ({seconds:.1f} s) and are repeated: {listed(self.repeated)}")
        if self.conditions.tempi:
            tempi = sorted({round(bpm) for bpm in self.conditions.tempi})
            found.append(f"a clock of {', '.join(map(str, tempi))} beats in a minute; --clock off learns without it")
        if not self.holds_out:
            found.append(f"no song is long enough to keep {seconds:.1f} s of it for validation: it hears the training")
        return found

    def describe(self) -> dict[str, object]:
        """Return what a resumed run must find again."""
        return {"sounds": {song.name: song.digest for song in self.songs}}

    @property
    def minutes(self) -> dict[str, float]:
        """Music for training and validation."""
        each = {side: sum(stop - start for _, start, stop in spans) for side, spans in self._spans.items()}
        return {side: round(count * self.seconds_per_latent / 60, 2) for side, count in each.items()}

    def loudness(self) -> np.ndarray:
        """Return the root mean square of each channel of the sound over that of the loudest, (channels,)."""
        power = np.sum([song.levels[:, -1] for song in self.songs], axis=0)
        return np.sqrt(power / max(power.max(), 1e-12))

    def training_latents(self) -> list[torch.Tensor]:
        """Return the latents (channels C, T) of the songs, less what is kept for validation, of the first take."""
        return [song.takes[0][:, start:stop].float() for song, start, stop in self._spans["train"]]

    def draw(self, random: np.random.Generator, side: str = "train", before: int = 0, after: int = 0) -> Crop:
        """Return a crop of a song, with the conditions of so many latents before and after it too.

        Songs are drawn by their length, places at random, none silent.
        """
        spans, ends = self._spans[side], self._ends[side]
        # Where music is nearly all silence, the last place that was tried is taken.
        for _ in range(_TRIES):
            place = int(random.integers(ends[-1]))
            number = int(np.searchsorted(ends, place, "right"))
            song, first, _ = spans[number]
            start = first + place - (int(ends[number - 1]) if number else 0)
            if song.level(start, self.crop) >= 10 ** (self.config.least_level_db / 10):
                break
        number = int(random.integers(len(song.takes)))
        latents = song.takes[number][:, start : start + self.crop].float()
        seen = np.arange(start - before, start + self.crop + after)
        rows = [song.conditions[:, np.clip(seen, 0, song.length - 1)]] if len(song.conditions) else []
        if self.conditions.tempi:
            rows.append(self._clock(song, seen + number / len(song.takes)))
        conditions = np.concatenate(rows) if rows else np.zeros((0, len(seen)), np.float32)
        return Crop(song, start, latents, torch.from_numpy(conditions))

    def _clock(self, song: LatentSong, places: np.ndarray) -> np.ndarray:
        """Return the clock (4, n) of some latents; silence, which is all zeros, where a song has no beats."""
        if song.meter is None:
            return np.zeros((CHANNELS, len(places)), np.float32)
        return clock(song.meter.beats((places + 0.5) * self.seconds_per_latent))
