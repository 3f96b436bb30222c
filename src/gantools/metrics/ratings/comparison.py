"""All that is made of the answers of a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import ConfigError, InputError, Notice
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.metrics.ratings.agreement import correlations, intraclass, leave_one_out, mean_pair
from gantools.metrics.ratings.answers import Answer, Ratings, score_matrix
from gantools.metrics.ratings.config import RatingsConfig
from gantools.metrics.ratings.consistency import reliability
from gantools.metrics.ratings.detection import detection, preferences
from gantools.metrics.ratings.differences import compare_sets
from gantools.metrics.ratings.reading import Key, is_key, read_key, read_results, read_table
from gantools.options import parsed
from gantools.report.listening.forms import FORMS

#: What tables of answers call the set that is real, where nothing else is said.
REAL = "real"


def compare_ratings(sets: ClipSets, config: RatingsConfig, conditions: Conditions) -> Result:
    """Evaluate the answers of all listeners.

    Raises
    ------
    InputError
        No file could be read.
    ConfigError
        Results of a page have no key, or a question or set that is named does not exist.
    """
    ratings = read_all(sets, conditions)
    ratings.real = config.real or ratings.real or (REAL if REAL in ratings.sets else "")
    if ratings.real and ratings.real not in ratings.sets:
        raise ConfigError(f"--real {ratings.real!r} is no set of this test; there are {', '.join(ratings.sets)}")
    turn_round(ratings, parsed(config, "reverse"))
    judged = reliability(ratings, config.least_consistency)
    failed = [rater for rater, one in judged.items() if one["fails"]]
    if config.exclude and len(failed) == len(judged):
        raise InputError("no listener passes; see them all without --exclude")
    counted = ratings.without(failed) if config.exclude else ratings
    return _figures(counted, config, conditions) | {
        "reliability": judged,
        "excluded": failed if config.exclude else [],
        "incomplete": ratings.incomplete,
        # A page's subtitle: what was evaluated, and against nothing.
        "generated": f"{len(counted.raters)} listeners, {_of_form(counted)}",
        "reference": "",
    }


def _of_form(ratings: Ratings) -> str:
    return FORMS[ratings.form].title if ratings.form else "a table of answers"


def _figures(ratings: Ratings, config: RatingsConfig, conditions: Conditions) -> Result:
    first, raters, questions = ratings.first, ratings.raters, ratings.questions
    scores = score_matrix(first, raters, questions)[0]
    with np.errstate(invalid="ignore"):
        pearson, spearman, common = correlations(scores)
    # Sets that a test adds, such as anchors, come after its own.
    sets = list(dict.fromkeys([*ratings.sets, *(one.set for one in first)]))
    means = np.array([row[~np.isnan(row)].mean() for row in scores.T if not np.isnan(row).all()])
    return {
        "form": ratings.form,
        "real_set": ratings.real,
        "raters": raters,
        "answers": len(first) + sum(not one.again for one in ratings.preferences),
        "clips": len({one.clip for one in first} | {one.trial for one in ratings.preferences}),
        "agreement": {
            "pearson": pearson.tolist(),
            "spearman": spearman.tolist(),
            "clips": common.tolist(),
            "mean_pearson": mean_pair(pearson),
            "mean_spearman": mean_pair(spearman),
            "leave_one_out": dict(zip(raters, leave_one_out(scores).tolist(), strict=True)),
            "icc": intraclass(scores),
        },
        "grades": _histogram(means),
        "questions": {
            question: compare_sets(first, sets, question, config.resamples, conditions.seed) for question in questions
        },
        "choices": _choices(ratings, first, sets),
        "detection": detection(first, ratings.real),
        "preferences": preferences([one for one in ratings.preferences if not one.again], sets),
        "samples": _samples(ratings, first),
        "closing": [list(one) for one in ratings.closing],
    }


def _histogram(means: np.ndarray) -> dict[str, int]:
    """Return how many clips have each grade: the mean of listeners and questions, rounded to the closest integer."""
    if not len(means):
        return {}
    rounded = np.floor(means + 0.5).astype(int)
    # Sliders of 0 to 100 have too many grades to be counted one by one.
    step = 10 if rounded.max() > 20 else 1
    counts = Counter((rounded // step * step).tolist())
    return {str(grade): counts[grade] for grade in range(min(counts), max(counts) + step, step)}


def _choices(ratings: Ratings, answers: list[Answer], sets: list[str]) -> dict[str, dict[str, dict[str, int]]]:
    """Return how often each word was chosen, by question and set; what listeners wrote themselves is one word."""
    form = FORMS.get(ratings.form)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for one in answers:
        question = form.question(one.question) if form else None
        if isinstance(one.value, float) or (question and question.kind == "text"):
            continue
        word = one.value.partition(":")[0]
        counts = found.setdefault(one.question, {}).setdefault(one.set, {})
        counts[word] = counts.get(word, 0) + 1
    return {question: {name: by[name] for name in sets if name in by} for question, by in found.items()}


def _samples(ratings: Ratings, answers: list[Answer]) -> list[dict[str, Any]]:
    """Return a row for each clip and listener: what the clip is, and what was said of it."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in answers:
        about = {"sample": ratings.labels.get(one.clip, one.clip), "set": one.set, "rater": one.rater}
        row = rows.setdefault((one.clip, one.rater), about | {"answers": {}})
        row["answers"][one.question] = one.value
    return sorted(rows.values(), key=lambda row: (row["set"], row["sample"], row["rater"]))


