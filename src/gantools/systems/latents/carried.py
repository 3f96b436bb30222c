"""The codec that a model carries which makes its latents, so that it stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gantools.errors import ConfigError, ModelError
from gantools.files.hashing import hash_bytes
from gantools.models.folder import read_model, system_of
from gantools.options import from_mapping
from gantools.systems.codec.codec import Codec, codec_of, open_codec
from gantools.systems.codec.config import CodecConfig

#: Systems whose models carry a codec.
CARRIERS = ("musika", "wavegan")


def open_carried(folder: str | Path, model: Mapping[str, Any], device: torch.device | str = "cpu") -> Codec:
    """Open the codec within the model folder of another system; `model` is what its ``config.json`` says.

    Raises
    ------
    ModelError
        The description of the codec is missing or damaged, or its weights are.
    """
    try:
        config = from_mapping(CodecConfig, model["data"]["codec"])
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"its config.json does not tell of its codec ({error}); train it again", folder) from error
    return codec_of(folder, config, device)


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
