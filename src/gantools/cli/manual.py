"""Every command with its options, read off the commands themselves: what completion and manual pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gantools.cli.app import VERBS, find_command
from gantools.cli.sections import section_of

_CHOICES = re.compile(r"(?:One of|Named settings:) ([^.]+)\.")


@dataclass(frozen=True)
class Entry:
    """An option or argument.

    Attributes
    ----------
    names : tuple of str
        As they are typed, long ones first; of an argument its own.
    value : str
        What it takes, such as ``<int>``; empty for a switch.
    help : str
    choices : tuple of str
        What may be chosen, empty where anything can.
    section : str
        Heading in the help.
    """

    names: tuple[str, ...]
    value: str
    help: str
    choices: tuple[str, ...]
    section: str


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes
    ----------
    path : tuple of str
        ``("generate", "musika")``.
    line : str
        One sentence.
    help : str
        All of its help before the options, the examples behind it indented.
    entries : tuple of Entry
    parts : tuple of str
        Names of the commands below it.
    """

    path: tuple[str, ...]
    line: str
    help: str
    entries: tuple[Entry, ...]
    parts: tuple[str, ...]


@lru_cache(maxsize=1)
def all_commands() -> tuple[Command, ...]:
    """Return every verb in the order of a pipeline, each before the commands below it."""
    return tuple(command for verb in VERBS for command in _with_parts((verb,)))


def _with_parts(path: tuple[str, ...]) -> Iterator[Command]:
    command, name, _ = find_command(path)
    parts = tuple(getattr(command, "commands", ()))
    context = command.make_context(name, [], resilient_parsing=True)
    help_ = (command.help or "").replace("\b", "").strip()
    line = VERBS[path[0]] if len(path) == 1 else re.split(r"\n\s*\n|(?<=\.)\s", help_)[0].replace("\n", " ")
    yield Command(path, line, help_, tuple(_entries(command, context)), parts)
    for part in parts:
        yield from _with_parts((*path, part))


def _entries(command: Any, context: Any) -> Iterator[Entry]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        shown, text = record
        if parameter.param_type_name == "argument":
            names, value = (parameter.name,), shown.partition(" ")[2]
        else:
            names = tuple(sorted((*parameter.opts, *parameter.secondary_opts), key=lambda n: not n.startswith("--")))
            value = "" if parameter.is_flag else shown.rpartition(" ")[2]
        found = _CHOICES.search(text or "")
        choices = tuple(found[1].split(", ")) if found else ()
        yield Entry(names, value, " ".join((text or "").split()), choices, section_of(parameter))
