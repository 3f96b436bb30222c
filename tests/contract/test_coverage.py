"""The page of what the papers say and where it is: every item once, places that exist, reasons where they are due."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from places import require

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
