"""Files from a trained model: every mode of `generate caw`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.formats import SourceFormat
from gantools.audio.io import AudioReader, decoded_frames, read_audio
from gantools.audio.midside import from_mid_side
from gantools.audio.tags import read_tags
from gantools.audio.writing import AudioWriter
from gantools.errors import ConfigError, InputError
from gantools.structure.arrangement import arrange, shuffle
from gantools.structure.beats import BeatGrid, find_beats
from gantools.systems.caw.applications.extension import compare, extend, plan_extension
from gantools.systems.caw.applications.inpainting import fill, insert, patches
from gantools.systems.caw.applications.reconstruction import closeness, improvement, reconstruct
from gantools.systems.caw.applications.source import Source, file_source, lasting, wave_source
from gantools.systems.caw.applications.variation import scale_at, vary
from gantools.systems.caw.config import DEFAULT_SECONDS, CawGenerateConfig
from gantools.systems.caw.model import CawModel, load_model
from gantools.systems.caw.rates import clip_length, resample_clip
from gantools.systems.caw.sampler import Sampler, fresh_noise

Tick = Callable[[float], None]
_FADE_S = 0.01
_WIDE = 48


@dataclass(frozen=True)
class Studio:
    """A model that is ready, and what all its results have in common.

    Parameters
    ----------
    model : CawModel
    config : CawGenerateConfig
    ahead : bool
        See `Sampler`.
    """

    model: CawModel
    config: CawGenerateConfig
    ahead: bool = False

    @cached_property
    def sampler(self) -> Sampler:
        """The sampler of the model."""
        return Sampler(self.model.stack, ahead=self.ahead)

    @cached_property
    def clip(self) -> np.ndarray:
        """The first training clip at the model's rate, float32 (channels, n), peak 1."""
        wave = self.model.clips()[0]
        return resample_clip(wave, self.model.data["rates_hz"][-1], self.model.rate_hz)

    @cached_property
    def source(self) -> Source:
        """The recording to begin with, cut to the wanted length where nothing re-orders it."""
        found = file_source(self.config.source) if self.config.source else wave_source(self.clip, self.model.rate_hz)
        return lasting(found, None if self.config.arrange or self.config.shuffle != "no" else self.config.seconds)

    @cached_property
    def grid(self) -> BeatGrid:
        """The beats of the source."""
        config = self.config
        return find_beats(self.material, self.source.rate_hz, config.bpm or None, config.beats_per_bar)

    @cached_property
    def material(self) -> np.ndarray:
        """The whole source, float32 (channels, n)."""
        return np.concatenate(list(self.source.blocks())).T

    @cached_property
    def format(self) -> SourceFormat | None:
        """The sample format of the recording to begin with, where there is one."""
        if not self.config.source:
            return None
        with AudioReader(self.config.source) as reader:
            return SourceFormat.of(reader).for_parts()

    @property
    def gain(self) -> float:
        """What the model's signals are multiplied with to be as loud as the clip."""
        return 1.0 if self.config.peak else float(np.mean(self.model.peaks))

    def loudness(self, source: Source) -> float:
        """Return the gain that makes a source as loud as the clip, peak 1."""
        return wave_source(self.clip, self.model.rate_hz).rms / source.rms


def open_studio(folder: str | Path, config: CawGenerateConfig, device: str = "cpu", jobs: int = 1) -> Studio:
    """Open a model folder for generating, and set the threads of this process.

    A second thread within an operation costs narrow networks more than it brings, and on a busy machine many times as
    much. Where only one job runs, their scales take two threads instead.

    Raises
    ------
    ModelError
        No model of Catch-A-Waveform, damaged, or without a finished scale.
    ConfigError
        A mode that the model was not trained for, or a scale that it does not have.
    """
    if device.startswith("cuda"):
        torch.backends.cudnn.allow_tf32 = False  # 1e-3 off, and then pieces would not equal the whole
    model = load_model(folder, device)
    task = model.config.task
    if config.mode in ("inpaint", "denoise") and task != config.mode:
        more = " --holes START-END" if config.mode == "inpaint" else ""
        raise ConfigError(f"was trained for {task}; train it with --task {config.mode}{more}", folder)
    if config.mode == "vary":
        scale_at(model.stack, config.at)
    if device != "cpu":
        return Studio(model, config)
    narrow = model.config.width < _WIDE
    if narrow or jobs != 1:
        torch.set_num_threads(1)
    return Studio(model, config, narrow and jobs == 1)


