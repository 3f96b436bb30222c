"""Files of answers: what is read, and what is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantools.errors import InputError
from gantools.metrics.ratings.reading import is_key, read_key, read_results, read_table

CLIP = {"set": "made", "song": "one", "files": ["made/one.wav"], "repeats": ""}
KEY: dict[str, Any] = {
    "kind": "gantools listening key",
    "schema": 1,
    "test": "abc",
    "form": "songwriter",
    "sets": ["made", "real"],
    "real": "real",
    "trials": {
        "t0": {"block": 0, "repeats": "", "stimuli": ["p"]},
        "t1": {"block": 1, "repeats": "", "stimuli": ["a"]},
        "t2": {"block": 1, "repeats": "t1", "stimuli": ["b"]},
    },
    "clips": {"p": CLIP, "a": CLIP, "b": {**CLIP, "repeats": "a"}},
}
RESULTS: dict[str, Any] = {
    "kind": "gantools listening results",
    "schema": 1,
    "test": "abc",
    "form": "songwriter",
    "rater": "Ann",
    "session": "1f",
    "saved": "2026-01-02T03:04:05Z",
    "complete": True,
    "answers": [
        {"trial": "t1", "clip": "a", "question": "real", "value": "fake"},
        {"trial": "t1", "clip": "a", "question": "easy", "value": "other: by its\u001b[31m hiss"},
        {"trial": "t1", "clip": "a", "question": "quality", "value": 4},
        {"trial": "t2", "clip": "b", "question": "quality", "value": 5},
    ],
    "closing": [{"question": "helps", "value": "no"}],
}


def written(path: Path, content: Any) -> Path:
    """Write JSON and return its path."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_results_and_their_key(tmp_path: Path) -> None:
    key = read_key(written(tmp_path / "key.json", KEY))
    ratings, facts = read_results(written(tmp_path / "results.json", RESULTS), key)
    assert is_key(tmp_path / "key.json")
    assert not is_key(tmp_path / "results.json")
    assert facts == {"session": "1f", "saved": "2026-01-02T03:04:05Z"}
    assert [(a.clip, a.question, a.value, a.again, a.trial) for a in ratings.answers] == [
        ("a", "real", "fake", False, "t1"),
        ("a", "easy", "other: by its [31m hiss", False, "t1"),
        ("a", "quality", 4.0, False, "t1"),
        # The second hearing is of the first clip and its trial.
        ("a", "quality", 5.0, True, "t1"),
    ]
    assert ratings.closing == [("Ann", "helps", "no")]
    assert ratings.labels["a"] == "one.wav"


def _answer(**changed: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["answers"][2] |= changed

    return change


def _with(**changed: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(changed)


@pytest.mark.parametrize(
    "change",
    [
        _answer(value=11),
        _answer(value=-1),
        _answer(value=4.5),
        _answer(value=True),
        _answer(value="4"),
        _answer(value=None),
        _answer(value=float("nan")),
        _answer(value=10**400),
        _answer(question="loudness"),
        _answer(question="helps"),
        _answer(question=["quality"]),
        _answer(question="real", value="fake"),  # a second one
        _answer(question="inspiring", value="perhaps"),
        _answer(question="feedback", value="x" * 5000),
        _answer(clip="b"),
        _answer(clip="none"),
        _answer(clip={}),
        _answer(trial="t0"),
        _answer(trial="t9"),
        _with(rater=""),
        _with(rater=3),
        _with(rater="x" * 301),
        _with(answers={}),
        _with(answers=[1]),
        _with(closing=[{"question": "quality", "value": "x"}]),
        _with(form="grades"),
        _with(test="other"),
        _with(schema=2),
        _with(kind="report"),
    ],
)
def test_answers_that_no_page_gives_are_refused(change: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    key = read_key(written(tmp_path / "key.json", KEY))
    content = copy.deepcopy(RESULTS)
    change(content)
    with pytest.raises(InputError, match=r"results\.json: .*; "):
        read_results(written(tmp_path / "results.json", content), key)


@pytest.mark.parametrize(
    "change",
    [
        _with(form="none"),
        _with(form=[]),
        _with(clips=[]),
        _with(clips={"a": {**CLIP, "files": []}}),
        _with(trials={"t1": {"block": 1, "repeats": "", "stimuli": ["q"]}}),
        _with(trials={"t1": {"block": -1, "repeats": "", "stimuli": ["a"]}}),
        _with(trials={"t1": {"block": 1, "repeats": "t7", "stimuli": ["a"]}}),
        _with(sets="made"),
        _with(sets=[["made"]]),
        _with(kind="gantools listening results"),
    ],
)
def test_keys_that_were_changed_are_refused(change: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    content = copy.deepcopy(KEY)
    change(content)
    with pytest.raises(InputError, match=r"key\.json: is no key of a listening test; "):
        read_key(written(tmp_path / "key.json", content))


@pytest.mark.parametrize("text", ["", "[" * 10**5, "[]", "null", "\0", "{", '{"kind": "gantools listening results"}'])
def test_what_is_no_json_of_ours_is_refused(text: str, tmp_path: Path) -> None:
    path = written(tmp_path / "results.json", text)
    with pytest.raises(InputError):
        read_key(path)
    with pytest.raises(InputError):
        read_results(path, read_key(written(tmp_path / "key.json", KEY)))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_plain_table(mark: str, tmp_path: Path) -> None:
    rows = ["rater,clip,set,question,value,song", "Ann,a,made,quality,4,one", "Ann,a,made,quality,5,one"]
    rows += ["Bo,a,made,real,fake,one", "", "Bo,b,real,quality,,two"]
    path = tmp_path / "answers.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).replace(",", mark).encode())
    ratings = read_table(path)
    assert [(a.rater, a.clip, a.set, a.song, a.value, a.again) for a in ratings.answers] == [
        ("Ann", "a", "made", "one", 4.0, False),
        ("Ann", "a", "made", "one", 5.0, True),
        ("Bo", "a", "made", "one", "fake", False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rater,clip\nAnn,a",
        "rater,clip,set,question,value\n",
        "rater,clip,set,question,value\nAnn,a,made",
        "rater,clip,set,question,value\n,a,made,quality,4",
        "rater,clip,set,question,value\nAnn,a,made,quality,inf",
        "rater,clip,set,question,value\nAnn,a,made,quality,nan",
        "rater,clip,set,question,value\n" + "Ann,a,made,quality,4\n" * 3,
        'rater,clip,set,question,value\n"Ann,a,made,quality,4',
        "rater,clip,set,question,value\nAnn,a,made,quality," + "x" * 200_000,
        "rater,clip,set,question,value\nAnn,\0,made,quality,4",
    ],
)
def test_what_is_no_table_of_answers_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(text)
    with pytest.raises(InputError):
        read_table(path)
