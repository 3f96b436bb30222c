"""Options that stand in files: ``gantools.toml`` of the project and of the user, a section for each verb or system."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantools.cli.flags import STANDARD
from gantools.cli.sources import Option, read_toml, truth
from gantools.errors import ConfigError
from gantools.options import did_you_mean

NAME = "gantools.toml"
#: Variable that turns the files off, for scripts that must not depend on who runs them.
OFF = "GANTOOLS_NO_FILES"
#: What only the command line may ask for: a file, which may have come with others, must not have the user's own files
#: overwritten or a model trained anew in the place of one, nor connect to the network; least of all to a scheduler,
#: whose word is code.
_TYPED_ONLY = ("force", "download", "resume", "cluster")


@dataclass(frozen=True)
class Layer:
    """A section that counts for a command.

    Attributes
    ----------
    path : Path
        The file.
    said : str
        What leads its keys in messages, such as ``gantools.toml: [train.caw]``.
    values : mapping
        Keys to values.
    """

    path: Path
    said: str
    values: Mapping[str, Any]


def standing_files() -> dict[str, Path]:
    """Return where the files are looked for, the stronger first; none where `OFF` says so.

    That of the project lies in the current folder, or else in the nearest folder above it within one repository: not
    in any folder above, which may be another user's.
    """
    if truth(os.environ.get(OFF, "")):
        return {}
    return {"project": _project_file(Path.cwd()), "user": _user_folder() / "gantools" / NAME}


def _project_file(here: Path) -> Path:
    repository = next((folder for folder in (here, *here.parents) if os.path.exists(folder / ".git")), here)
    folders = [folder for folder in (here, *here.parents) if folder.is_relative_to(repository)]
    return next((folder / NAME for folder in folders if os.path.isfile(folder / NAME)), here / NAME)


def _user_folder() -> Path:
    default = os.environ.get("APPDATA", "") if sys.platform == "win32" else ""
    return Path(os.environ.get("XDG_CONFIG_HOME", "") or default or os.path.join(os.path.expanduser("~"), ".config"))


class Standing:
    """What the files say of commands.

    Parameters
    ----------
    find : callable
        Returns the command that words name, such as ``["train"]``, with those below it.
    verbs : sequence of str
        Names of all verbs.
    arguments : sequence of str
        What was typed behind ``gantools``.

    Attributes
    ----------
    command : str
        The whole line as a shell takes it.
    """

    def __init__(self, find: Callable[[Sequence[str]], Any], verbs: Sequence[str], arguments: Sequence[str]) -> None:
        self._find, self._verbs = find, verbs
        self.command = shlex.join(["gantools", *arguments])

    def layers(self, words: Sequence[str], options: Sequence[Option]) -> list[Layer]:
        """Return the sections that count for a command, the strongest first, with the keys that it knows.

        Parameters
        ----------
        words : sequence of str
            The command, such as ``["train", "caw"]``.
        options : sequence of Option
            What it knows. A key of ``[train]`` that only other systems know is passed over.

        Raises
        ------
        ConfigError
            A file cannot be read, or names a verb, system or option that there is not; all of them in one line.
        """
        known = {key for option in options for key in option.keys}
        found = []
        for path in standing_files().values():
            if os.path.isfile(path):  # False too where it may not be looked at
                shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
                sections = list(self._sections(shown, words))
                found += [
                    Layer(shown, f"{shown}:{title}", {key: value for key, value in values.items() if key in known})
                    for title, values in reversed(sections)
                ]
        return found

    def _sections(self, path: Path, words: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the sections of a file that count for a command, the most general first, as titles and plain keys."""
        table, wrong = read_toml(path), list[str]()
        command: Any = None
        for depth in range(len(words) + 1):
            here = words[:depth]
            title = f" [{'.'.join(here)}]" if here else ""
            command = self._find(here) if depth == 1 else command and command.commands[here[-1]]
            below = list(getattr(command, "commands", {})) if command else list(self._verbs)
            plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
            there = (
                _keys_below(command) if here else {name.replace(*pair) for name in STANDARD for pair in ("__", "_-")}
            )
            wrong += [f"{key!r}{title and f' in{title}'}{_hint(key, there)}" for key in plain if key not in there]
            wrong += [
                f"[{'.'.join((*here, key))}]{_hint(key, below)}"
                for key, value in table.items()
                if isinstance(value, dict) and key not in below
            ]
            if typed := [key for key in plain if key in _TYPED_ONLY]:
                raise ConfigError(f"{typed[0]} is for the command line alone; take it out", path)
            yield title, plain
            inner = table.get(words[depth], {}) if depth < len(words) else {}
            table = inner if isinstance(inner, dict) else {}
        if wrong:
            raise ConfigError(f"unknown: {', '.join(wrong)}", path)


def _hint(word: str, there: Iterable[str]) -> str:
    told = did_you_mean(word, sorted(there)).removeprefix("; ")
    return f" ({told})" if told else ""


def _keys_below(command: Any) -> set[str]:
    """Return the keys of the options of a command and of all below it."""
    if hasattr(command, "commands"):
        return set[str]().union(*(_keys_below(below) for below in command.commands.values()))
    return {key for option in command.callback.options for key in option.keys}
