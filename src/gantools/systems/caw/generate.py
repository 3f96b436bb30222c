"""Results of a trained model: new music, and every application of section 4, as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
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
from gantools.chunks.item import Item
from gantools.errors import ConfigError, InputError
from gantools.models.clips import read_clips
from gantools.models.loaded import LoadedModel, Tick
from gantools.structure.arrangement import arrange, shuffle
from gantools.structure.beats import BeatGrid, find_beats
from gantools.systems.caw.applications.drafting import check_drafted, drafts_of, new_draft, source_as_draft
from gantools.systems.caw.applications.extension import compare, extend, place_source
from gantools.systems.caw.applications.inpainting import cut_fillings, fill, insert
from gantools.systems.caw.applications.reconstruction import closeness, improvement
from gantools.systems.caw.applications.source import SourceAudio, file_source, lasting, wave_source
from gantools.systems.caw.applications.variation import scale_at, vary
from gantools.systems.caw.drafts import Drafts
from gantools.systems.caw.generate_config import DEFAULT_SECONDS, CawGenerateConfig
from gantools.systems.caw.model import load_model
from gantools.systems.caw.rates import clip_length, resample_clip
from gantools.systems.caw.rendering import render, within
from gantools.systems.caw.sampler import Sampler, fresh_noise

#: Fade at both ends of music whose ends were cut off.
_FADE_S = 0.01
#: Channels from which two threads within an operation are worth it.
_WIDE = 48


class LoadedCaw(LoadedModel):
    """A model that is ready to draw, and what all its results have in common.

    Parameters
    ----------
    folder : Path
    config : CawGenerateConfig
    device : str

    Attributes
    ----------
    model : CawModel
    """

    remedy = "train longer; gantools generate patches makes pieces of the recording without training"

    def __init__(self, folder: Path, config: CawGenerateConfig, device: str) -> None:
        self.model, self.config = load_model(folder, device), config
        # A second thread within an operation costs narrow networks more than it brings, and on a busy machine many
        # times as much: their lower and upper scales take a thread each instead.
        self._narrow = device == "cpu" and self.model.config.width < _WIDE
        self._ahead = self._narrow and torch.get_num_threads() > 1
        self.description = self.model.description
        self.files = [*self.model.files, *(Path(path) for path in (config.source, config.reference) if path)]
        self.extension = config.extension
        scales = self.model.stack
        #: What is cut off at each end of new music, in seconds. A draft begins at a beat and ends where it is told.
        automatic = 0.0 if self.drafted else scales.scales[0].generator.reach / scales.rates_hz[0]
        self.trim_s = config.trim_seconds(automatic)

    @property
    def remarks(self) -> list[str]:
        """What a user has to know: scales that are missing yet, and beats that were asked for and not found."""
        model, found = self.model, []
        if not model.finished:
            ready, wanted = len(model.stack.scales), len(model.data["rates_hz"])
            found.append(f"{model.folder}: {ready} of {wanted} scales are trained yet; the results have "
                         f"{model.rate_hz} Hz")  # fmt: skip
        if self.config.reorders and not self.grid.clear:
            found.append(f"{self.config.source or 'the training clip'}: {self.grid.note}; --bpm tells the tempo")
        return found

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write one result of the mode that the options name; see `LoadedModel.write`."""
        mode = self.config.mode
        with _threads(1) if self._narrow else nullcontext():
            return {"mode": mode, "seed": seed, **_MODES[mode](self, outputs[0], seed, tick)}

    @cached_property
    def sampler(self) -> Sampler:
        """The sampler of the model."""
        return Sampler(self.model.stack, ahead=self._ahead)

    @property
    def drafted(self) -> bool:
        """Tell whether new music starts from drafts of the patch engine."""
        return self.model.config.start == "patches"

    @cached_property
    def drafts(self) -> Drafts:
        """The clips, ready for drafts."""
        return drafts_of(self.model)

    @cached_property
    def clip(self) -> np.ndarray:
        """The first training clip at the model's rate, float32 (channels, n), peak 1."""
        clips, rate_hz = read_clips(self.model.folder)
        return resample_clip(clips[0], rate_hz, self.model.rate_hz)

    @cached_property
    def source(self) -> SourceAudio:
        """The recording to begin with, cut to the wanted length where nothing re-orders it."""
        found = file_source(self.config.source) if self.config.source else wave_source(self.clip, self.model.rate_hz)
        return lasting(found, None if self.config.reorders else self.config.seconds)

    @cached_property
    def source_wave(self) -> np.ndarray:
        """The whole source, float32 (channels, n)."""
        return np.concatenate(list(self.source.blocks())).T

    @cached_property
    def source_format(self) -> SourceFormat | None:
        """The sample format of the recording to begin with, where there is one."""
        if not self.config.source:
            return None
        with AudioReader(self.config.source) as reader:
            return SourceFormat.of(reader).for_parts()

    @cached_property
    def grid(self) -> BeatGrid:
        """The beats of the source."""
        config = self.config
        return find_beats(self.source_wave, self.source.rate_hz, config.bpm or None, config.beats_per_bar)

    @property
    def gain(self) -> float:
        """What the model's signals are multiplied with to be as loud as the clip."""
        return 1.0 if self.config.peak else float(np.mean(self.model.peaks))

    def own_clip(self) -> tuple[np.ndarray, int, str]:
        """Return the first training clip at the level of the results, its rate in Hz and its name."""
        return self.clip * self.gain, self.model.rate_hz, self.model.data["clips"][0]["name"]

    def loudness(self, source: SourceAudio) -> float:
        """Return the gain that makes a source as loud as the clip, peak 1."""
        return wave_source(self.clip, self.model.rate_hz).rms / source.rms


