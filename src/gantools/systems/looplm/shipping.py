"""A trained prior with its VQ-VAE made small enough to ship: averaged weights alone, matrices in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gantools.models.folder import read_model
from gantools.models.shipping import halved, write_shipped


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
    purpose = "makes loops of drums and bass (gantools generate loops)"
    card = {"purpose": purpose, "data": data, "licence": "MIT"}
    write_shipped(folder, out, model, list(model["networks"]), card=card, credits=credits, small=_small)


def _small(name: str, tensor: torch.Tensor) -> torch.Tensor:
    return tensor if name.startswith("codebook.") or not tensor.is_floating_point() else halved(name, tensor)
