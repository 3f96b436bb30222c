"""What is taken for real, and what is preferred: answers that are right or wrong, or for one of two."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from scipy import stats

from gantools.metrics.ratings.answers import Answer, Preference

QUESTION = "real"
#: Words that stand for real, in tables of others.
_REAL = {"real", "true", "yes", "original"}
_FAKE = {"fake", "false", "no", "generated"}


def said_real(answer: Answer) -> bool | None:
    """Tell whether an answer says that its clip is real; None for an answer to something else."""
    if answer.question != QUESTION or not isinstance(answer.value, str):
        return None
    word = answer.value.strip().lower()
    return True if word in _REAL else False if word in _FAKE else None


def detection(answers: Sequence[Answer], real: str) -> dict[str, Any] | None:
    """Return how well real and generated clips are told apart; None where nobody was asked, or nothing is real.

    The rate is the mean of the shares of real clips taken for real and of generated ones taken for fake. It is .5 for
    listeners who guess, also where they say fake to all and most of the clips are. Fisher's exact test says whether
    it could be chance.

    Returns
    -------
    dict
        ``rate``, ``right`` (share of all answers), ``p``, ``n``, ``raters`` (rate of each), and ``sets``: share of
        answers that took clips of a set for real, with Wilson's 95 % interval.
    """
    said = [(one, word) for one in answers if (word := said_real(one)) is not None]
    if not said or not real or not any(one.set == real for one, _ in said):
        return None
    table = [[sum((one.set == real) == truth and word == says for one, word in said) for says in (True, False)]
             for truth in (True, False)]  # fmt: skip
    return {
        "rate": _rate(said, real),
        "right": sum((one.set == real) == word for one, word in said) / len(said),
        "p": float(stats.fisher_exact(table).pvalue),
        "n": len(said),
        "raters": {
            rater: _rate([pair for pair in said if pair[0].rater == rater], real)
            for rater in dict.fromkeys(one.rater for one, _ in said)
        },
        "sets": {
            name: share([word for one, word in said if one.set == name])
            for name in dict.fromkeys(one.set for one, _ in said)
        },
    }


def _rate(said: Sequence[tuple[Answer, bool]], real: str) -> float:
    parts = []
    for truth in (True, False):
        own = [word == truth for one, word in said if (one.set == real) == truth]
        if not own:
            return float("nan")
        parts.append(sum(own) / len(own))
    return sum(parts) / 2


def share(words: Sequence[bool]) -> dict[str, Any]:
    """Return the share of what is true, its count, and Wilson's 95 % interval."""
    found = stats.binomtest(sum(words), len(words)).proportion_ci(method="wilson")
    return {"share": sum(words) / len(words), "n": len(words), "interval": [float(found.low), float(found.high)]}


def preferences(given: Sequence[Preference], sets: Sequence[str]) -> list[dict[str, Any]]:
    """Return for each two sets how often each was preferred, and p of the sign test; neither counts for none."""
    found = []
    for a, b in itertools.combinations(sets, 2):
        own = [one for one in given if set(one.sets) == {a, b}]
        if not own:
            continue
        wins, losses = (sum(one.preferred == name for one in own) for name in (a, b))
        decided = wins + losses
        found.append(
            {
                "a": a,
                "b": b,
                "a_preferred": wins,
                "b_preferred": losses,
                "neither": len(own) - decided,
                "p": float(stats.binomtest(wins, decided).pvalue) if decided else float("nan"),
                **({"share": share([True] * wins + [False] * losses)} if decided else {}),
            }
        )
    return found
