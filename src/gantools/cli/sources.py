"""Values of options that no flag gave: ``GANTOOLS_*`` variables, then the TOML file of ``--config``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError
from gantools.options import did_you_mean

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


class Sources:
    """The environment, and the TOML file of ``--config`` where there is one.

    Parameters
    ----------
    path : Path or None
        The file.
    options : iterable of Option
        All that the file may hold.

    Raises
    ------
    ConfigError
        The file cannot be read, is no TOML, says one option twice, or holds an unknown one.
    """

    def __init__(self, path: Path | None, options: Iterable[Option]) -> None:
        self._path, self._values = path, dict[Option, tuple[str, Any]]()
        if path is None:
            return
        options = list(options)
        for key, value in _read(path).items():
            meant = [option for option in options if key in option.keys]
            if not meant:
                there = sorted(key for option in options for key in option.keys)
                raise ConfigError(f"unknown option {key!r}{did_you_mean(key, there)}", path)
            for option in meant:
                if option in self._values:
                    raise ConfigError(f"{self._values[option][0]} and {key} are one option; keep one", path)
                self._values[option] = key, value

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
        if option in self._values:
            key, value = self._values[option]
            return _from_toml(value, option.kind, f"{self._path}: {key}"), f"{self._path}: {key}"
        return None, ""


def _read(path: Path) -> Mapping[str, Any]:
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