def load(folder: Path, config: CawGenerateConfig, device: str = "cpu") -> LoadedCaw:
    """Open a model folder for generating.

    Raises
    ------
    ModelError
        No model of Catch-A-Waveform, damaged, or without a finished scale.
    ConfigError
        A mode that the model was not trained for, a scale that it does not have, or a file that is not there.
    """
    for path in filter(None, (config.source, config.reference)):
        if not Path(path).is_file():
            raise ConfigError("no such file", path)
    if device.startswith("cuda"):
        torch.backends.cudnn.allow_tf32 = False  # 1e-3 off, and then pieces would not equal the whole
    loaded = LoadedCaw(folder, config, device)
    task = loaded.model.config.task
    if config.mode in ("inpaint", "denoise") and task != config.mode:
        more = " --holes START-END" if config.mode == "inpaint" else ""
        raise ConfigError(f"was trained for {task}; train it with --task {config.mode}{more}", folder)
    if config.mode == "vary":
        scale_at(loaded.model.stack, config.at_hz)
    if loaded.drafted:
        check_drafted(config, folder)
    return loaded


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let torch use so many threads within an operation for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _unconditional(loaded: LoadedCaw, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    """Write new music: from noise alone, or from a draft."""
    config, stack = loaded.config, loaded.model.stack
    rate_hz = stack.rates_hz[-1]
    seconds = config.seconds or DEFAULT_SECONDS
    trim = loaded.trim_s
    first, length = clip_length(trim, rate_hz), clip_length(seconds, rate_hz)
    lengths = stack.lengths(seconds + 2 * trim)
    draft = new_draft(loaded.drafts, stack, seconds + 2 * trim, seed) if loaded.drafted else None

    def waves() -> Iterator[np.ndarray]:
        blocks = loaded.sampler.stream(fresh_noise(stack, [seed]), lengths, draft=draft)
        # What is cut off leaves an edge that would click.
        return within((_wave(block) for block in blocks), first, length, round(_FADE_S * rate_hz) if first else 0)

    fields = render(path, rate_hz, stack.channels, config.bits, waves, length, loaded.gain, tick)
    return {**fields, "edge_trim_s": round(trim, 3)}


def _vary(loaded: LoadedCaw, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    """Write a variation of the source, or of its parts in another order."""
    config, stack = loaded.config, loaded.model.stack
    source, note = _arranged(loaded, seed)
    at, gain = scale_at(stack, config.at_hz), loaded.loudness(loaded.source)

    draft = source_as_draft(source, stack, gain) if loaded.drafted else None

    def waves() -> Iterator[np.ndarray]:
        made = vary(loaded.sampler, source, seed, at=at, strength=config.strength, gain=gain, draft=draft)
        return (_wave(block) for block in made)

    rate_hz = stack.rates_hz[-1]
    length = clip_length(source.seconds, rate_hz)
    fields = render(path, rate_hz, stack.channels, config.bits, waves, length, loaded.gain, tick, loaded.source_format)
    fields |= {"at_hz": stack.rates_hz[at], "strength": config.strength, "from": config.source or "training clip"}
    return fields | ({"order": config.arrange or config.shuffle, "beats": note} if note else {})


def _arranged(loaded: LoadedCaw, seed: int) -> tuple[SourceAudio, str]:
    """Return the source, its parts in another order where that is wanted, and a note on its beats."""
    config, source = loaded.config, loaded.source
    if not config.reorders:
        return source, ""
    whole, rate_hz, seconds, grid = loaded.source_wave, source.rate_hz, config.seconds, loaded.grid
    if config.arrange:
        wave = arrange(whole, rate_hz, config.arrange, seconds, seed, grid=grid, beats_per_bar=config.beats_per_bar)
    else:
        wave = shuffle(whole, rate_hz, config.shuffle, seed, seconds, grid=grid, beats_per_bar=config.beats_per_bar)
    return wave_source(wave, rate_hz), grid.note


def _extend(loaded: LoadedCaw, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    """Write the source with a new high band; with a reference, the fields tell how far it is from the truth."""
    config, stack, source = loaded.config, loaded.model.stack, loaded.source
    try:
        extension = place_source(stack, source, config.at_hz, loaded.loudness(source))
    except InputError as error:
        raise InputError(error.message, config.source) from error
    rate_hz = stack.rates_hz[-1]
    length = clip_length(source.seconds, rate_hz)
    channels = source.channels if stack.channels == 1 else stack.channels
    waves = lambda: extend(loaded.sampler, extension, seed)  # noqa: E731
    fields = render(path, rate_hz, channels, config.bits, waves, length, 1.0, tick, loaded.source_format)
    fields |= {"from": config.source, "at_hz": extension.at_hz, "band_hz": extension.at_hz / 2}
    if config.reference:
        plain = np.concatenate(list(source.waves(rate_hz, length)), 1).mean(0)
        # What was lowered so that nothing clips is raised again, or it would count as a distance.
        made = read_audio(path)[0][:, :length].mean(0) / np.float32(10 ** (fields["gain_db"] / 20))
        fields |= compare(made, plain, config.reference, rate_hz)
    return fields


def _inpaint(loaded: LoadedCaw, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    """Write the recording with its holes filled, in its own format and with its tags."""
    config, model = loaded.config, loaded.model
    filled = fill(model, loaded.sampler, seed)
    tick(0.7)
    holes = model.config.hole_seconds()
    fields: dict[str, Any] = {"holes": [list(hole) for hole in holes], "from": config.source or "training clip"}
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the recording only the clip that the model keeps can be filled, at its own rate and format.
    if not config.source:
        clip = loaded.clip * np.float32(model.peaks[0])
        fillings = cut_fillings(filled, model, model.rate_hz, *clip.shape)
        waves = lambda: insert([clip], fillings)  # noqa: E731
        bits = "32f" if config.bits == "source" else config.bits
        return fields | render(path, model.rate_hz, len(clip), bits, waves, clip.shape[1], 1.0, tick)
    frames = decoded_frames(config.source)
    with AudioReader(config.source) as reader:
        fillings = cut_fillings(filled, model, reader.rate_hz, reader.channels, frames, model.config.start_seconds)
        kept: dict[str, Any] = {"like": reader, "tags": read_tags(config.source)}
        with AudioWriter(path, reader.rate_hz, reader.channels, config.bits, **kept) as writer:
            for block in insert((block.T for block in reader.blocks()), fillings):
                writer.append(block.T)
    fields |= {"duration_s": round(writer.frames / writer.rate_hz, 3), "rate_hz": writer.rate_hz}
    return fields | ({"warning": writer.notice} if writer.notice else {})


def _reconstruct(loaded: LoadedCaw, path: Path, seed: int, tick: Tick) -> dict[str, Any]:
    """Write the reconstruction of the clip; the fields tell what it lacks of it."""
    config, model = loaded.config, loaded.model
    wave = _wave(loaded.sampler.reconstruct())
    tick(0.7)
    clip, own = loaded.clip, np.float32(model.peaks[0])
    figures = closeness(wave * own, clip * own)
    if config.reference:
        true, true_hz = read_audio(config.reference)
        figures |= improvement(wave * own, clip * own, model.rate_hz, true, true_hz)
    gain = 1.0 if config.peak else float(own)
    waves = lambda: iter([wave])  # noqa: E731
    return figures | render(path, model.rate_hz, len(wave), config.bits, waves, wave.shape[1], gain, tick)


_MODES = {
    "unconditional": _unconditional,
    "vary": _vary,
    "extend": _extend,
    "inpaint": _inpaint,
    "denoise": _reconstruct,
    "reconstruct": _reconstruct,
}


def _wave(signals: torch.Tensor) -> np.ndarray:
    """Return the left and right, or the only, channel of (1, channels, n)."""
    return from_mid_side(signals)[0].cpu().numpy()
