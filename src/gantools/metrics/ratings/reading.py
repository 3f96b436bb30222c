"""Files of answers: results that a page saved, with the key of their test, and plain tables. None is trusted."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from gantools.errors import InputError
from gantools.files.jsontext import parse_object, well_formed
from gantools.files.regular import require_regular
from gantools.metrics.ratings.answers import Answer, Preference, Ratings, Value
from gantools.report.listening.forms import (
    FORMS,
    KEY_KIND,
    NEITHER,
    OTHER,
    RESULTS_KIND,
    SCHEMA,
    Form,
    Question,
)

_LARGEST_BYTES = 64 << 20
_LONGEST_NAME, _LONGEST_TEXT, _MOST_ROWS = 300, 4000, 1_000_000
COLUMNS = ("rater", "clip", "set", "question", "value")
_NOT_OURS = "is no file of answers; give what a listening page saved, or a table with rater,clip,set,question,value"
_NO_KEY = "is no key of a listening test; give the key.json that evaluate listen wrote"


@dataclass(frozen=True)
class Key:
    """What the clips of a test are; see `gantools.report.listening.page.key_of`."""

    test: str
    form: Form
    sets: list[str]
    real: str
    clips: dict[str, dict[str, Any]]
    trials: dict[str, dict[str, Any]]


def read_key(path: Path) -> Key:
    """Read the key of a test.

    Raises
    ------
    InputError
        It is none, or of another version.
    """
    content = _content(path)
    if not content or content.get("kind") != KEY_KIND:
        raise InputError(_NO_KEY, path)
    _require_schema(content, path)
    with well_formed(path, _NO_KEY):
        clips = {
            _name(id): {
                "set": _name(one["set"]),
                "song": _text(one["song"]),
                "file": PurePath(_text(one["files"][0])).name,
                "repeats": _text(one["repeats"]),
            }
            for id, one in _mapping(content["clips"]).items()
        }
        trials: dict[str, dict[str, Any]] = {
            _name(id): {
                "block": _whole(one["block"]),
                "repeats": _text(one["repeats"]),
                "stimuli": _names(one["stimuli"]),
            }
            for id, one in _mapping(content["trials"]).items()
        }
        known = all(clip in clips for one in trials.values() for clip in one["stimuli"])
        known &= all(one["repeats"] in clips for one in clips.values() if one["repeats"])
        known &= all(one["repeats"] in trials for one in trials.values() if one["repeats"])
        if not known:
            raise ValueError("names clips that it does not have")
        sets = _names(content["sets"])
        return Key(_name(content["test"]), FORMS[content["form"]], sets, _text(content["real"]), clips, trials)


def is_key(path: Path) -> bool:
    """Tell whether a file is the key of a test, and no answers."""
    return path.suffix.lower() == ".json" and (_content(path) or {}).get("kind") == KEY_KIND


def read_results(path: Path, key: Key) -> tuple[Ratings, dict[str, Any]]:
    """Read what a page saved.

    Returns
    -------
    ratings : Ratings
    facts : dict
        ``session`` and ``saved``, by which two files of one listener are told apart.

    Raises
    ------
    InputError
        It is none, of another test, or has an answer that its form does not allow.
    """
    content = _content(path)
    if not content or content.get("kind") != RESULTS_KIND:
        raise InputError(_NOT_OURS, path)
    _require_schema(content, path)
    if content.get("test") != key.test:
        raise InputError("is of another test than the key; give the key of its own with --key", path)
    ratings = Ratings(key.form.name, key.real, list(key.sets))
    ratings.labels = {id: one["file"] for id, one in key.clips.items()}
    with well_formed(path, "holds answers that its page cannot give; ask its listener for the file as it was saved"):
        rater = _name(content["rater"])
        if content["form"] != key.form.name:
            raise ValueError("another form than the key")
        seen = set()
        for one in _listed(content["answers"]):
            place = (one["trial"], one["clip"], one["question"])
            if place in seen:
                raise ValueError(f"two answers to one question, {place}")
            seen.add(place)
            _take(ratings, rater, one, key)
        for one in _listed(content["closing"]):
            if one["question"] not in [question.name for question in key.form.closing]:
                raise ValueError(f"a closing question {one['question']!r}")
            ratings.closing.append((rater, one["question"], _text(one["value"])))
        if content["complete"] is not True:
            ratings.incomplete.append(rater)
        return ratings, {"session": _name(content["session"]), "saved": _text(content["saved"])}


def _take(ratings: Ratings, rater: str, one: Mapping[str, Any], key: Key) -> None:
    """Add one answer of a page."""
    trial = key.trials[one["trial"]]
    question = key.form.question(one["question"])
    if question is None or question not in key.form.questions:
        raise ValueError(f"a question {one['question']!r}")
    first = trial["repeats"] or one["trial"]
    if trial["block"] == 0:
        raise ValueError("an answer to practice")
    if question.kind == "preferred":
        a, b = (key.clips[clip]["set"] for clip in trial["stimuli"])
        value = one["value"]
        if value != NEITHER and value not in trial["stimuli"]:
            raise ValueError(f"prefers {value!r}, which was not heard")
        preferred = "" if value == NEITHER else key.clips[value]["set"]
        ratings.preferences.append(Preference(rater, first, (a, b), preferred, bool(trial["repeats"])))
        return
    if one["clip"] not in trial["stimuli"]:
        raise ValueError(f"a clip {one['clip']!r}, which was not heard then")
    clip = key.clips[one["clip"]]
    id = clip["repeats"] or one["clip"]
    value = _checked(one["value"], question)
    again = bool(trial["repeats"])
    ratings.answers.append(Answer(rater, id, clip["set"], clip["song"], question.name, value, again, first))


def _checked(value: Any, question: Question) -> Value:
    """Return an answer that a question allows."""
    if question.numeric:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{question.name}: {value!r} is no number")
        if not question.low <= value <= question.high or value != int(value):
            raise ValueError(f"{question.name}: {value!r} is not {question.low} to {question.high}")
        return float(value)
    text = _text(value)
    own = question.other and text.startswith(OTHER)
    if question.kind == "choice" and text not in question.choices and not own:
        raise ValueError(f"{question.name}: {text!r} is not one of {', '.join(question.choices)}")
    return text


def read_table(path: Path) -> Ratings:
    """Read a table of answers, a row each: rater, clip, set, question, value, and song where it is known.

    Commas, semicolons or tabs stand between. A value is a number where it can be read as one. A second row with the
    same rater, clip and question is what was answered when the clip was heard again.

    Raises
    ------
    InputError
        It is no such table.
    """
    text = _bytes(path).decode("utf-8-sig", "replace")
    head = text.partition("\n")[0]
    mark = next((one for one in ",;\t" if {*COLUMNS} <= {word.strip().lower() for word in head.split(one)}), "")
    if not mark:
        raise InputError(_NOT_OURS, path)
    ratings, seen = Ratings(), dict[tuple[str, str, str], int]()
    with well_formed(path, "is no table of answers; see docs/listening.md"):
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        names = [name.strip().lower() for name in next(rows)]
        try:
            for number, row in enumerate(rows, start=2):
                if not any(row):
                    continue
                if len(row) != len(names) or number > _MOST_ROWS:
                    raise ValueError(f"line {number} has {len(row)} cells, the head has {len(names)}")
                _take_row(ratings, dict(zip(names, map(str.strip, row), strict=True)), seen, number)
        except (csv.Error, ValueError) as error:
            raise InputError(f"{error}; correct the table", path) from error
    if not ratings.answers:
        raise InputError("has no answers", path)
    ratings.sets = list(dict.fromkeys(answer.set for answer in ratings.answers))
    ratings.labels = {answer.clip: answer.clip for answer in ratings.answers}
    return ratings


def _take_row(ratings: Ratings, row: dict[str, str], seen: dict[tuple[str, str, str], int], number: int) -> None:
    """Add one answer of a table."""
    rater, clip, which, question = (_name(row[column]) for column in COLUMNS[:4])
    place = (rater, clip, question)
    seen[place] = seen.get(place, 0) + 1
    if seen[place] > 2:
        raise ValueError(f"line {number}: a third answer of {rater} to {question} of {clip}")
    text = _text(row["value"])
    if not text:
        return
    try:
        value: Value = float(text)
    except ValueError:
        value = text
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"line {number}: {text!r} is no grade")
    again = seen[place] == 2
    ratings.answers.append(Answer(rater, clip, which, _text(row.get("song", "")), question, value, again, clip))


def _bytes(path: Path) -> bytes:
    require_regular(path)
    if path.stat().st_size > _LARGEST_BYTES:
        raise InputError(f"is larger than {_LARGEST_BYTES >> 20} MB; {_NOT_OURS}", path)
    return path.read_bytes()


def _content(path: Path) -> dict[str, Any] | None:
    """Return the object in a file, or None where it holds none."""
    try:
        return parse_object(_bytes(path))
    except ValueError:
        return None


def _require_schema(content: Mapping[str, Any], path: Path) -> None:
    if content.get("schema") != SCHEMA:
        found = content.get("schema")
        raise InputError(f"is of version {found!r}, and this is {SCHEMA}; use the gantools of the test", path)


def _name(value: Any) -> str:
    text = _text(value)
    if not text or len(text) > _LONGEST_NAME:
        raise ValueError("a name is missing, or too long")
    return text


def _names(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return [_name(one) for one in value]


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError("a text is missing, or too long")
    # Names are shown on pages and terminals: nothing in them may be more than a letter.
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(plain.encode("utf-8", "replace").decode("utf-8").split())


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a number is missing")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")
    return value


def _listed(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > _MOST_ROWS or not all(isinstance(one, dict) for one in value):
        raise ValueError("a list is missing")
    return value
