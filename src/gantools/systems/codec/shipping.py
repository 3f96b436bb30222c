"""A trained codec made small enough to ship: its averaged encoders and decoders, matrices in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gantools.files.atomic import write_json, write_text
from gantools.files.containers import write_state
from gantools.models.folder import read_model
from gantools.models.weights import read_weights
from gantools.systems.codec.networks import CODERS


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `codec.open_codec` needs of a model folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Model folder of ``train codec``.
    out : Path
        Folder for the files.
    credits : str
        Where the training data come from, for ``CREDITS.txt``.
    data : str
        The same in a few words, for ``card.json``.

    Raises
    ------
    ModelError
        No model folder, or weights are missing.

    Notes
    -----
    Weights of two and more dimensions become float16, which moves a decoded level by about .01 dB. Biases and
    statistics stay float32.
    """
    model: dict[str, Any] = read_model(folder, "codec")
    for name in CODERS:
        weights = read_weights(folder, name)
        small = {key: t.to(torch.float16) if t.ndim > 1 else t for key, t in weights.items()}
        meta = {"system": model["system"], "network": name, "config_hash": model["config_hash"]}
        write_state(out / f"{name}.safetensors", small, meta)
    networks = {name: model["networks"][name] for name in CODERS}
    purpose = "music as a few numbers for each tenth of a second, and back (gantools generate codec, train musika)"
    write_json(out / "card.json", {"purpose": purpose, "data": data, "licence": "MIT"})
    write_text(out / "CREDITS.txt", credits)
    write_json(out / "config.json", {**model, "networks": networks, "ema": []})