def generate_file(studio: Studio, path: Path, seed: int, tick: Tick = lambda share: None) -> dict[str, Any]:
    """Write one result and return the fields of its record.

    Parameters
    ----------
    studio : Studio
    path : Path
        Its ending chooses the format.
    seed : int
        Equal seeds give equal results.
    tick : callable
        Told the share that is done.

    Raises
    ------
    InputError
        The source or reference does not fit.
    """
    return {"mode": studio.config.mode, "seed": seed, **_MODES[studio.config.mode](studio, path, seed, tick)}


def _unconditional(studio: Studio, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    config, stack = studio.config, studio.model.stack
    rate_hz = stack.rates_hz[-1]
    seconds = config.seconds or DEFAULT_SECONDS
    trim = config.trim_seconds(stack.scales[0].generator.reach / stack.rates_hz[0])
    first, length = clip_length(trim, rate_hz), clip_length(seconds, rate_hz)
    lengths = stack.lengths(seconds + 2 * trim)

    def waves() -> Iterator[np.ndarray]:
        blocks = studio.sampler.stream(fresh_noise(stack, [seed]), lengths)
        # What is cut off leaves an edge that would click.
        return within((_wave(block) for block in blocks), first, length, round(_FADE_S * rate_hz) if first else 0)

    fields = render(path, rate_hz, stack.channels, config.bits, waves, length, studio.gain, tick)
    return {**fields, "edge_trim_s": round(trim, 3)}


def _vary(studio: Studio, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    config, stack = studio.config, studio.model.stack
    source, note = _arranged(studio, seed)
    at, gain = scale_at(stack, config.at), studio.loudness(studio.source)

    def waves() -> Iterator[np.ndarray]:
        made = vary(studio.sampler, source, seed, at=at, strength=config.strength, gain=gain)
        return (_wave(block) for block in made)

    rate_hz = stack.rates_hz[-1]
    length = clip_length(source.seconds, rate_hz)
    fields = render(path, rate_hz, stack.channels, config.bits, waves, length, studio.gain, tick, studio.format)
    fields |= {"at_hz": stack.rates_hz[at], "strength": config.strength, "from": config.source or "training clip"}
    return fields | ({"order": config.arrange or config.shuffle, "beats": note} if note else {})


def _arranged(studio: Studio, seed: int) -> tuple[Source, str]:
    """Return the source, its parts in another order where that is wanted, and a note on its beats."""
    config, source = studio.config, studio.source
    if not config.arrange and config.shuffle == "no":
        return source, ""
    material, rate_hz, seconds, grid = studio.material, source.rate_hz, config.seconds, studio.grid
    if config.arrange:
        wave = arrange(material, rate_hz, config.arrange, seconds, seed, grid=grid, beats_per_bar=config.beats_per_bar)
    else:
        wave = shuffle(material, rate_hz, config.shuffle, seed, seconds, grid=grid, beats_per_bar=config.beats_per_bar)
    return wave_source(wave, rate_hz), grid.note


def _extend(studio: Studio, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    config, stack, source = studio.config, studio.model.stack, studio.source
    try:
        plan = plan_extension(stack, source, config.at, studio.loudness(source))
    except InputError as error:
        raise InputError(error.message, config.source) from error
    rate_hz = stack.rates_hz[-1]
    length = clip_length(source.seconds, rate_hz)
    channels = source.channels if stack.channels == 1 else stack.channels
    waves = lambda: extend(studio.sampler, plan, seed)  # noqa: E731
    fields = render(path, rate_hz, channels, config.bits, waves, length, 1.0, tick, studio.format)
    fields |= {"from": config.source, "at_hz": plan.at_hz, "band_hz": plan.at_hz / 2}
    if config.reference:
        plain = np.concatenate(list(source.waves(rate_hz, length)), 1).mean(0)
        made = read_audio(path)[0][:, :length].mean(0) / np.float32(10 ** (fields["gain_db"] / 20))
        fields |= compare(made, plain, config.reference, rate_hz)
    return fields


def _inpaint(studio: Studio, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    config, model = studio.config, studio.model
    filled = fill(model, studio.sampler, seed)
    tick(0.7)
    holes = model.config.hole_seconds()
    fields: dict[str, Any] = {"holes": [list(hole) for hole in holes], "from": config.source or "training clip"}
    path.parent.mkdir(parents=True, exist_ok=True)
    if not config.source:
        clip = studio.clip * np.float32(model.peaks[0])
        gaps = patches(filled, model, model.rate_hz, *clip.shape)
        waves = lambda: insert([clip], gaps)  # noqa: E731
        bits = "32f" if config.bits == "source" else config.bits
        return fields | render(path, model.rate_hz, len(clip), bits, waves, clip.shape[1], 1.0, tick)
    frames = decoded_frames(config.source)
    with AudioReader(config.source) as reader:
        gaps = patches(filled, model, reader.rate_hz, reader.channels, frames, model.config.start_seconds)
        kept: dict[str, Any] = {"like": reader, "tags": read_tags(config.source)}
        with AudioWriter(path, reader.rate_hz, reader.channels, config.bits, **kept) as writer:
            for block in insert((block.T for block in reader.blocks()), gaps):
                writer.append(block.T)
    fields |= {"duration_s": round(writer.frames / writer.rate_hz, 3), "rate_hz": writer.rate_hz}
    return fields | ({"warning": writer.notice} if writer.notice else {})


def _reconstruct(studio: Studio, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    config, model = studio.config, studio.model
    wave = reconstruct(model, studio.sampler)
    tick(0.7)
    clip, own = studio.clip, np.float32(model.peaks[0])
    figures = closeness(wave * own, clip * own)
    if config.reference:
        true, true_hz = read_audio(config.reference)
        figures |= improvement(wave * own, clip * own, model.rate_hz, true, true_hz)
    gain = 1.0 if config.peak else float(own)
    return figures | render(
        path, model.rate_hz, len(wave), config.bits, lambda: iter([wave]), wave.shape[1], gain, tick, studio.format
    )


_MODES = {
    "unconditional": _unconditional,
    "vary": _vary,
    "extend": _extend,
    "inpaint": _inpaint,
    "denoise": _reconstruct,
    "reconstruct": _reconstruct,
}


def _wave(signals: torch.Tensor) -> np.ndarray:
    return from_mid_side(signals)[0].cpu().numpy()


def render(
    path: Path,
    rate_hz: int,
    channels: int,
    bits: str,
    waves: Callable[[], Iterable[np.ndarray]],
    length: int,
    gain: float,
    tick: Callable[[float], None],
    like: SourceFormat | None = None,
) -> dict[str, Any]:
    """Write a signal piece by piece.

    Parameters
    ----------
    path : Path
    rate_hz, channels : int
    bits : str
        See `AudioWriter`.
    waves : callable
        Returns the signal as float32 pieces (channels, n).
    length : int
        Samples in all.
    gain : float
    tick : callable
        Told the share that is done.
    like : SourceFormat, optional
        See `AudioWriter`.

    Returns
    -------
    dict
        ``duration_s``, ``rate_hz``, ``peak`` and ``gain_db``: 0, or what all was lowered by so that nothing clips;
        ``warning`` where samples lie above full scale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with AudioWriter(path, rate_hz, channels, bits, like=like) as writer:
        for wave in waves():
            writer.append((wave * np.float32(gain)).T)
            tick(writer.frames / max(1, length))
    fields = {
        "duration_s": round(writer.frames / rate_hz, 3),
        "rate_hz": rate_hz,
        "gain_db": round(20 * math.log10(writer.gain), 3),
        "peak": round(writer.peak * writer.gain, 4),
    }
    return fields | ({"warning": writer.notice} if writer.notice else {})


def within(waves: Iterable[np.ndarray], first: int, length: int, fade: int = 0) -> Iterator[np.ndarray]:
    """Yield `length` samples of a signal (channels, n) from sample `first` on, both ends faded over `fade` samples."""
    position = -first
    for wave in waves:
        start = max(0, position)
        part = wave[:, max(0, -position) : max(0, length - position)]
        position += wave.shape[1]
        if fade and (start < fade or start + part.shape[1] > length - fade):
            index = np.arange(start, start + part.shape[1])
            part = part * np.clip((np.minimum(index, length - 1 - index) + 0.5) / fade, 0, 1).astype(np.float32)
        if part.shape[1]:
            yield part
