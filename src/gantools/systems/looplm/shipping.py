"""A trained prior with its VQ-VAE made small enough to ship: averaged weights alone, matrices in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gantools.files.atomic import write_json, write_text
from gantools.files.containers import write_state
from gantools.models.folder import read_model
from gantools.models.weights import read_weights


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `generate.load_sampler` needs of a model folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Model folder of ``train looplm``.
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
    The phrases that were learnt from stay behind: weights ship, and music of others does not. What the model makes has
    no `novelty` then.

    Weights of two and more dimensions become float16. Statistics and biases stay float32, as a variance can leave the
    range of float16, and so does the codebook: its vectors are compared with each other.
    """
    model: dict[str, Any] = read_model(folder, "looplm")
    del model["networks"]["known"], model["data"]["known"]
    for network in model["networks"]:
        weights = read_weights(folder, network)
        meta = {"system": model["system"], "network": network, "config_hash": model["config_hash"]}
        write_state(out / f"{network}.safetensors", {name: _small(name, t) for name, t in weights.items()}, meta)
    purpose = "makes loops of drums and bass (gantools generate loops)"
    write_json(out / "card.json", {"purpose": purpose, "data": data, "licence": "MIT"})
    write_text(out / "CREDITS.txt", credits)
    write_json(out / "config.json", {**model, "ema": []})


def _small(name: str, tensor: torch.Tensor) -> torch.Tensor:
    matrix = tensor.ndim > 1 and tensor.is_floating_point() and not name.startswith("codebook.")
    return tensor.to(torch.float16) if matrix else tensor
