"""What helps show: ``-h`` a screen with three examples and ten options at most, ``--help`` every option once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gantools.cli.app import VERBS, find_command
from gantools.cli.sections import MOST_EXAMPLES, MOST_OPTIONS, common_options, purpose_and_examples

#: Headings of the whole help in their order; what only one command has stands behind the second.
ORDER = (
    "Arguments",
    "Options",
    "",
    "Input and output",
    "Model",
    "Training",
    "Network",
    "Machine",
    "Options of every verb",
)


def commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield a command and all below it, with the words that name them."""
    yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*words, name))


ALL = dict(found for verb in VERBS for found in commands(find_command([verb])[0], (verb,)))
LEAVES = {words: command for words, command in ALL.items() if not hasattr(command, "commands")}


def shown(words: tuple[str, ...], word: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command prints for ``-h`` or ``--help``."""
    command, name, rest = find_command([*words, word])
    command(args=rest, prog_name=name, standalone_mode=False, help_option_names=["-h", "--help"])
    return capsys.readouterr().out


def section(text: str, title: str) -> list[str]:
    """Return the lines below a heading."""
    found = re.search(rf"^{re.escape(title)}:\n((?:  .*\n?)*)", text, re.MULTILINE)
    return found[1].splitlines() if found else []


@pytest.mark.parametrize("words", LEAVES, ids="-".join)
def test_the_short_help_is_a_screen(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(words, "-h", capsys)
    purpose, examples = purpose_and_examples(LEAVES[words].help)
    assert purpose in " ".join(re.sub(r"-\n +", "-", text).split())
    assert len(section(text, "Examples")) == MOST_EXAMPLES
    assert section(text, "Examples") == [f"  {line}" for line in examples[:MOST_EXAMPLES]]
    options = [line for line in section(text, "Options") if re.match("  -", line)]
    assert 1 <= len(options) <= MOST_OPTIONS
    assert [re.search(r"--[\w-]+", line)[0] for line in options] == [
        next(word for word in option.opts if word.startswith("--")) for option in common_options(LEAVES[words].params)
    ]
    assert f"gantools {' '.join(words)} --help shows all" in text


@pytest.mark.parametrize("words", ALL.keys() - LEAVES.keys(), ids="-".join)
def test_the_help_of_a_group_has_three_examples(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(words, "-h", capsys)
    assert len(re.findall(r"^ +gantools ", text, re.MULTILINE)) == MOST_EXAMPLES
    assert len(section(text, "Commands")) == len(ALL[words].commands)


@pytest.mark.parametrize("words", LEAVES, ids="-".join)
def test_the_whole_help_has_every_option_once_under_headings_in_order(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(words, "--help", capsys)
    titles = [title.split(" (")[0] for title in re.findall(r"^(\S.*):$", text, re.MULTILINE)]
    places = [ORDER.index(title) if title in ORDER else ORDER.index("") for title in titles]
    assert places == sorted(places), titles
    options = [option for option in LEAVES[words].params if option.param_type_name == "option"]
    told = text[re.search(r"^(Arguments|Options):$", text, re.MULTILINE).start() :]
    heads = Counter(re.findall(r"^  (?:-\w, )?(-[\w-]+)", told, re.MULTILINE))
    for option in options:
        longest = max(option.opts, key=len)
        assert heads[longest] == 1, longest
    assert heads["--help"] == heads["-h"] == 1


def test_verbs_are_listed_in_the_order_of_a_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown((), "--help", capsys)
    assert [line.split()[0] for line in section(text, "Commands")] == list(VERBS)
    order = ("separate", "fxnorm", "melify", "chunk", "train", "generate", "invert", "evaluate")
    assert [verb for verb in VERBS if verb in order] == list(order)


def test_the_short_help_comes_before_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """A command without what it needs, and with other options before, still shows its help."""
    for arguments in (["fxnorm", "check", "-h"], ["separate", "-q", "-h"], ["train", "caw", "a.wav", "-h"]):
        assert "Examples:" in shown(tuple(arguments[:-1]), "-h", capsys)
