"""Whether a listener can be relied on: the same answer to the same clip, and the hidden reference found."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from gantools.metrics.ratings.answers import Answer, Ratings, Value
from gantools.report.listening.forms import FORMS
from gantools.report.listening.plan import REFERENCE

#: BS.1534-3, 4.1.2: who rates the hidden reference below 90 in more than 15 % of the trials is left out.
_REFERENCE_LEAST, _REFERENCE_SHARE = 90.0, 0.15


def reliability(ratings: Ratings, least: float) -> dict[str, dict[str, Any]]:
    """Return for each listener what speaks for and against relying on them.

    Parameters
    ----------
    ratings : Ratings
    least : float
        Least consistency.

    Returns
    -------
    dict of str to dict
        ``repeats``: second answers; ``consistency``: 1 less the mean difference of first and second answers over the
        mean difference of first answers to two clips, NaN without repeats; ``references_missed``: share of trials in
        which the hidden reference got less than 90, NaN without one; ``fails``: why the listener fails, or nothing.
    """
    return {rater: _of_rater(ratings, rater, least) for rater in ratings.raters}


def _of_rater(ratings: Ratings, rater: str, least: float) -> dict[str, Any]:
    form = FORMS.get(ratings.form)
    # What is written freely is never the same twice.
    free = {question.name for question in form.questions if question.kind == "text"} if form else set()
    own = [one for one in ratings.answers if one.rater == rater and one.question not in free]
    count, consistency = _consistency(own)
    again = [p for p in ratings.preferences if p.rater == rater and p.again]
    if again:
        first = {p.trial: p.preferred for p in ratings.preferences if p.rater == rater and not p.again}
        pairs = [(first[p.trial], p.preferred) for p in again if p.trial in first]
        count = len(pairs)
        # Of three answers, two at random agree a third of the time.
        consistency = 1 - sum(a != b for a, b in pairs) / count / (2 / 3) if count else float("nan")
    hidden = [one for one in own if one.set == REFERENCE and not one.again and isinstance(one.value, float)]
    missed = sum(one.value < _REFERENCE_LEAST for one in hidden) / len(hidden) if hidden else float("nan")  # type: ignore[operator]
    fails = []
    if consistency < least:
        fails.append(f"second answers agree with the first by {consistency:.2f}")
    if missed > _REFERENCE_SHARE:
        fails.append(f"hidden reference below {_REFERENCE_LEAST:.0f} in {100 * missed:.0f} % of trials")
    if _always_the_same(own):
        fails.append("gave one answer to all")
    return {"repeats": count, "consistency": consistency, "references_missed": missed, "fails": "; ".join(fails)}


def _consistency(answers: list[Answer]) -> tuple[int, float]:
    """Return how many second answers there are, and how much closer they are to the first than chance."""
    first = defaultdict[str, dict[str, Value]](dict)
    for one in answers:
        if not one.again:
            first[one.question][one.clip] = one.value
    count, error, chance = 0, 0.0, 0.0
    for question, given in first.items():
        second = [one for one in answers if one.again and one.question == question and one.clip in given]
        if not second or len(given) < 2:
            continue
        apart = [_apart(a, b) for a, b in itertools.combinations(given.values(), 2)]
        count += len(second)
        error += sum(_apart(given[one.clip], one.value) for one in second)
        chance += len(second) * sum(apart) / len(apart)
    return count, 1 - error / chance if chance else float("nan")


def _apart(one: Value, two: Value) -> float:
    """Return how far two answers are apart: numbers by their difference, words by being different."""
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two)
    return float(one != two)


def _always_the_same(answers: list[Answer]) -> bool:
    numbers = defaultdict[str, list[float]](list)
    for one in answers:
        if isinstance(one.value, float):
            numbers[one.question].append(one.value)
    return bool(numbers) and all(len(given) > 2 and len(set(given)) == 1 for given in numbers.values())
