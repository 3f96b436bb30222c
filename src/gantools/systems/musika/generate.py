"""A trained Musika as a maker of endless music."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.infrasound import HighPass
from gantools.audio.io import load_mono, read_audio
from gantools.audio.midside import to_mid_side
from gantools.audio.resample import resample
from gantools.audio.writing import AudioWriter, write_audio
from gantools.chunks.item import Item
from gantools.errors import ConfigError, InputError, ModelError
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.runtime.allocation import give_back_large_blocks
from gantools.structure.curves import MEASURED, RATE_HZ, Curves, measure
from gantools.systems.latents.carried import carried_files, open_carried
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.musika.asked import asked_points
from gantools.systems.musika.conditions import read_conditions
from gantools.systems.musika.config import CONDITIONS, MusikaConfig
from gantools.systems.musika.continuation import PATCHES, find_piece
from gantools.systems.musika.generate_config import MusikaGenerateConfig
from gantools.systems.musika.meter import BEATS_PER_BAR, find_meter
from gantools.systems.musika.networks import build_generator, build_networks
from gantools.systems.musika.stream import LatentMaker, Piece, SoundMaker, first_seconds
from gantools.systems.musika.wishes import RANDOM, Wishes

#: What the end of a recording is faded into.
_JOIN_SECONDS = 0.05


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

    remedy = "train longer; gantools generate patches makes pieces of a song without training"

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
        # A model that ships may have one; training levels nothing.
        self.config, self.sound = config, SoundMaker(maker, codec, float(model["data"].get("gain_db", 0.0)))
        self.description, self.extension = model, config.format
        self.files = [*model_files(folder, model), *carried_files(folder, model)]
        self._asked: dict[str, str | float | Path] = {}
        self._guide: Curves | None = None
        self._read_wishes()
        self._intro = self._read_intro()
        #: How unlike what the generator makes is to the recording that it goes on from, 0 being the same; and what the
        #: music behind it was asked to be.
        self.unlike = 0.0
        self._after: Wishes | None = None

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
        before = 0 if self._intro is None else len(self._intro)
        return self._loop_of(seed)[0] or before + round(self.config.seconds * self.rate_hz)

    def _read_intro(self) -> np.ndarray | None:
        """Return the recording to go on from, float32 (n, channels), at the rate of the model.

        Raises
        ------
        InputError
            It cannot be read, or is shorter than two patches.
        """
        if not self.config.after:
            return None
        path, channels = Path(self.config.after), self.model.channels
        wave, rate = read_audio(path)
        wave = wave.mean(0, keepdims=True) if channels == 1 else wave[[0, min(1, len(wave) - 1)]]
        wave = np.ascontiguousarray(resample(np.ascontiguousarray(wave), rate, self.rate_hz).T)
        least = PATCHES * self.sound.patch_samples
        if len(wave) < least:
            raise InputError(
                f"{len(wave) / self.rate_hz:.1f} s are too short to go on from; at least {least / self.rate_hz:.1f} s",
                path,
            )
        self.files = [*self.files, path]
        return wave

    def _continued(self, piece: Piece, samples: int | None) -> Iterator[np.ndarray]:
        """Yield the recording, and so many samples of music that goes on from its last two patches."""
        intro = self._intro
        assert intro is not None
        spl, length = self.sound.codec.samples_per_latent, PATCHES * self.sound.patch_samples
        end = HighPass(self.rate_hz).push(intro)[len(intro) - length :]
        coded = to_mid_side(end.T) if self.model.stereo == "midside" and self.model.channels == 2 else end.T
        known = self.sound.codec.encode(torch.from_numpy(np.ascontiguousarray(coded)))[..., : length // spl]
        if self.conditions.channels:
            mono = resample(np.ascontiguousarray(end.mean(1)), self.rate_hz, RATE_HZ)
            meter = find_meter(mono, RATE_HZ) if self.conditions.tempi else None
            own = measure(mono, self._seconds_per_latent, known.shape[2])
            # A recording's last moment, a pause or a last hit, is not how it shall go on for ever.
            guide = own.then(self._guide or own.settling(self.model.patch_latents))
            beat, bpm = (float(meter.beats(np.zeros(1))[0]), meter.bpm) if meter else (0.0, 0.0)
            tempo = {} if meter is None or "tempo" in self._asked else {"tempo": bpm}
            wishes = Wishes(
                self.conditions, {**tempo, **self._asked}, piece.seed, self._seconds_per_latent, guide, None, beat
            )
            piece, self._after = dataclasses.replace(piece, wishes=wishes), wishes
        found, self.unlike = find_piece(self.sound.maker, piece, known)
        # The end of the recording is made anew too, to be faded into: its last latents lead the decoder on.
        join = round(_JOIN_SECONDS * self.rate_hz)
        yield intro[:-join]
        last = intro[-join:]
        for block in self.sound.blocks(found, length - join, samples and join + samples, known):
            if len(last):
                count = min(len(last), len(block))
                fade = ((join - len(last) + np.arange(count)) / join)[:, None].astype(np.float32)
                block[:count] += (1 - fade) * (last[:count] - block[:count])
                last = last[count:]
            yield block

    def blocks(self, seed: int, *, endless: bool = False) -> Iterator[np.ndarray]:
        """Yield the sound of a piece as the options ask for it, float32 (n, channels)."""
        c, piece = self.config, self.piece(seed)
        if piece.loop_latents:
            yield self.sound.loop(piece)
            return
        samples = None if endless else round(c.seconds * self.rate_hz)
        if c.after:
            yield from self._continued(piece, samples)
            return
        start = round(parsed(c, "place") * self.rate_hz) if c.place else 0
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
        patch_s = self.sound.patch_samples / self.rate_hz
        fields: dict[str, Any] = {"rate_hz": self.rate_hz, "audio_seconds": total / self.rate_hz, "seed": seed}
        fields["patch_seconds"] = round(patch_s, 6)  # as evaluate seams reads it
        if config.after:
            fields["unlike"] = round(self.unlike, 3)
        wishes = self._after or self.piece(seed).wishes
        if wishes is None:
            return fields
        # As evaluate conditions reads it. A recording that comes first was asked for nothing.
        lead = (total / self.rate_hz - config.seconds) if config.after else 0.0
        place = PATCHES * patch_s if config.after else parsed(config, "place") if config.place else 0.0
        asked = asked_points(wishes, total / self.rate_hz - lead, place, lead)
        return fields | ({"bpm": wishes.bpm} if wishes.bpm else {}) | ({"asked": asked} if asked else {})

    def untrained_sample(self, path: Path) -> None:
        """Write the beginning of the piece that training shows, of a generator with its initial weights."""
        if not self.model.sample_seconds:
            raise InputError("its training wrote no samples (--sample-seconds 0)")
        maker, codec = self.sound.maker, self.sound.codec
        fresh = build_networks(self.model, codec.channels, self.conditions.channels)["G"]
        device = next(maker.generator.parameters()).device
        sound = SoundMaker(LatentMaker(fresh.to(device), maker.scale, self.model), codec)
        write_audio(path, first_seconds(sound, self.conditions), self.rate_hz)


def load(folder: Path, config: MusikaGenerateConfig, device: str) -> MusicMaker:
    """Open a model folder for generating; see `MusicMaker`."""
    torch.set_flush_denormal(True)
    if device == "cpu":
        give_back_large_blocks()
    return MusicMaker(folder, config, device)
