"""A trained Musika as a maker of endless music."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.io import load_mono
from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import ConfigError, ModelError
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.systems.musika.carried import open_carried
from gantools.systems.musika.conditions import MEASURED, RATE_HZ, Curves, measure, read_conditions
from gantools.systems.musika.config import CONDITIONS, MusikaConfig
from gantools.systems.musika.generate_config import MusikaGenerateConfig
from gantools.systems.musika.meter import BEATS_PER_BAR
from gantools.systems.musika.networks import build_generator
from gantools.systems.musika.scaling import LatentScale
from gantools.systems.musika.stream import LatentMaker, Piece, SoundMaker
from gantools.systems.musika.wishes import RANDOM, Wishes


class MusicMaker(LoadedModel):
    """Makes pieces of any length with the generator of a model folder, which carries its codec.

    Parameters
    ----------
    folder : Path
    config : MusikaGenerateConfig
    device : str

    Raises
    ------
    ModelError
        No model folder of Musika, or weights that are missing or do not fit.
    ConfigError
        A loop in bars of a model without one tempo.
    """

    def __init__(self, folder: Path, config: MusikaGenerateConfig, device: str) -> None:
        model = read_model(folder, "musika")
        self.model = trained_with(MusikaConfig, model, folder)
        codec = open_carried(folder, model, device)
        try:
            self.conditions = read_conditions(model["data"]["conditions"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"its config.json does not tell of its conditions ({error}); train it again", folder
            ) from error
        channels = self.model.channels * codec.channels
        generator = open_network(
            folder,
            "G",
            lambda: build_generator(self.model, codec.channels, self.conditions.channels),
            raw=not config.ema,
        )
        scale = open_network(folder, "scale", lambda: LatentScale(channels, self.model.scaling))
        maker = LatentMaker(generator.to(device), scale.to(device), self.model)
        self.config, self.sound = config, SoundMaker(maker, codec)
        self.description, self.extension = model, config.format
        self.files = model_files(folder, model)
        self._asked: dict[str, str | float | Path] = {}
        self._guide: Curves | None = None
        self._read_wishes()

    def _read_wishes(self) -> None:
        """Read what the options ask of the music, and the recording that it follows."""
        c = self.config
        for name in CONDITIONS:
            if getattr(c, name):
                value = c.label if name == "label" else parsed(c, name)
                # Numbers were read; what is left are words and names of files.
                curve = isinstance(value, str) and name != "label" and value != RANDOM
                self._asked[name] = Path(value) if curve else value
        files = [value for value in self._asked.values() if isinstance(value, Path)]
        if c.guide:
            if not (set(self.conditions.names) & set(MEASURED) or self.conditions.tempi):
                raise ConfigError("guide: the model can be told nothing; train it with --conditions density,loudness")
            files.append(Path(c.guide))
            samples = load_mono(Path(c.guide), RATE_HZ)
            seconds = self._seconds_per_latent
            self._guide = measure(samples, seconds, max(1, round(len(samples) / RATE_HZ / seconds)))
        self.files = [*self.files, *files]
        self._wishes(0)  # asks for nothing that the model does not know
        self._loop_of(0)

    def _wishes(self, seed: int, loop: tuple[int, int] | None = None) -> Wishes | None:
        if not self.conditions.channels and not self._asked:
            return None
        return Wishes(self.conditions, self._asked, seed, self._seconds_per_latent, self._guide, loop)

    @property
    def rate_hz(self) -> int:
        """Rate of the sound."""
        return self.sound.rate_hz

    def seeds(self, first: int) -> list[int]:
        """Return the seeds of the pieces that the options ask for; `first` is that from which ``count`` counts."""
        if self.config.seeds and self.config.count is not None:
            raise ConfigError("--seeds and --count each say which pieces to make; give one of them")
        if self.config.seeds:
            return list(parsed(self.config, "seeds"))
        return list(range(first, first + (self.config.count or 1)))

    @property
    def _seconds_per_latent(self) -> float:
        return self.sound.codec.samples_per_latent / self.rate_hz

    def _loop_of(self, seed: int) -> tuple[int, int, int]:
        """Return the length of the loop of a seed in samples, latents and beats, or zeros where there shall be none."""
        if not self.config.loop:
            return 0, 0, 0
        wishes, (kind, length) = self._wishes(seed), parsed(self.config, "loop")
        bpm = wishes.bpm if wishes is not None else 0.0
        if kind == "bars":
            if not bpm:
                raise ConfigError("loop: the model has no clock, so it knows no bars; write a length such as 20s")
            beats = round(length) * BEATS_PER_BAR
            length = beats * 60 / bpm
        else:
            beats = BEATS_PER_BAR * max(1, round(length * bpm / 60 / BEATS_PER_BAR))
        samples = round(length * self.rate_hz)
        latents = round(samples / self.sound.codec.samples_per_latent)
        least = self.model.patch_latents // 2
        if latents < least:
            raise ConfigError(f"loop: {length:.1f} s are too short; at least {least * self._seconds_per_latent:.1f} s")
        return samples, latents, beats

    def piece(self, seed: int) -> Piece:
        """Return what the piece of a seed is made of."""
        c, (samples, latents, beats) = self.config, self._loop_of(seed)
        return Piece(
            seed,
            walk_to=c.walk_to,
            walk_latents=max(1, round(c.seconds / self._seconds_per_latent)),
            loop_latents=latents,
            loop_samples=samples,
            style_bound=c.style_bound,
            anchor_bound=c.anchor_bound,
            wishes=self._wishes(seed, (latents, beats) if latents else None),
        )

    def frames(self, seed: int) -> int:
        """Return the length of a piece in samples; 0 where it has no end."""
        return self._loop_of(seed)[0] or round(self.config.seconds * self.rate_hz)

    def blocks(self, seed: int, *, endless: bool = False) -> Iterator[np.ndarray]:
        """Yield the sound of a piece as the options ask for it, float32 (n, channels)."""
        c, piece = self.config, self.piece(seed)
        if piece.loop_latents:
            yield self.sound.loop(piece)
            return
        start = round(parsed(c, "place") * self.rate_hz) if c.place else 0
        samples = None if endless else round(c.seconds * self.rate_hz)
        yield from self.sound.blocks(piece, start, samples)

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write one piece."""
        config, model = self.config, self.model
        total = self.frames(seed)
        outputs[0].parent.mkdir(parents=True, exist_ok=True)
        # Nothing is above full scale, so the samples go straight into the file: memory does not grow with the length.
        with AudioWriter(outputs[0], self.rate_hz, model.channels, config.bits, gain=1.0, frames=total) as writer:
            for block in self.blocks(seed):
                writer.append(block)
                tick(writer.frames / total)
        fields: dict[str, Any] = {"rate_hz": self.rate_hz, "audio_seconds": total / self.rate_hz, "seed": seed}
        wishes = self._wishes(seed)
        return fields | ({"bpm": wishes.bpm} if wishes is not None and wishes.bpm else {})


def load(folder: Path, config: MusikaGenerateConfig, device: str) -> MusicMaker:
    """Open a model folder for generating; see `MusicMaker`."""
    torch.set_flush_denormal(True)
    return MusicMaker(folder, config, device)
