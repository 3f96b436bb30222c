"""A trained prior with its VQ-VAE made small enough to ship: averaged weights alone, matrices in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gantools.models.folder import read_model
from gantools.models.shipping import halved, write_shipped


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `generate.load_sampler` needs of a model folder, and nothing else; see `write_shipped`.

    The phrases that were learnt from stay behind: weights ship, and music of others does not. What the model makes has
    no `novelty` then. The codebook stays float32, as its vectors are compared with each other.
    """
    model: dict[str, Any] = read_model(folder, "looplm")
    del model["networks"]["known"], model["data"]["known"]
    purpose = "makes loops of drums and bass (gantools generate loops)"
    networks = list(model["networks"])
    write_shipped(folder, out, model, networks, purpose=purpose, data=data, credits=credits, small=_small)


def _small(name: str, tensor: torch.Tensor) -> torch.Tensor:
    return tensor if name.startswith("codebook.") or not tensor.is_floating_point() else halved(name, tensor)
