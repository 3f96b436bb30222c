"""A trained separator made small enough to ship: averaged weights alone, matrices in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gantools.files.atomic import write_json, write_text
from gantools.files.containers import write_state
from gantools.models.folder import read_model
from gantools.models.weights import read_weights


def ship(folder: Path, out: Path, credits: str = "") -> None:
    """Write what `generate.load` needs of a model folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Model folder of `train separator`.
    out : Path
        Folder for the three files.
    credits : str
        Where the training data come from, for ``CREDITS.txt``.

    Raises
    ------
    ModelError
        No model folder, or weights are missing.

    Notes
    -----
    Weights of two and more dimensions become float16, which moves the masks by less than bfloat16 arithmetic does.
    Statistics and biases stay float32: a variance can leave the range of float16.
    """
    model: dict[str, Any] = read_model(folder)
    weights = read_weights(folder, "mask")
    small = {name: t.to(torch.float16) if t.ndim > 1 else t for name, t in weights.items()}
    meta = {"system": model["system"], "network": "mask", "config_hash": model["config_hash"]}
    write_state(out / "mask.safetensors", small, meta)
    if credits:
        write_text(out / "CREDITS.txt", credits)
    write_json(out / "config.json", {**model, "ema": []})
