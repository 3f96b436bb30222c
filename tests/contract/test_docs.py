"""Every command that a page, a recipe or a help shows: its options exist, and their values are ones that it takes."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gantools.cli.app import VERBS, find_command
from gantools.cli.metricpage import metrics_page
from gantools.cli.shipped import PLACES
from gantools.cli.standing import OFF
from gantools.cli.variables import HEADING, variables_table

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RECIPES = sorted((ROOT / "examples").rglob("*.sh"))
#: Options of other programs that pages name.
FOREIGN = {"--decode", "--other-method", "--genres", "--root"}  # lame's, demucs', and those of an example
FOREIGN |= {"--dependency"}  # sbatch's
#: What stands for a variable of the shell where 1, a number and a name of a file, will not do.
STANDS_FOR = {"budget": "5m", "codes": "32", "mixer": "gains", "preset": "small", "variant": "style"}
#: Functions of scripts that run the command in their arguments.
WRAPPERS = {"once", "into"}
#: Words after which a command begins.
BEFORE = {"do", "then", "time", "exec", "-m", "nohup"}


def leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield a command, or those below it, with the words that name it."""
    if not hasattr(command, "commands"):
        yield command, words
        return
    for name, below in command.commands.items():
        yield from leaves(below, (*words, name))


COMMANDS = {words: command for verb in VERBS for command, words in leaves(find_command([verb])[0], (verb,))}
OPTIONS = {
    option
    for command in COMMANDS.values()
    for parameter in command.params
    if parameter.param_type_name == "option"
    for option in (*parameter.opts, *parameter.secondary_opts)
}


def shell_lines(text: str) -> Iterator[str]:
    """Yield the lines of a page's shell blocks, joined where they go on; of a console, what is typed."""
    for kind, block in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL):
        if kind in ("sh", "console", ""):
            lines = block.replace("\\\n", " ").splitlines()
            yield from (line.removeprefix("$ ") for line in lines if kind != "console" or line.startswith("$ "))


def calls(line: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of gantools in a line of shell."""
    if "gantools " not in line or line.lstrip().startswith("#"):
        return
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&()<>")
    lexer.whitespace_split = True
    with contextlib.suppress(ValueError):  # a quotation that goes on in the next line
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|;&()<>"):
                place = words.index("gantools") if "gantools" in words else -1
                before = words[place - 1] if place > 0 else "do"
                # `once NAME gantools ...` and `into FILE gantools ...` of the reproductions run what follows, too.
                if place >= 0 and words[place + 1 :] and (before in BEFORE or "=" in before or words[0] in WRAPPERS):
                    yield words[place + 1 :]
                words = []
            else:
                words.append(word)


def check(arguments: list[str]) -> None:
    """Resolve a call as the program does, up to the point where it would begin."""
    if arguments[0].endswith((":", ".")):  # what the program prints, and the end of a sentence
        return
    if arguments[0] not in VERBS:
        assert arguments[:1] in (
            ["VERB"],
            ["help"],
            ["--help"],
            ["--version"],
            ["-h"],
            ["-V"],
            ["--env"],
            ["--models"],
            ["--completion"],
        ), arguments
        return
    arguments = [re.sub(r"\$\{?(\w+)\}?", stand_in, word) for word in arguments if "[@]" not in word]
    command, name, rest = find_command(arguments)
    if {"--help", "-h", "..."} & set(rest) or hasattr(command, "commands"):
        return
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            command(args=["--print-config", *rest], prog_name=name, standalone_mode=False)
        except Exception as error:
            told = error.format_message() if hasattr(error, "format_message") else str(error)
            if "Missing argument" not in told:  # a page may leave out what goes before
                raise AssertionError(f"gantools {shlex.join(arguments)}: {told}") from error
            return
    assert printed.getvalue().startswith("{"), arguments


def stand_in(found: re.Match[str]) -> str:
    """Return what may stand in place of a variable of the shell."""
    return STANDS_FOR.get(found[1], "1")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_of_a_page_parse(path: Path) -> None:
    for line in shell_lines(path.read_text()):
        for arguments in calls(line):
            check(arguments)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_commands_of_a_recipe_parse(path: Path) -> None:
    for line in path.read_text().replace("\\\n", " ").splitlines():
        for arguments in calls(line):
            check(arguments)


@pytest.mark.parametrize("words", COMMANDS, ids="-".join)
def test_examples_of_a_help_parse(words: tuple[str, ...]) -> None:
    shown = [line.strip() for line in (COMMANDS[words].help or "").splitlines()]
    examples = [arguments for line in shown if "gantools " in line for arguments in calls(line)]
    assert any(tuple(arguments[: len(words)]) == words for arguments in examples)
    for arguments in examples:
        check(arguments)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_options_that_a_page_names_exist(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    codes = " ".join(re.findall(r"`([^`]*)`", text))
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", codes))
    assert not named - OPTIONS - FOREIGN - {"--help", "--version", "--env", "--models", "--completion"}


def test_the_page_of_the_metrics_is_that_of_the_metrics() -> None:
    """``make man`` writes it anew."""
    page = metrics_page()
    assert (ROOT / "docs/metrics.md").read_text(encoding="utf-8") == page, "not of this version; make man"
    assert all((ROOT / file).exists() for file in re.findall(r"tests/[\w/]+\.py", page))


def test_the_page_of_options_has_every_variable() -> None:
    """``make man`` writes the table anew."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert page.partition(HEADING)[2] == f"\n{variables_table()}"
    known = {name for c in COMMANDS.values() for option in c.callback.options for name in option.variables}
    assert set(re.findall(r"`(GANTOOLS_\w+)`", page.partition(HEADING)[2])) == known | {OFF, PLACES}
