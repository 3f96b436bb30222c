"""The model folder: what `config.json` says of a model, which files belong to it, and whether they are whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.containers import verify
from gantools.files.hashing import hash_file
from gantools.files.jsontext import parse_object
from gantools.options import config_hash, from_mapping, to_mapping
from gantools.version import __version__

_ABSENT = "not there"
Options = TypeVar("Options")
#: Version of `config.json`.
SCHEMA = 2


class OtherVersionError(ModelError):
    """A model folder is that of another version of gantools, with another `config.json`."""


def describe(
    system: str,
    config: Any,
    data: Mapping[str, Any],
    networks: Mapping[str, int],
    ema: Iterable[str] = (),
    started_from: Mapping[str, str] | None = None,
    preset: str = "",
) -> dict[str, Any]:
    """Return what goes into `config.json`.

    Parameters
    ----------
    system : str
        Name of the system.
    config : dataclass
        The options that the model is trained with.
    data : mapping
        Description of the training data in JSON values, as `System.data`.
    networks : mapping
        Name of each network that has a file of weights -> number of its parameters.
    ema : iterable of str
        Names of those that have another file, with the moving average of their weights.
    started_from : mapping, optional
        ``path`` and ``hash`` of the model whose weights the training began with.
    preset : str
        Name of the settings that the options are based on; empty where nobody has named any.
    """
    import torch

    return {
        "schema": SCHEMA,
        "system": system,
        **({"preset": preset} if preset else {}),
        "config": to_mapping(config),
        "config_hash": config_hash(config),
        "data": data,
        "networks": dict(networks),
        "ema": list(ema),
        "started_from": started_from,
        "versions": {"gantools": __version__, "torch": str(torch.__version__)},
    }


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
    model = read_configuration(folder, system)
    for name in weight_files(model):
        if not (folder / name).is_file():
            raise ModelError(f"the file of weights {name} is missing; restore it or train the model again", folder)
    return model


def read_configuration(folder: str | Path, system: str = "") -> dict[str, Any]:
    """Return the checked contents of `config.json` of a model folder, whether its weights are there or not.

    With `system`, of a model of that system.

    Raises
    ------
    OtherVersionError
        It is that of a model of another schema.
    ModelError
        There is none, or it is not the configuration of a model, or that of another system.
    """
    path = Path(folder) / "config.json"
    try:
        model = parse_object(path.read_text(encoding="utf-8"))
        schema = model.get("schema")
        if isinstance(model.get("system"), str) and isinstance(schema, int) and schema != SCHEMA:
            raise OtherVersionError(
                f"made by another version of gantools (schema {schema}, not {SCHEMA}); train it again", folder
            )
        if wrong := _what_is_wrong(model):
            raise ModelError(f"not the configuration of a model ({wrong}); train it again, or restore the file", path)
    except OSError as error:
        raise ModelError(f"no model folder: config.json cannot be read ({error.strerror})", folder) from error
    except ValueError as error:
        raise ModelError("not the configuration of a model; train it again, or restore the file", path) from error
    if system and model["system"] != system:
        raise ModelError(f"is a model of {model['system']}, not of {system}", folder)
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
        # Names become names of files: anything but a word could lead out of the folder.
        if not (isinstance(name, str) and re.fullmatch(r"\w+", name)):
            return f"{name!r} is no name of a network"
    if not set(model["ema"]) <= set(model["networks"]):
        return "ema names a network that there is not"
    return ""


def system_of(folder: str | Path) -> str:
    """Return the name of the system whose model a folder is, of any version; empty where it is none."""
    try:
        system = parse_object((Path(folder) / "config.json").read_text(encoding="utf-8"))["system"]
    except (OSError, ValueError, KeyError):
        return ""
    return system if isinstance(system, str) else ""


def weight_files(model: dict[str, Any]) -> list[str]:
    """Return the names of all files of weights that belong to a model."""
    return [f"{name}.safetensors" for name in [*model["networks"], *(f"{name}.ema" for name in model["ema"])]]


def model_files(folder: str | Path, model: dict[str, Any]) -> list[Path]:
    """Return the description of a model and all its files of weights: what its results depend on."""
    return [Path(folder) / name for name in ["config.json", *weight_files(model)]]


def hash_weights(folder: str | Path, names: Iterable[str]) -> str:
    """Return the hashes of the files of weights of some networks, apart by spaces: equal for equal weights alone."""
    return " ".join(hash_file(Path(folder) / f"{name}.safetensors") for name in names)


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
