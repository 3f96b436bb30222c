"""Training clips from songs, or from clips made by ``gantools chunk``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gantools.chunks.shards import ChunkSet
from gantools.chunks.splits import SPLITS
from gantools.errors import ConfigError
from gantools.runtime.seeds import item_seed
from gantools.systems.wavegan.beginnings import Places, find_beginnings
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.training.remarks import on_held_out
from gantools.training.songs import SongClips as SongClips

_AUGMENT_DB = 3.0
_FADE_SAMPLES = 200


class ChunkClips:
    """Clips of a folder from ``gantools chunk`` (audio); they stay on disk, as its shards are mapped.

    Parameters
    ----------
    folder : Path
    config : WaveGANConfig

    Raises
    ------
    ConfigError
        The clips are mels, too short, of another rate, or none is for training.
    """

    def __init__(self, folder: Path, config: WaveGANConfig) -> None:
        self.config, chunks = config, ChunkSet(folder)
        if chunks.kind != "audio":
            raise ConfigError("holds mels; WaveGAN takes audio: gantools chunk SONGS on audio files", folder)
        made = chunks.description["config"]
        if made["sample_rate_hz"] != config.sample_rate_hz or made["samples"] < config.samples or config.channels != 1:
            has = f"{made['samples']} samples at {made['sample_rate_hz']} Hz, mono"
            raise ConfigError(f"holds clips of {has}; use --sample-rate and --samples to match, or the songs", folder)
        self._chunks = chunks
        self._rows = {side: chunks.select(split=side) for side in SPLITS}
        if not self._rows["train"]:
            raise ConfigError("holds no clips for training; chunk it with another --split", folder)
        self._rows["val"] = self._rows["val"] or self._rows["train"]
        self.padded, self.left_out = list[str](), [f"{why}; left out" for why in chunks.left_out.values()]
        self.split = {side: sorted({row["song"] for row in rows}) for side, rows in self._rows.items()}
        self.notes = on_held_out(self.split["train"], self.split["val"])

    @property
    def seconds(self) -> dict[str, float]:
        """Audio in each split."""
        return {side: sum(r["samples"] for r in rows) / self.config.sample_rate_hz for side, rows in self._rows.items()}

    def windows(self) -> dict[str, int]:
        """Return how many clips each split holds."""
        return {side: len(rows) for side, rows in self._rows.items()}

    def describe(self) -> dict[str, object]:
        """Return what a resumed run must find again."""
        return {"songs": self.split, "sounds": self._chunks.sounds()}

    def draw(self, random: np.random.Generator, side: str = "train") -> np.ndarray:
        """Return one clip, float32 (1, samples)."""
        rows = self._rows[side]
        clip = self._chunks.clip(rows[random.integers(len(rows))])
        start = int(random.integers(len(clip) - self.config.samples + 1))
        return clip[None, start : start + self.config.samples]


class PlacedClips(SongClips):
    """Clips of songs that begin where `WaveGANConfig.begin` says."""

    config: WaveGANConfig

    def __init__(
        self, files: Sequence[tuple[str, Path]], config: WaveGANConfig, tick: Callable[[], None] | None = None
    ) -> None:
        hits = config.normalise == "hit"
        super().__init__(files, dataclasses.replace(config, normalise="peak", begin="any") if hits else config, tick)
        self.config, self._hits = config, hits
        self._places: dict[str, Places] = {}

    def draw(self, random: np.random.Generator, side: str = "train") -> np.ndarray:
        """Return one clip, float32 (channels, samples): its places at random, none silent."""
        if self.config.begin == "any":
            return super().draw(random, side)
        if side not in self._places:
            songs = [(self.songs[name], self._beginnings(name)) for name in self.split[side]]
            self._places[side] = Places(songs, self.config.samples, self.config.least_level_db)
        song, start = self._places[side].draw(random)
        wave = self._cut(song, start)
        return single_hit(wave, self._places[side].next(song, start) - start) if self._hits else wave

    def _beginnings(self, name: str) -> np.ndarray:
        found = find_beginnings(self.sound(name), self.config.sample_rate_hz, self.config.begin or "any")
        found = found[found <= self.songs[name].frames - self.config.samples]
        return found if len(found) else np.zeros(1, np.int64)


Clips = SongClips | ChunkClips


def single_hit(wave: np.ndarray, samples: int) -> np.ndarray:
    """Return a clip (channels, time) with silence from so many samples on, faded, and a peak of 1."""
    wave = wave.copy()
    if samples < wave.shape[1]:
        fade = min(samples, _FADE_SAMPLES)
        wave[:, samples - fade : samples] *= np.linspace(1, 0, fade, dtype=np.float32)
        wave[:, samples:] = 0
    peak = np.float32(np.abs(wave).max(initial=0.0))
    return wave / peak if peak else wave


def training_clip(clips: Clips, seed: int, augment: bool) -> np.ndarray:
    """Return the training clip of an item's seed, (channels, samples): up to 3 dB louder or softer, either polarity.

    A clip that would exceed full scale is made only as loud as fits, because the generator's tanh ends there.
    """
    random = np.random.default_rng(seed)
    wave = clips.draw(random)
    if augment:
        gain = 10 ** (random.uniform(-_AUGMENT_DB, _AUGMENT_DB) / 20)
        gain = min(gain, 1.0 / max(float(np.abs(wave).max()), 1e-9))
        wave = wave * np.float32(gain if random.random() < 0.5 else -gain)
    return wave


def clips_of_epoch(clips: Clips) -> int:
    """Return how many training clips there are: the fixed places of the songs, or clips side by side."""
    if isinstance(clips, SongClips) and clips.config.clips_per_song:
        return clips.config.clips_per_song * len(clips.split["train"])
    return clips.windows()["train"]


def fixed_clips(clips: Clips, side: str, count: int) -> np.ndarray:
    """Return the same clips of a split whenever asked, float32 (count, channels, samples)."""
    seed = clips.config.seed
    drawn = [clips.draw(np.random.default_rng(item_seed(seed, "fixed", side, n)), side) for n in range(count)]
    return np.stack(drawn)
