"""Weights of a trained model, for generating and for fine-tuning."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.containers import read_state, verify
from gantools.files.jsontext import parse_object
from gantools.options import from_mapping

_ABSENT = "not there"
Tensors = dict[str, torch.Tensor]
Net = TypeVar("Net", bound=nn.Module)
Options = TypeVar("Options")
#: Version of `config.json`.
SCHEMA = 1


def read_model(folder: str | Path, system: str = "") -> dict[str, Any]:
    """Return the contents of `config.json` of a model folder; with `system`, of a model of that system.

    Returns
    -------
    dict
        ``system`` (name), ``config`` (its configuration as JSON values), ``data`` (as `System.data`), ``networks``
        (name to parameter count), ``ema`` (names with a moving average of their weights) and ``versions``.

    Raises
    ------
    ModelError
        The folder is absent, is no model folder or one of another system, or a file of weights is missing.
    """
    folder = Path(folder)
    model = read_configuration(folder)
    if system and model["system"] != system:
        raise ModelError(f"is a model of {model['system']}, not of {system}", folder)
    for name in weight_files(model):
        if not (folder / name).is_file():
            raise ModelError(f"the file of weights {name} is missing; restore it or train the model again", folder)
    return model


def read_configuration(folder: str | Path) -> dict[str, Any]:
    """Return the checked contents of `config.json` of a model folder, whether its weights are there or not.

    Raises
    ------
    ModelError
        There is none, or it is not the configuration of a model of this schema.
    """
    path = Path(folder) / "config.json"
    try:
        model = parse_object(path.read_text(encoding="utf-8"))
        if wrong := _what_is_wrong(model):
            raise ModelError(f"not the configuration of a model ({wrong}); train it again, or restore the file", path)
    except OSError as error:
        raise ModelError(f"no model folder: config.json cannot be read ({error.strerror})", folder) from error
    except ValueError as error:
        raise ModelError("not the configuration of a model; train it again, or restore the file", path) from error
    return model


def trained_with(kind: type[Options], model: dict[str, Any], folder: str | Path) -> Options:
    """Return the options with which a model was trained, from the contents of its `config.json`.

    Raises
    ------
    ModelError
        They are no options of this kind, or out of range.
    """
    try:
        return from_mapping(kind, model["config"])
    except ConfigError as error:
        wrong = f"not the configuration of a model ({error.message}); train it again, or restore the file"
        raise ModelError(wrong, Path(folder) / "config.json") from error


def _what_is_wrong(model: dict[str, Any]) -> str:
    """Return what keeps an object from being the configuration of a model, or an empty string."""
    if model.get("schema") != SCHEMA:
        return f"schema {model.get('schema')!r}, not {SCHEMA}"
    for part, kind in (("system", str), ("config", dict), ("data", dict), ("networks", dict), ("ema", list)):
        if not isinstance(model.get(part), kind):
            return f"{part} is missing or of another type"
    for name in (*model["networks"], *model["ema"]):
        if not (isinstance(name, str) and re.fullmatch(r"\w+", name)):
            return f"{name!r} is no name of a network"
    if not set(model["ema"]) <= set(model["networks"]):
        return "ema names a network that there is not"
    return ""


def weight_files(model: dict[str, Any]) -> list[str]:
    """Return the names of all files of weights that belong to a model."""
    return [f"{name}.safetensors" for name in [*model["networks"], *(f"{name}.ema" for name in model["ema"])]]


def model_files(folder: str | Path, model: dict[str, Any]) -> list[Path]:
    """Return the description of a model and all its files of weights: what its results depend on."""
    return [Path(folder) / name for name in ["config.json", *weight_files(model)]]


def read_weights(folder: str | Path, name: str, *, raw: bool = False) -> Tensors:
    """Return the weights of one network: the averaged ones where there are some, unless `raw`.

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


def check_model(folder: str | Path) -> None:
    """Read all weights and states of a model folder.

    Raises
    ------
    ModelError
        A file is damaged.
    """
    for path in sorted(Path(folder).rglob("*.safetensors")):
        try:
            verify(path)
        except InputError as error:
            raise ModelError(f"{error.what}; restore it, or train the model again with --no-resume", path) from error


def load_weights(folder: str | Path, name: str, net: nn.Module, *, raw: bool = False) -> None:
    """Load the weights of one network of a model folder into `net`; see `read_weights` and `state.load_network`."""
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


def first_difference(here: Any, there: Any, key: str = "") -> str:
    """Return a sentence on the first place where two JSON values differ, or an empty string."""
    if isinstance(here, dict) and isinstance(there, dict):
        for name in sorted({*here, *there}):
            below = f"{key}.{name}" if key else name
            if name not in here or name not in there:
                return f"{below} is {here.get(name, _ABSENT)!r} here and {there.get(name, _ABSENT)!r} in the model"
            if difference := first_difference(here[name], there[name], below):
                return difference
        return ""
    return "" if here == there else f"{key} is {here!r} here and {there!r} in the model"
