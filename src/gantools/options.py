"""Configuration, said once: frozen dataclasses whose fields carry help, unit and range.

The command line builds its flags from these fields, TOML files use their names as keys, and
`config.json` in a model folder is their dump.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gantools.errors import ConfigError
from gantools.files.hashing import hash_json

T = TypeVar("T")


def option(
    default: Any,
    help: str,
    *,
    unit: str = "",
    choices: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
    flag: str | None = None,
    parse: Callable[[str], Any] | None = None,
    group: str = "",
) -> Any:
    """Declare one field of a configuration dataclass.

    Parameters
    ----------
    default
        Default value; its annotation must be bool, int, float, str or an optional of these.
    help : str
        For ``--help``: plain English sentences that say what changes for the ear or the time it takes.
    unit : str
        Unit of the value, shown in the help.
    choices : sequence of str, optional
        The only values allowed.
    low, high : float, optional
        Inclusive range.
    flag : str, optional
        Command-line flag where it differs from the field name; ``""`` means no flag.
    parse : callable, optional
        One of `gantools.parsing`: what a text means, checked as soon as it is given; `parsed` returns it. An empty text
        counts as unset and is not checked.
    group : str
        Section of ``--help``; without one the option stands among the first, which people use most.
    """
    metadata = {
        "help": help,
        "unit": unit,
        "choices": tuple(choices) if choices else None,
        "low": low,
        "high": high,
        "flag": flag,
        "parse": parse,
        "group": group,
    }
    return dataclasses.field(default=default, metadata=metadata)


def field_types(cls: type) -> dict[str, Any]:
    """Return field name -> annotation, resolved, for a configuration dataclass."""
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}


def base_type(annotation: Any) -> type:
    """Return T for an annotation ``T`` or ``T | None``."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation


def check_value(field: dataclasses.Field[Any], annotation: Any, value: Any) -> Any:
    """Check type, choices and range of one value and return it converted.

    Raises
    ------
    ConfigError
        Naming the field, the value and what is allowed.
    """
    kind = base_type(annotation)
    if value is None:
        if kind is annotation:
            raise ConfigError(f"{field.name}: needs a value of type {kind.__name__}")
        return None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{field.name}: {value!r} is not of type {kind.__name__}")
    choices = field.metadata.get("choices")
    if choices and value not in choices:
        raise ConfigError(f"{field.name}: {value!r} is not one of {', '.join(choices)}{did_you_mean(value, choices)}")
    low, high = field.metadata.get("low"), field.metadata.get("high")
    # Written so that NaN fails too.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        bounds = f"at least {low:g}" if high is None else f"at most {high:g}" if low is None else f"{low:g} to {high:g}"
        raise ConfigError(f"{field.name}: {value!r} is out of range; {bounds}")
    if value != "" and field.metadata.get("parse"):
        _parse(field, value)
    return value


def _parse(field: dataclasses.Field[Any], text: Any) -> Any:
    try:
        return field.metadata["parse"](text)
    except ConfigError as error:
        raise ConfigError(f"{field.name}: {error.message}") from error


def parsed(config: Any, name: str) -> Any:
    """Return what the text of a field with ``parse`` means.

    Raises
    ------
    ConfigError
        Naming the field: its text cannot be read.
    """
    return _parse(type(config).__dataclass_fields__[name], getattr(config, name))


def did_you_mean(word: Any, candidates: Sequence[str]) -> str:
    """Return ``"; did you mean X?"`` for a close candidate, else an empty string."""
    close = difflib.get_close_matches(str(word), candidates, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def from_mapping(cls: type[T], mapping: Mapping[str, Any], base: T | None = None) -> T:
    """Build a configuration from names and values.

    Parameters
    ----------
    cls : type
        A frozen dataclass made of `option` fields.
    mapping : mapping
        Field names to values, as read from TOML or JSON.
    base : instance of `cls`, optional
        Values for the fields that `mapping` leaves out; the defaults otherwise.

    Raises
    ------
    ConfigError
        For an unknown key (with a suggestion), a wrong type or a value out of range.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = field_types(cls)
    values = {}
    for key, value in mapping.items():
        if key not in fields:
            raise ConfigError(f"unknown option {key!r}{did_you_mean(key, list(fields))}")
        values[key] = check_value(fields[key], hints[key], value)
    if base is None:
        return cls(**values)
    return dataclasses.replace(base, **values)  # type: ignore[type-var]


def to_mapping(config: Any) -> dict[str, Any]:
    """Return a configuration as a plain dict of JSON values."""
    return dataclasses.asdict(config)


def config_hash(config: Any) -> str:
    """Return the hash of a configuration: of its class name and its values."""
    return hash_json([type(config).__name__, to_mapping(config)])
