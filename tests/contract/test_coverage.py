"""The page of what the papers say and where it is: every item once, places that exist, reasons where they are due."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gantools.cli.app import VERBS, find_command

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/coverage.md"
#: Items of each paper, or pair of papers in one document.
ITEMS = {"000": 45, "001": 41, "002": 44, "003": 35, "004": 26}
VERDICTS = {"done", "differs", "left out"}


class Item(NamedTuple):
    """A row of the page."""

    id: str
    says: str
    places: tuple[str, ...]
    verdict: str
    how: str


def read() -> list[Item]:
    """Return all rows that begin with an item."""
    items = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\| \d{3}-", line):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            assert len(cells) == 5, line
            id, says, where, verdict, how = cells
            places = tuple(re.findall(r"`([^`]*)`", where))
            items.append(Item(id, says, places, verdict, how))
    return items


ROWS = read()


@cache
def symbols(path: Path) -> frozenset[str]:
    """Return the names that a module defines, those of its classes as ``Class.name``."""

    def names(body: list[ast.stmt]) -> list[tuple[str, ast.stmt]]:
        found: list[tuple[str, ast.stmt]] = []
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.append((node.name, node))
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
                found += [(target.id, node) for target in targets if isinstance(target, ast.Name)]
        return found

    all_names = set()
    for name, node in names(ast.parse(path.read_text(encoding="utf-8")).body):
        all_names.add(name)
        if isinstance(node, ast.ClassDef):
            all_names |= {f"{name}.{inner}" for inner, _ in names(node.body)}
    return frozenset(all_names)


def require(place: str) -> None:
    """Fail where a place does not exist: a command with its options, a make target, a file, a name in a file."""
    words = place.split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), place
    elif words[0] == "gantools":
        assert words[1] in VERBS, place
        command, _, rest = find_command(words[1:])
        options = {word for parameter in getattr(command, "params", ()) for word in parameter.opts}
        assert set(rest) <= options, f"{place}: no {set(rest) - options}"
    else:
        file, _, name = place.partition(":")
        inside = file.split("/")[0] in ("docs", "examples", "benchmarks", "tests", "commands")
        path = ROOT / file if inside else ROOT / "src/gantools" / file
        assert path.is_file(), place
        assert not name or name in symbols(path), place


def test_each_item_stands_on_the_page_once() -> None:
    wanted = [f"{paper}-{number:02}" for paper, count in ITEMS.items() for number in range(1, count + 1)]
    assert [item.id for item in ROWS] == wanted


@pytest.mark.parametrize("item", ROWS, ids=lambda item: item.id)
def test_a_row_has_a_verdict_places_that_exist_and_a_reason(item: Item) -> None:
    assert item.verdict in VERDICTS
    assert item.says
    assert item.places
    assert item.verdict == "done" or len(item.how) > 20, "why is it not as the paper says?"
    for place in item.places:
        require(place)


@pytest.mark.parametrize(
    "place",
    [
        "make nothing", "gantools dance", "gantools train caw --waltz", "docs/none.md",
        "audio/mel.py:hz_to_bark", "systems/caw/config.py:CawConfig.waltz",
    ],
)  # fmt: skip
def test_a_place_that_is_not_there_is_found(place: str) -> None:
    with pytest.raises(AssertionError):
        require(place)
