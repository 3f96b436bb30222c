"""The folder of a Catch-A-Waveform model: what it was trained on, and its finished scales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.errors import InputError, ModelError
from gantools.files.atomic import write_json
from gantools.files.containers import read_state, write_state
from gantools.files.jsontext import well_formed
from gantools.models.clips import CLIPS_FILE, check_clips, write_clips
from gantools.models.folder import describe, read_configuration, trained_with
from gantools.models.weights import load_network
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.networks import Generator
from gantools.systems.caw.stack import Scale, Stack

NAME = "caw"
SCALE_FILE = "scale.safetensors"
_DAMAGED = "is damaged; restore the file, or train the model again"


@dataclass(frozen=True)
class CawModel:
    """A model as it stands on disk.

    Parameters
    ----------
    folder : Path
    config : CawConfig
    description : dict
        Contents of ``config.json``.
    stack : Stack
        The finished scales; fewer than ``rates_hz`` while the model is being trained.
    """

    folder: Path
    config: CawConfig
    description: dict[str, Any]
    stack: Stack

    @property
    def data(self) -> dict[str, Any]:
        """What the model was trained on.

        ``clips`` (name, hash, seconds and peak of each), ``rates_hz``, ``skipped`` (rate to reason), ``channels`` and
        ``seconds`` (of the first clip).
        """
        found: dict[str, Any] = self.description["data"]
        return found

    @property
    def rate_hz(self) -> int:
        """Rate of the highest finished scale."""
        return self.stack.rates_hz[-1]

    @property
    def finished(self) -> bool:
        """Tell whether all scales are trained."""
        return list(self.stack.rates_hz) == list(self.data["rates_hz"])

    @property
    def files(self) -> list[Path]:
        """The files that draws depend on: the description, the clips and the finished scales."""
        scales = [scale_folder(self.folder, rate_hz) / SCALE_FILE for rate_hz in self.stack.rates_hz]
        return [self.folder / "config.json", self.folder / CLIPS_FILE, *scales]

    @property
    def peaks(self) -> list[float]:
        """What the clips were divided by; times this, a signal is as loud as its clip."""
        return [float(clip["peak"]) for clip in self.data["clips"]]


def scale_folder(folder: str | Path, rate_hz: int) -> Path:
    """Return where a scale is trained: ``scales/00500hz``."""
    return Path(folder) / "scales" / f"{rate_hz:05d}hz"


def write_model(
    folder: Path, config: CawConfig, data: dict[str, Any], clips: list[np.ndarray], preset: str = ""
) -> None:
    """Write `config.json` and `clips.safetensors` of a model that is about to be trained."""
    write_clips(folder, clips, data["rates_hz"][-1])
    write_json(folder / "config.json", describe(NAME, config, data, {}, preset=preset))


def read_description(folder: str | Path) -> dict[str, Any]:
    """Return the contents of `config.json`.

    Raises
    ------
    ModelError
        There is none, or it is that of another system.
    """
    found = read_configuration(folder, NAME)
    check_clips(found, folder)
    return found


def write_scale(folder: Path, scale: Scale, meta: dict[str, Any]) -> None:
    """Write ``scale.safetensors``, atomically: from then on the scale is finished."""
    net = scale.generator
    tensors = {f"generator/{name}": tensor for name, tensor in net.state_dict().items()}
    tensors |= {"amplitude": scale.amplitude, "reconstruction_noise": scale.reconstruction_noise}
    if scale.equaliser is not None:
        tensors["equaliser"] = scale.equaliser
    if scale.clip_band is not None:
        tensors["clip_band"] = scale.clip_band
    shape = {name: getattr(net, name) for name in ("channels", "width", "layers", "kernel")}
    write_state(folder / SCALE_FILE, tensors, {"rate_hz": scale.rate_hz, **shape, **meta})


def read_scale(folder: str | Path, device: torch.device | str = "cpu") -> tuple[Scale, dict[str, Any]]:
    """Return a finished scale and its facts (``seconds`` of training among them).

    Raises
    ------
    ModelError
        The file is absent or damaged.
    """
    path = Path(folder) / SCALE_FILE
    try:
        tensors, meta = read_state(path)
    except InputError as error:
        raise ModelError(error.message, path) from error
    prefix = "generator/"
    weights = {k[len(prefix) :]: t for k, t in tensors.items() if k.startswith(prefix)}
    with well_formed(path, _DAMAGED, ModelError):
        shape = [int(meta[name]) for name in ("channels", "width", "layers", "kernel")]
        # Sizes come from a file: a network larger than its weights would do nothing but fill the memory.
        if not 0 < math.prod(shape) <= sum(tensor.numel() for tensor in weights.values()):
            raise ValueError("another network than that of its weights")
        net = Generator(*shape)
        rest = [tensors[name].to(device) for name in ("amplitude", "reconstruction_noise")]
        equaliser, band = (tensors[n].to(device) if n in tensors else None for n in ("equaliser", "clip_band"))
        rate_hz = int(meta["rate_hz"])
    load_network(net, weights, "G", str(path))
    return Scale(rate_hz, net.to(device).eval().requires_grad_(False), rest[0], rest[1], equaliser, band), meta


def load_model(folder: str | Path, device: torch.device | str = "cpu") -> CawModel:
    """Return a model with its finished scales.

    Raises
    ------
    ModelError
        The folder is no model of this system, a file is damaged, or not even the coarsest scale is finished.
    """
    folder = Path(folder)
    description = read_description(folder)
    config, data = trained_with(CawConfig, description, folder), description["data"]
    scales = []
    for rate_hz in data["rates_hz"]:
        if not (scale_folder(folder, rate_hz) / SCALE_FILE).exists():
            break
        scales.append(read_scale(scale_folder(folder, rate_hz), device)[0])
    if not scales:
        raise ModelError("has no finished scale yet; train it on", folder)
    return CawModel(folder, config, description, Stack(scales, data["channels"]))