def turn_round(ratings: Ratings, reverse: list[str]) -> None:
    """Turn the values of questions round within their scale, or what was given of it."""
    for name in reverse:
        if name not in ratings.questions:
            there = ", ".join(ratings.questions)
            raise ConfigError(f"--reverse {name!r} is no question with numbers; there are {there}")
        question = FORMS[ratings.form].question(name) if ratings.form else None
        values = [one.value for one in ratings.answers if one.question == name and isinstance(one.value, float)]
        ends = (question.low + question.high) if question else min(values) + max(values)
        ratings.answers = [
            Answer(**{**vars(one), "value": ends - one.value})
            if one.question == name and isinstance(one.value, float)
            else one
            for one in ratings.answers
        ]


def read_all(sets: ClipSets, conditions: Conditions) -> Ratings:
    """Return the answers of all files together; a file that cannot be read costs its own answers."""
    paths = [clip.path for clips in sets.values() for clip in clips]
    keys = [path for path in paths if is_key(path)]
    place = sets.files.get("key") or next(iter(keys), None)
    key = read_key(place) if place else None
    newest: dict[str, tuple[str, Ratings]] = {}
    tables = []
    for path in (path for path in paths if path not in keys):
        try:
            if path.suffix.lower() == ".csv":
                tables.append(read_table(path))
            else:
                _take_newest(newest, path, _results(path, key), conditions)
        except InputError as error:
            conditions.failed(path, error)
        conditions.tick()
    found = [*(ratings for _, ratings in newest.values()), *tables]
    if not found:
        raise InputError("no file of answers could be read")
    if len({ratings.form for ratings in found}) > 1:
        raise ConfigError("results of a page and plain tables: evaluate one after the other")
    return _together(found)


def _results(path: Path, key: Key | None) -> tuple[Ratings, dict[str, Any]]:
    if key is None:
        raise ConfigError("the results of a page need the key of their test: name it with --key", path)
    return read_results(path, key)


def _take_newest(
    newest: dict[str, tuple[str, Ratings]], path: Path, read: tuple[Ratings, Mapping[str, Any]], conditions: Conditions
) -> None:
    """Keep the last file of each session: a listener may save before the end, and once more then."""
    ratings, facts = read
    before = newest.get(facts["session"])
    if before is not None:
        conditions.failed(path, Notice("is of a listener and a session that another file has; the later one counts"))
    if before is None or facts["saved"] > before[0]:
        newest[facts["session"]] = (facts["saved"], ratings)


def _together(found: list[Ratings]) -> Ratings:
    """Return several listeners' answers as one; names that meet are numbered."""
    every, taken = Ratings(found[0].form, found[0].real), set[str]()
    for ratings in found:
        names = {}
        for rater in ratings.raters or [one[0] for one in ratings.closing]:
            name, number = rater, 2
            while name in taken:
                name, number = f"{rater} {number}", number + 1
            names[rater] = name
            taken.add(name)
        every.sets += [name for name in ratings.sets if name not in every.sets]
        every.answers += [Answer(**{**vars(one), "rater": names[one.rater]}) for one in ratings.answers]
        every.preferences += [type(one)(**{**vars(one), "rater": names[one.rater]}) for one in ratings.preferences]
        every.closing += [(names.get(rater, rater), *rest) for rater, *rest in ratings.closing]  # type: ignore[misc]
        every.labels |= ratings.labels
        every.incomplete += [names.get(rater, rater) for rater in ratings.incomplete]
    return every
