"""The table of all ``GANTOOLS_*`` variables, as docs/configuration.md has it, read off the options of all commands.

python -m gantools.cli.variables docs/configuration.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gantools.cli.app import VERBS, find_command
from gantools.cli.shipped import PLACES
from gantools.cli.standing import OFF
from gantools.files.atomic import write_text

#: What stands before the table; what is behind it is written anew.
HEADING = "## Variables\n"
_KINDS = {
    "int": "whole number",
    "float": "number",
    "str": "text",
    "Path": "path",
    "bool": "yes or no",
    "tuple": "numbers",
    "list": "list, as of PATH",
}


def variables_table() -> str:
    """Return the table: variables, kind of value, option, and the commands that have it."""
    leaves = dict(_leaves())
    # Names of one option, such as that of a field and that of its flag, stand together.
    kinds: dict[str, str] = {}
    flags: dict[str, str] = {}
    where: dict[str, list[tuple[str, ...]]] = {}
    for words, command in leaves.items():
        typed = {text for parameter in command.params for text in parameter.opts}
        for option in command.callback.options:
            names = ", ".join(f"`{name}`" for name in option.variables)
            kinds[names] = _KINDS[option.kind.__name__]
            flag = "-0" if option.name == "null" else f"--{option.flag}"
            flags[names] = f"`{flag}`" if flag in typed else ""
            if words not in where.setdefault(names, []):
                where[names].append(words)
    lines = ["| variable | value | option | commands |", "|---|---|---|---|"]
    lines += [
        f"| {names} | {kinds[names]} | {flags[names]} | {_commands(where[names], list(leaves))} |"
        for names in sorted(where)
    ]
    lines.append(f"| `{OFF}` | {_KINDS['bool']} | | every verb: no `gantools.toml` is read |")
    lines.append(f"| `{PLACES}` | {_KINDS['list']} | | `gantools --models`: more folders that hold models |")
    return "\n".join(lines) + "\n"


def _leaves() -> Iterator[tuple[tuple[str, ...], Any]]:
    stack: list[tuple[tuple[str, ...], Any]] = [((verb,), find_command([verb])[0]) for verb in reversed(VERBS)]
    while stack:
        words, command = stack.pop()
        below = getattr(command, "commands", None)
        if below is None:
            yield words, command
        else:
            stack += [((*words, name), one) for name, one in reversed(below.items())]


def _commands(where: list[tuple[str, ...]], every: list[tuple[str, ...]]) -> str:
    """Return commands in words: a verb alone where all that is below it has the option."""
    if len(where) == len(every):
        return "every verb"
    told = []
    for verb in VERBS:
        own = [words for words in every if words[0] == verb]
        here = [" ".join(words[1:]) for words in where if words[0] == verb]
        if here:
            told.append(verb if len(here) == len(own) else f"{verb} ({', '.join(here)})")
    return ", ".join(told)


def main(page: Path) -> None:
    """Write the table into the page, behind its heading."""
    before, heading, _ = page.read_text(encoding="utf-8").partition(HEADING)
    write_text(page, f"{before}{heading}\n{variables_table()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
