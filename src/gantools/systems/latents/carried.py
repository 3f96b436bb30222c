"""The codec that a model carries which makes its latents, so that it stands alone; or that it shares with others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gantools.errors import ConfigError, ModelError
from gantools.files.hashing import hash_bytes
from gantools.models.folder import model_files, read_model, system_of
from gantools.models.shipped import shipped_folder, shipped_models
from gantools.options import from_mapping
from gantools.systems.codec.codec import Codec, codec_of, open_codec
from gantools.systems.codec.config import CodecConfig

#: Systems whose models carry a codec.
CARRIERS = ("musika", "wavegan")

#: What the ``data`` of a model that ships has in place of weights of its own: the name of the codec that ships too.
SHARED = "shared_codec"


def open_carried(folder: str | Path, model: Mapping[str, Any], device: torch.device | str = "cpu") -> Codec:
    """Open the codec within the model folder of another system; `model` is what its ``config.json`` says.

    Raises
    ------
    ModelError
        The description of the codec is missing or damaged, or its weights are; or the codec that it shares is another
        one by now.
    """
    if SHARED in model["data"]:
        codec = open_codec(_shared(folder, model), device)
        if hash_codec(codec) != model["data"].get("codec_hash"):
            raise ModelError("was made for another version of the codec that ships; install gantools anew", folder)
        return codec
    try:
        config = from_mapping(CodecConfig, model["data"]["codec"])
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"its config.json does not tell of its codec ({error}); train it again", folder) from error
    return codec_of(folder, config, device)


def carried_files(folder: str | Path, model: Mapping[str, Any]) -> list[Path]:
    """Return the files of the codec that a model shares; none where it carries its own, which `model_files` names."""
    if SHARED not in model["data"]:
        return []
    shared = _shared(folder, model)
    return model_files(shared, read_model(shared))


def _shared(folder: str | Path, model: Mapping[str, Any]) -> Path:
    name = model["data"][SHARED]
    if name not in {shipped.name for shipped in shipped_models()}:
        raise ModelError(f"takes its codec from {name!r}, which does not ship with gantools", folder)
    return shipped_folder(name)


def open_any(folder: str | Path, device: torch.device | str = "cpu") -> Codec:
    """Open a model folder of ``train codec``, or the codec that one of another system carries.

    Raises
    ------
    ModelError
        It is neither.
    """
    if system_of(folder) in CARRIERS:
        return open_carried(folder, read_model(folder), device)
    return open_codec(folder, device)


def hash_codec(codec: Codec) -> str:
    """Return a hash of the weights of a codec."""
    parts = []
    for name, network in sorted(codec.networks.items()):
        for key, tensor in network.state_dict().items():
            parts.append(f"{name}.{key}".encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return hash_bytes(b"".join(parts))
