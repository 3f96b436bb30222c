"""Values of options that no flag gave: ``GANTOOLS_*`` variables, the TOML file of ``--config``, files that stand."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gantools.errors import ConfigError
from gantools.options import did_you_mean

#: Level of what a preset says: weaker than all that is asked for.
WEAKEST = 100
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True)
class Option:
    """How one option is called outside the command line.

    Attributes
    ----------
    name : str
        As in the code, such as ``batch_size``.
    flag : str
        As on the command line, without dashes before it.
    kind : type
        bool, int, float, str, Path, or tuple for two whole numbers.
    """

    name: str
    flag: str
    kind: type

    @property
    def keys(self) -> set[str]:
        """Names that mean this option in a TOML file: its own and its flag's, with ``_`` or ``-``."""
        words = {self.name, self.flag} - {""}
        return {word.replace(a, b) for word in words for a, b in ("_-", "-_")}

    @property
    def variables(self) -> list[str]:
        """Environment variables that mean this option."""
        return sorted({f"GANTOOLS_{key.upper()}" for key in self.keys if "-" not in key})


class Section(Protocol):
    """What a file that stands says of a command."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def said(self) -> str:
        """What leads its keys in messages."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Keys to values."""


class Sources:
    """The environment, the TOML file of ``--config`` where there is one, and sections of files that stand.

    Parameters
    ----------
    path : Path or None
        The file.
    options : iterable of Option
        All that the file may hold.
    standing : iterable
        Sections of files that stand, the strongest first, each with ``path``, ``said`` and ``values``.

    Attributes
    ----------
    used : dict
        Files that stand -> keys that were taken from them.

    Raises
    ------
    ConfigError
        The file cannot be read, is no TOML, says one option twice, or holds an unknown one.
    """

    def __init__(self, path: Path | None, options: Iterable[Option], standing: Iterable[Section] = ()) -> None:
        options = list(options)
        self.used: dict[Path, list[str]] = {}
        # Said, key and value of each option, by file or section, the strongest first; and the file where it stands.
        self._layers: list[tuple[Path | None, dict[Option, tuple[str, str, Any]]]] = []
        if path is not None:
            table = read_toml(path)
            there = sorted(key for option in options for key in option.keys)
            unknown = [f"{key!r}{did_you_mean(key, there)}" for key in table if key not in there]
            if unknown:
                raise ConfigError(f"unknown option{'s' * (len(unknown) > 1)} {', '.join(unknown)}", path)
            self._layers.append((None, _meant(path, f"{path}:", table, options)))
        self._layers += [(one.path, _meant(one.path, one.said, one.values, options)) for one in standing]

    def find(self, option: Option) -> tuple[Any, str]:
        """Return the value of an option, and what to call it in an error; (None, "") where no source has it.

        Raises
        ------
        ConfigError
            The value is not of the option's kind.
        """
        for variable in option.variables:
            if os.environ.get(variable, ""):  # an empty one counts as unset
                return from_text(os.environ[variable], option.kind, variable), variable
        for standing, values in self._layers:
            if option in values:
                said, key, value = values[option]
                if standing and key not in self.used.setdefault(standing, []):
                    self.used[standing].append(key)
                return _from_toml(value, option.kind, said), said
        return None, ""

    def level(self, option: Option) -> int:
        """Return how weakly an option is asked for: 1 by a variable, from 2 on by files, in their order."""
        if any(os.environ.get(variable, "") for variable in option.variables):
            return 1
        return next((number for number, (_, values) in enumerate(self._layers, start=2) if option in values), WEAKEST)


def _meant(
    path: Path, lead: str, table: Mapping[str, Any], options: Iterable[Option]
) -> dict[Option, tuple[str, str, Any]]:
    """Return what the keys of a file or section mean, with what to call them in an error."""
    found: dict[Option, tuple[str, str, Any]] = {}
    for key, value in table.items():
        for option in (option for option in options if key in option.keys):
            if option in found:
                raise ConfigError(f"{found[option][1]} and {key} are one option; keep one", path)
            found[option] = f"{lead} {key}", key, value
    return found


def read_toml(path: Path) -> Mapping[str, Any]:
    """Return what a TOML file holds; raises ConfigError where it cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", path) from error
    except RecursionError as error:
        raise ConfigError("nested too deeply for a file of options", path) from error
    except ValueError as error:  # TOML or UTF-8; a name with a NUL
        raise ConfigError(f"not a TOML file: {error}", path) from error


def truth(text: str) -> bool | None:
    """Return what a boolean variable says; None where it is neither."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def from_text(text: str, kind: type, said: str) -> Any:
    """Return the value that a variable holds; raises ConfigError, led by `said`, where it is not of its kind."""
    if kind is bool:
        value = truth(text)
        if value is None:
            raise ConfigError(f"{said}={text!r}: write true or false")
        return value
    if kind is list:
        return text.split(os.pathsep)
    try:
        return tuple(int(part) for part in text.split()) if kind is tuple else kind(text)
    except ValueError as error:
        raise ConfigError(f"{said}={text!r} is not of type {kind.__name__}") from error


def _from_toml(value: Any, kind: type, said: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is tuple and isinstance(value, list) and all(type(part) is int for part in value):
        return tuple(value)
    if type(value) is not kind:
        raise ConfigError(f"{said}: {value!r} is not of type {'str' if kind is Path else kind.__name__}")
    return value
