"""Drafts as files: from an audio file, or from the clip that a model folder keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import read_audio
from gantools.audio.writing import write_audio
from gantools.chunks.item import Item
from gantools.errors import InputError, ModelError
from gantools.models.clips import CLIPS_FILE, check_clips, read_clips
from gantools.models.folder import read_configuration
from gantools.models.loaded import LoadedModel, Tick
from gantools.structure.beats import find_beats
from gantools.systems.patches.config import PatchGenerateConfig
from gantools.systems.patches.engine import PatchEngine, settings_of

#: Draws at most of which each result is the best.
_TRIES = 2


class LoadedClip(LoadedModel):
    """A clip that is analysed for drafts: an audio file, or the first clip of a model folder, at its own level.

    Parameters
    ----------
    path : Path
        The audio file, or a model folder that keeps its clips.
    config : PatchGenerateConfig

    Attributes
    ----------
    engine : PatchEngine
    """

    remedy = "they are made of the recording: listen to it, or take another"

    def __init__(self, path: Path, config: PatchGenerateConfig) -> None:
        self.config, self.extension, self._name = config, config.format, path.name
        if path.is_dir():
            model = read_configuration(path)
            if "clips" not in model["data"]:
                raise ModelError(f"is a model of {model['system']} and keeps no clip; give one of caw, or a file", path)
            check_clips(model, path)
            clips, rate_hz = read_clips(path)
            clip = clips[0] * float(model["data"]["clips"][0]["peak"])
            self.files = [path / "config.json", path / CLIPS_FILE]
        else:
            clip, rate_hz = read_audio(path)
            self.files = [path]
        grid = find_beats(clip, rate_hz, config.bpm or None, config.beats_per_bar)
        try:
            self.engine = PatchEngine(clip, rate_hz, settings_of(config.variety), grid)
            kind, number = config.length()
            self.seconds = number * self.engine.bar_seconds() if kind == "bars" else number
        except InputError as error:
            raise InputError(error.message, path) from error

    @property
    def remarks(self) -> list[str]:
        """What beat was found."""
        return [f"{self._name}: {self.engine.grid.note}"] if self.config.length()[0] == "bars" else []

    def own_clip(self) -> tuple[np.ndarray, int, str]:
        """Return the clip, its rate in Hz and its name."""
        return self.engine.clip, self.engine.rate_hz, self._name

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write one draft; see `LoadedModel.write`."""
        wave, rate_hz = self.engine.draw(self.seconds, seed, bool(self.config.loop), _TRIES), self.engine.rate_hz
        outputs[0].parent.mkdir(parents=True, exist_ok=True)
        writer = write_audio(outputs[0], wave, rate_hz, self.config.bits)
        fields = {"mode": "patch", "seed": seed, "rate_hz": rate_hz, "duration_s": round(wave.shape[1] / rate_hz, 3)}
        return fields | ({"warning": writer.notice} if writer.notice else {})


def load(path: Path, config: PatchGenerateConfig, device: str = "cpu") -> LoadedClip:
    """Analyse the clip of an audio file or of a model folder; `device` is not used, all is computed on the CPU.

    Raises
    ------
    ModelError
        The folder is no model, damaged, or one that keeps no clips.
    InputError
        The file is no audio, shorter than a second, or without a beat where bars are asked for.
    """
    return LoadedClip(path, config)
