"""Training clips as latents of a codec: songs encoded once, cut where clips may begin."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from gantools.audio.infrasound import without_infrasound
from gantools.audio.midside import to_mid_side
from gantools.runtime.seeds import item_seed
from gantools.systems.latents.encoding import LatentCodec, SongEncoder
from gantools.systems.wavegan.beginnings import Places, find_beginnings
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.training.songs import SongClips

_BLOCK_SECONDS = 10


class LatentClips:
    """Clips of songs as latents.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name of each song and its file.
    config : WaveGANConfig
        Resolved.
    codec : LatentCodec
    device : torch.device
        Where it is encoded.
    tick : callable, optional
        Callback, called after each file that was read and after each that was encoded.

    Attributes
    ----------
    config : WaveGANConfig
        With the rate of the codec, and the samples of a clip.
    split, notes, left_out, padded
        See `gantools.training.songs.SongClips`. Songs for testing are not encoded.

    Raises
    ------
    ConfigError
        No file can be used.
    """

    def __init__(
        self,
        files: Sequence[tuple[str, Path]],
        config: WaveGANConfig,
        codec: LatentCodec,
        device: torch.device | str = "cpu",
        tick: Callable[[], None] | None = None,
    ) -> None:
        samples = config.clip_latents * codec.samples_per_latent
        self.config = dataclasses.replace(config, sample_rate_hz=codec.rate_hz, samples=samples)
        self.codec, self._songs = codec, SongClips(files, self.config, tick)
        self.split, self.notes = self._songs.split, self._songs.notes
        self.left_out, self.padded = self._songs.left_out, self._songs.padded
        self._takes: dict[str, list[torch.Tensor]] = {}
        self._power = np.zeros(config.channels)
        self._places: dict[str, Places] = {}
        for side in ("train", "val"):
            songs = []
            for name in self.split[side]:
                if name not in self._takes:
                    self._encode(name, device, side == "train")
                    if tick:
                        tick()
                songs.append((self._songs.songs[name], self._beginnings(name)))
            self._places[side] = Places(songs, samples, config.least_level_db)

    def _encode(self, name: str, device: torch.device | str, training: bool) -> None:
        """Encode a song: for training from several offsets on, and its power counts."""
        wave, spl = to_mid_side(self._songs.sound(name)), self.codec.samples_per_latent
        encoder = SongEncoder(self.codec, self.config.offsets if training else 1, len(wave), torch.device(device))
        # Silence follows a song that is shorter than a clip; and each take lacks its last latent.
        missing = self._songs.songs[name].frames + 2 * spl - wave.shape[1]
        wave = np.pad(wave, ((0, 0), (0, missing)))
        size = _BLOCK_SECONDS * self.codec.rate_hz
        blocks = (wave[:, start : start + size].T for start in range(0, wave.shape[1], size))
        for block in without_infrasound(blocks, self.codec.rate_hz):
            encoder.push(block)
        self._takes[name], levels = encoder.finish()
        if training:
            self._power += levels[:, -1]

    def _beginnings(self, name: str) -> np.ndarray:
        """Return the samples at which clips of a song may begin; every latent of a take where they may anywhere."""
        song, spl = self._songs.songs[name], self.codec.samples_per_latent
        last = song.frames - self.config.samples
        if self.config.begin == "any":
            return np.arange(0, last + 1, max(1, spl // len(self._takes[name])))
        found = find_beginnings(self._songs.sound(name), self.codec.rate_hz, self.config.begin or "any")
        found = found[found <= last]
        return found if len(found) else np.zeros(1, np.int64)

    @property
    def seconds(self) -> dict[str, float]:
        """Audio in each split."""
        return self._songs.seconds

    def windows(self) -> dict[str, int]:
        """Return how many places there are at which clips begin."""
        return {side: len(places) for side, places in self._places.items()}

    def describe(self) -> dict[str, object]:
        """Return what a resumed run must find again."""
        return self._songs.describe()

    def loudness(self) -> list[float]:
        """Return the root mean square of each channel of the training's sound over that of the loudest."""
        found: list[float] = np.sqrt(self._power / max(self._power.max(), 1e-12)).tolist()
        return found

    def training_latents(self) -> list[torch.Tensor]:
        """Return the latents (channels C, T) of the songs for training, of the first take."""
        return [self._takes[name][0].float() for name in self.split["train"]]

    def draw(self, random: np.random.Generator, side: str = "train") -> torch.Tensor:
        """Return one clip, float32 (channels C, clip_latents): its places at random, none silent."""
        song, start = self._places[side].draw(random)
        return self._cut(self._takes[song.name], start)

    def _cut(self, takes: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        """Return the clip of the take that has a latent which begins at a sample, or the least before it."""
        spl = self.codec.samples_per_latent
        step = start * len(takes) // spl  # the takes' latents, in the order of time
        first, number = divmod(step, len(takes))
        return takes[number][:, first : first + self.config.clip_latents].float()


def fixed_latents(clips: LatentClips, side: str, count: int) -> torch.Tensor:
    """Return the same clips of a split whenever asked, float32 (count, channels C, clip_latents)."""
    seed = clips.config.seed
    return torch.stack(
        [clips.draw(np.random.default_rng(item_seed(seed, "fixed", side, n)), side) for n in range(count)]
    )
