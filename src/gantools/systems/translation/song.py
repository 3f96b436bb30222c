"""A whole song through a mel translator: audio or mel in, audio or mel out, mixed with its input, in constant memory.

CycleGAN and pix2pix share it; each gives a `MelTranslator` its network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.formats import SourceFormat
from gantools.audio.inversion import invert_stream
from gantools.audio.io import AudioReader, decoded_frames
from gantools.audio.melfile import SUFFIX, MelFile, melify, read_mel, require_same, write_mel
from gantools.audio.mixing import fit_blocks, mix_files
from gantools.audio.quantise import DbRange
from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.atomic import scratch_folder
from gantools.models.folder import model_files, read_model
from gantools.models.loaded import LoadedModel, Tick
from gantools.options import from_mapping
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.translation.rests import NEVER_REST, rest_frames
from gantools.systems.translation.windows import Network, SeamMeter, join_frames, translate

#: An input frame is silent when all of it lies below this level above the range's lower end (spec: instance norm blows
#: near-silence up to full contrast).
GATE_DB = 6.0


@dataclass
class MelTranslator:
    """A trained generator with all that it needs to know of its data.

    Attributes
    ----------
    params : MelParams
    db_range : DbRange
    frames : int
        Frames per window.
    source, target : str
        Roles.
    levels_db : dict
        Role -> mean level of the training chunks, for mixing.
    network : callable
        (windows (k, frames, n_mels) in [-1, 1], their first frames, seed) -> the same shape.
    """

    params: MelParams
    db_range: DbRange
    frames: int
    source: str
    target: str
    network: Callable[[np.ndarray, Any, int], np.ndarray]
    levels_db: dict[str, float] = field(default_factory=dict)


def open_translator(folder: Path, system: str, config: TranslateConfig) -> tuple[MelTranslator, dict[str, Any]]:
    """Return a translator that lacks only its network, and the content of the model's ``config.json``.

    Raises
    ------
    ModelError
        The folder holds no model of this system, or does not say what data it was trained on.
    """
    model = read_model(folder, system)
    try:
        data = model["data"]
        # Backwards the roles change places, and with them the levels of the mix.
        roles = [data["source"], data["target"]]
        source, target = roles if config.direction == "forward" else roles[::-1]
        return MelTranslator(
            params=from_mapping(MelParams, data["mel"]),
            db_range=DbRange(*data["db_range"]),
            frames=int(data["frames"]),
            source=source,
            target=target,
            network=_no_network,
            levels_db=dict(data.get("levels_db", {})),
        ), model
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise ModelError(f"config.json lacks what it was trained on ({error}); train it again", folder) from error


def _no_network(*_: Any) -> np.ndarray:
    raise NotImplementedError


class SongTranslator(LoadedModel):
    """A translator that writes the new part of whole songs, and its mix with the input.

    Parameters
    ----------
    translator : MelTranslator
    folder : Path
        The model folder that it comes from.
    description : dict
        Contents of the folder's ``config.json``.
    config : TranslateConfig
    device : str
        Mels are inverted with torch on an accelerator, and with compiled loops on the CPU.
    """

    def __init__(
        self, translator: MelTranslator, folder: Path, description: dict[str, Any], config: TranslateConfig, device: str
    ) -> None:
        self.translator, self.config, self.description = translator, config, description
        self.files = model_files(folder, description)
        # A part that is itself a mix keeps that name; the voice and it together are the mixdown.
        mix = "mixdown" if translator.target == "mix" else "mix"
        self.roles = (translator.target, *([mix] if config.mix else []))
        self.extension = "mel.safetensors" if config.mel else config.format
        self._solver = None if device == "cpu" else device
        drums = ", or another engine: gantools generate drummer plays drums for a bass"
        self.remedy = f"train longer{drums if translator.target == 'drums' else ''}"

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the new part for one audio or mel file; with ``config.mix`` the mix too.

        Returns
        -------
        dict
            ``seam_ratio``, ``gated`` (share of frames), ``duration_s`` and, with a mix, its gains; ``warning`` where
            samples lie above full scale.

        Raises
        ------
        InputError
            The input cannot be read, is too short, or has other mel parameters.
        """
        source, config, translator = item.path, self.config, self.translator
        if config.mix and source.name.endswith(SUFFIX):
            raise InputError("a mel file has no audio to mix with; give the audio, or leave out --mix", source)
        made_by = {"system": self.description["system"], "seed": seed}
        meta = {"song": item.song, "source": source.name, "generated": made_by}
        notices: list[str] = []
        with scratch_folder(outputs[0].parent) as scratch:
            # The input as the model hears it: a mel with the parameters of its training.
            if source.name.endswith(SUFFIX):
                mel = read_mel(source)
                require_same(translator.params, mel.params, source, "the model")
            else:
                heard = scratch / f"in{SUFFIX}"
                found = melify(source, heard, translator.params, {}, lambda share: tick(0.1 * share))
                notices.append(found.get("warning", ""))
                mel = read_mel(heard)
            made = outputs[0] if config.mel else scratch / f"out{SUFFIX}"
            fields = write_translation(mel, made, translator, config, seed, lambda s: tick(0.1 + 0.4 * s), meta)
            if config.mel:
                return fields | ({"warning": notices[0]} if any(notices) else {})
            # Sound at the model's rate first; the part then takes rate and length of the input.
            raw = scratch / "part.wav"
            self._invert(read_mel(made), raw, seed, lambda share: tick(0.5 + 0.4 * share))
            notices.append(_write_part(source, raw, outputs[0], config))
            if config.mix:
                wanted = _target_ratio_db(translator)
                fields |= mix_files(source, raw, outputs[1], wanted - fields["part_over_input_db"], config.bits)
                fields["mix"] = str(outputs[1])
                notices.append(fields.pop("warning", ""))
            if any(notices):
                fields["warning"] = "; ".join(notice for notice in notices if notice)
            tick(1.0)
            return fields

    def _invert(self, part: MelFile, path: Path, seed: int, tick: Tick) -> None:
        """Write the sound of a mel file at its own rate, as 32-bit float."""
        import torch

        threads = 1 if torch.get_num_threads() == 1 else 0  # 0: what the process may use
        blocks = invert_stream(
            part.frames,
            part.n_frames,
            part.params,
            part.n_samples,
            self.config.effort,
            seed,
            device=self._solver,
            threads=threads,
        )
        with AudioWriter(path, part.params.sample_rate_hz, bits="32f", frames=part.n_samples) as writer:
            for block in blocks:
                writer.append(block)
                tick(writer.frames / part.n_samples)


