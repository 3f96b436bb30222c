"""A trained model made small enough to ship: averaged weights, its description, and where its data come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from gantools.files.atomic import write_json, write_text
from gantools.files.containers import write_state
from gantools.models.weights import read_weights

Halved = Callable[[str, torch.Tensor], torch.Tensor]


def halved(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Return a matrix in half precision; what has one dimension stays, as a variance can leave the range of float16."""
    return tensor.to(torch.float16) if tensor.ndim > 1 else tensor


def as_it_is(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor."""
    return tensor


def write_shipped(
    folder: Path,
    out: Path,
    model: dict[str, Any],
    networks: Sequence[str],
    *,
    purpose: str = "",
    data: str = "",
    credits: str,
    small: Halved = halved,
) -> None:
    """Write what is needed to use a model, and nothing else.

    Matrices become float16 (`halved`). Statistics and biases stay float32: a variance can leave the range of float16.

    Parameters
    ----------
    folder, out : Path
        Model folder, and folder for the files.
    model : dict
        Its description, as `gantools.models.folder.read_model` gives it.
    networks : sequence of str
        Those that ship; the averaged weights of each, where there are any.
    purpose, data : str
        What it does and where its training data come from in a few words, as ``gantools --models`` tells them, for
        ``card.json``; without a purpose there is no such file.
    credits : str
        The sources in full, for ``CREDITS.txt``; empty for no such file.
    small : callable
        Takes the name of a tensor and the tensor, and returns what is written of it.

    Raises
    ------
    ModelError
        Weights are missing.
    """
    for network in networks:
        weights = {name: small(name, tensor) for name, tensor in read_weights(folder, network).items()}
        meta = {"system": model["system"], "network": network, "config_hash": model["config_hash"]}
        write_state(out / f"{network}.safetensors", weights, meta)
    if purpose:
        write_json(out / "card.json", {"purpose": purpose, "data": data, "licence": "MIT"})
    if credits:
        write_text(out / "CREDITS.txt", credits)
    kept = {network: model["networks"][network] for network in networks}
    write_json(out / "config.json", {**model, "networks": kept, "ema": []})
