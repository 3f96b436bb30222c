"""Weights of a trained model, for generating and for fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from gantools.errors import InputError, ModelError
from gantools.files.containers import read_state
from gantools.models.folder import read_model

Tensors = dict[str, torch.Tensor]
Net = TypeVar("Net", bound=nn.Module)


def read_weights(folder: str | Path, name: str, *, raw: bool = False) -> Tensors:
    """Return the weights of one network: their moving average where there is one, unless `raw`.

    Raises
    ------
    ModelError
        The model has no such network, or its file is missing or damaged.
    """
    model = read_model(folder)
    if name not in model["networks"]:
        raise ModelError(f"has no network {name}, only {', '.join(model['networks'])}", folder)
    averaged = name in model["ema"] and not raw
    path = Path(folder) / f"{name}{'.ema' if averaged else ''}.safetensors"
    try:
        return read_state(path)[0]
    except InputError as error:
        raise ModelError(error.message, path) from error


def load_weights(folder: str | Path, name: str, net: nn.Module, *, raw: bool = False) -> None:
    """Load the weights of one network of a model folder into `net`; see `read_weights` and `load_network`."""
    load_network(net, read_weights(folder, name, raw=raw), name, str(folder))


def load_network(net: nn.Module, weights: Tensors, name: str, path: str | None = None) -> None:
    """Load weights into a network after checking names and shapes; see `check_fit`."""
    check_fit(net, weights, name, path)
    net.load_state_dict(weights)


def check_fit(net: nn.Module, weights: Tensors, name: str, path: str | None = None) -> None:
    """Check that weights have the names and shapes of a network's.

    Raises
    ------
    ModelError
        Naming the first weight that does not fit.
    """
    own = net.state_dict()
    for key in [*own, *weights]:
        if key not in weights:
            raise ModelError(f"network {name} lacks the weight {key}; it was made with another configuration", path)
        if key not in own:
            raise ModelError(
                f"network {name} has a weight {key} too many; it was made with another configuration", path
            )
        if own[key].shape != weights[key].shape:
            shapes = f"{tuple(weights[key].shape)} in the model, {tuple(own[key].shape)} here"
            raise ModelError(f"weight {key} of network {name} has another shape: {shapes}", path)


def open_network(folder: str | Path, name: str, build: Callable[[], Net], *, raw: bool = False) -> Net:
    """Build one network of a model folder and load its weights, see `load_weights`.

    The configuration may come from anywhere: the network is first planned without memory, and only built where the
    file of weights has the same names and shapes.

    Raises
    ------
    ModelError
        The weights are missing or damaged, or do not fit the configuration.
    """
    weights = read_weights(folder, name, raw=raw)
    try:
        with torch.device("meta"):
            planned = build()
    except (RuntimeError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ModelError(f"its configuration describes no network that could be built ({error})", folder) from error
    check_fit(planned, weights, name, str(folder))
    net = build()
    load_network(net, weights, name, str(folder))
    return net