def _write_part(source: Path, raw: Path, path: Path, config: TranslateConfig) -> str:
    """Bring the new part to the input's rate, depth and exact length, so that it lines up in a session.

    Return what a user should hear of samples above full scale.
    """
    if source.name.endswith(SUFFIX):
        with AudioReader(raw) as reader, AudioWriter(path, reader.rate_hz, bits=config.bits) as writer:
            for block in reader.blocks():
                writer.append(block[:, 0])
        return writer.notice
    with AudioReader(source) as heard:
        rate_hz, like = heard.rate_hz, SourceFormat.of(heard).for_parts()
    length = decoded_frames(source)
    with AudioReader(raw) as reader, AudioWriter(path, rate_hz, bits=config.bits, like=like) as writer:
        for block in fit_blocks(reader.mono_blocks(rate_hz), length):
            writer.append(block)
    return writer.notice


def _target_ratio_db(translator: MelTranslator) -> float:
    """Level of the new part over that of its input, as in the training songs; 0 dB where the model does not say."""
    levels = translator.levels_db
    if translator.source in levels and translator.target in levels:
        return levels[translator.target] - levels[translator.source]
    return 0.0


class _Level:
    """Mean mel power over the frames that are not silent, in dB."""

    def __init__(self, floor_db: float) -> None:
        self._floor_db, self._power, self._frames = floor_db, 0.0, 0

    def add(self, frames_db: np.ndarray) -> None:
        active = frames_db.max(axis=1) > self._floor_db
        self._power += float(np.power(10.0, frames_db[active].astype(np.float64) / 10).sum())
        self._frames += int(active.sum())

    @property
    def db(self) -> float:
        return 10 * float(np.log10(max(self._power / max(self._frames, 1), 1e-10)))


def write_translation(
    mel: MelFile,
    path: Path,
    translator: MelTranslator,
    config: TranslateConfig,
    seed: int,
    tick: Tick,
    meta: dict[str, Any],
) -> dict[str, Any]:
    """Write the mel file of the new part; return ``seam_ratio``, ``gated``, ``duration_s``, ``part_over_input_db``."""
    db_range, window = translator.db_range, translator.frames
    stride = min(config.stride, window)
    seams = SeamMeter(join_frames(mel.n_frames, window, stride))
    floor_db = db_range.lo_db + GATE_DB
    heard, made = _Level(floor_db), _Level(floor_db)
    rests = np.zeros(mel.n_frames, bool)
    if config.gate and translator.target not in NEVER_REST:
        rests = rest_frames(mel, floor_db)

    def read(start: int, stop: int) -> np.ndarray:
        return db_range.to_unit(mel.frames(start, stop))

    def network(windows: np.ndarray, starts: Any) -> np.ndarray:
        return translator.network(windows, starts, seed)

    def frames() -> Iterator[np.ndarray]:
        position = 0
        checked: Network = network
        for unit in translate(read, mel.n_frames, checked, window=window, stride=stride, batch=config.batch):
            source_db = mel.frames(position, position + len(unit))
            part_db = db_range.from_unit(unit)
            # What lies at the lower end of the range was cut off there: it is silence, not a noise floor.
            part_db[unit <= -0.999] = -100.0
            # Before the rests, whose edges would count as seams.
            seams.add(np.maximum(part_db, db_range.lo_db))
            part_db[rests[position : position + len(unit)]] = -100.0
            heard.add(source_db)
            made.add(part_db)
            position += len(unit)
            tick(position / mel.n_frames)
            yield part_db

    write_mel(path, frames(), mel.params, lambda: {"n_samples": mel.n_samples}, {**meta, "role": translator.target})
    return {
        "seam_ratio": round(seams.ratio, 4),
        "gated": round(float(rests.mean()), 4),
        "duration_s": round(mel.n_samples / mel.params.sample_rate_hz, 3),
        "part_over_input_db": round(made.db - heard.db, 2),
    }
