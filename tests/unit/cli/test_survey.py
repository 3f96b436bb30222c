"""Many files for one result: what each gave, what is kept, and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.progress import Bar
from gantools.cli.survey import cell, columns, survey
from gantools.errors import InputError
from gantools.files.partial import Partial


def measure(item: Item, outputs: Sequence[Path], seed: int, tick: Callable[[float], None]) -> dict[str, Any]:
    """Return the text of a file, and say what it asks for."""
    assert list(outputs) == []
    text = item.path.read_text()
    if text == "bad":
        raise InputError("is bad", item.path)
    return {"text": text, **({"warning": "is odd"} if text == "odd" else {})}


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    found = []
    for name, text in (("a", "1"), ("b", "bad"), ("c", "odd"), ("d", "4")):
        (tmp_path / name).write_text(text)
        found.append(Item(tmp_path / name, "", name, "mix", name))
    return found


def texts(found: list[tuple[Item, dict[str, Any]]]) -> list[tuple[str, Any]]:
    return [(item.stem, outcome.get("text")) for item, outcome in found]


def test_files_that_fail_are_said_and_the_others_go_on(
    items: list[Item], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places, labels = [], []
    begin = Bar.__init__
    monkeypatch.setattr(Bar, "update", lambda self, done, *more: places.append(done))
    monkeypatch.setattr(Bar, "__init__", lambda self, *given: (labels.append(given[1:]), begin(self, *given))[1])
    found = survey(Run(verb="v"), items, measure)
    assert texts(found) == [("a", "1"), ("b", None), ("c", "odd"), ("d", "4")]
    assert [set(outcome) for _, outcome in found][:2] == [{"text", "seconds"}, {"error"}]
    assert places == [1, 2, 3, 4]
    survey(Run(verb="v", quiet=True), items[2:], measure, "label")
    assert labels == [(4, "v"), (2, "label")]
    where = items[0].path.parent
    assert capsys.readouterr().err.splitlines() == [
        f"gantools v: {where}/b: is bad",
        f"gantools v: {where}/c: warning: is odd",
    ]


def test_it_stops_at_the_first_failure_where_told_to(items: list[Item], capsys: pytest.CaptureFixture[str]) -> None:
    assert texts(survey(Run(verb="v", on_error="stop"), items, measure)) == [("a", "1"), ("b", None)]
    assert "Traceback" not in capsys.readouterr().err
    survey(Run(verb="v", debug=True), items[1:2], measure)
    assert "Traceback" in capsys.readouterr().err


def test_what_was_measured_is_not_measured_again(items: list[Item], tmp_path: Path, capsys) -> None:
    kept = Partial(tmp_path / "result", "digest")
    survey(Run(verb="v"), items, measure, kept=kept, part="p")
    calls: list[str] = []

    def counted(item: Item, *more: Any) -> dict[str, Any]:
        calls.append(item.stem)
        return measure(item, *more)

    capsys.readouterr()
    again = survey(Run(verb="v"), items, counted, kept=kept, part="p")
    assert texts(again) == [("a", "1"), ("b", None), ("c", "odd"), ("d", "4")]
    assert calls == ["b"]
    assert "c: warning: is odd" in capsys.readouterr().err  # said each time
    survey(Run(verb="v"), items[:1], counted, kept=kept, part="q")
    assert calls == ["b", "a"]


def test_columns_by_hand() -> None:
    assert columns([("", "a", "bb"), ("name", "1.5", ""), ("x", "-", "2")]) == "        a  bb\nname  1.5\nx       -   2"
    assert columns([("a", "b")]) == "a  b"


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(None, 1, "-"), (float("nan"), 1, "-"), (1.25, 2, "1.25"), (-0.5, 1, "-0.5")]
)
def test_numbers_of_a_table(value: float | None, digits: int, text: str) -> None:
    assert cell(value, digits) == text


def test_a_number_has_one_digit_unless_told_otherwise() -> None:
    assert cell(1.0) == "1.0"
