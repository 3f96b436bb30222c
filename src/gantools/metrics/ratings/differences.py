"""What tells sets of clips apart in one question: means with intervals, and the tests of the papers."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from gantools.metrics.ratings.answers import Answer, score_matrix
from gantools.runtime.seeds import item_seed

_NAN = float("nan")
_INTERVAL = (2.5, 97.5)


def compare_sets(
    answers: Sequence[Answer], sets: Sequence[str], question: str, resamples: int, seed: int
) -> dict[str, Any]:
    """Return what one question says of the sets.

    Parameters
    ----------
    answers : sequence of Answer
        Of first hearings, all questions.
    sets : sequence of str
    question : str
    resamples, seed : int

    Returns
    -------
    dict
        ``sets``: n, mean, sd, median and the 95 % interval of the mean for each; ``kruskal``: H and p over all sets;
        ``pairs``: for each two sets the difference of means with its interval, Mann-Whitney U with p and Bonferroni's
        p, and the paired t with what was paired.
    """
    own = [one for one in answers if one.question == question and isinstance(one.value, float)]
    groups = {name: [one for one in own if one.set == name] for name in sets}
    groups = {name: group for name, group in groups.items() if group}
    values = {name: np.array([float(one.value) for one in group]) for name, group in groups.items()}
    draws = _bootstrap(groups, question, resamples, seed)
    described = {
        name: {
            "n": len(group),
            "mean": float(group.mean()),
            "sd": float(group.std(ddof=1)) if len(group) > 1 else _NAN,
            "median": float(np.median(group)),
            "interval": _interval(draws[name]),
        }
        for name, group in values.items()
    }
    pairs = [_pair(one, two, groups, values, draws[one] - draws[two]) for one, two in itertools.combinations(values, 2)]
    for pair in pairs:
        pair["p_bonferroni"] = min(1.0, pair["p"] * len(pairs))
    return {"sets": described, "kruskal": kruskal(list(values.values())), "pairs": pairs}


def kruskal(groups: Sequence[np.ndarray]) -> dict[str, float]:
    """Return H and p of Kruskal and Wallis over groups of values; NaN below two groups, or where all is equal."""
    if len(groups) < 2 or np.ptp(np.concatenate(groups)) == 0:
        return {"h": _NAN, "p": _NAN}
    found = stats.kruskal(*groups)
    return {"h": float(found.statistic), "p": float(found.pvalue)}


def _pair(
    one: str,
    two: str,
    groups: dict[str, list[Answer]],
    values: dict[str, np.ndarray],
    draws: np.ndarray,
) -> dict[str, Any]:
    u = stats.mannwhitneyu(values[one], values[two], alternative="two-sided")
    return {
        "a": one,
        "b": two,
        "difference": float(values[one].mean() - values[two].mean()),
        "interval": _interval(draws),
        "u": float(u.statistic),
        "p": float(u.pvalue),
        **paired_t(groups[one], groups[two]),
    }


def paired_t(first: Sequence[Answer], second: Sequence[Answer]) -> dict[str, Any]:
    """Return Student's t of pairs, with its p, how many pairs there are, and what they are.

    A listener's answers to two versions of a song are a pair; where the sets have no two songs in common, the means
    that a listener gave to both sets.
    """
    for paired, by in (("songs of a listener", _by_song), ("listeners", _by_rater)):
        one, two = by(first), by(second)
        common = sorted(one.keys() & two.keys())
        if len(common) > 1:
            change = np.array([np.mean(one[name]) - np.mean(two[name]) for name in common])
            if np.ptp(change) == 0:
                return {"t": _NAN, "t_p": _NAN, "pairs": len(common), "paired": paired}
            found = stats.ttest_1samp(change, 0.0)
            return {"t": float(found.statistic), "t_p": float(found.pvalue), "pairs": len(common), "paired": paired}
    return {"t": _NAN, "t_p": _NAN, "pairs": 0, "paired": ""}


def _by_song(answers: Sequence[Answer]) -> dict[tuple[str, ...], list[float]]:
    found = defaultdict[tuple[str, ...], list[float]](list)
    for one in answers:
        if one.song:
            found[one.rater, one.song].append(float(one.value))
    return found


def _by_rater(answers: Sequence[Answer]) -> dict[tuple[str, ...], list[float]]:
    found = defaultdict[tuple[str, ...], list[float]](list)
    for one in answers:
        found[(one.rater,)].append(float(one.value))
    return found


def _bootstrap(groups: dict[str, list[Answer]], question: str, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Return means of each set over draws of listeners and of clips, (resamples,) each.

    Both are drawn: other listeners, and other clips, would have given other means. Listeners are the same in all sets
    of a draw, so that differences of sets are not widened by what a listener gives to all.
    """
    raters = sorted({one.rater for group in groups.values() for one in group})
    generator = np.random.default_rng(item_seed(seed, "raters", question))
    by_rater = generator.multinomial(len(raters), np.full(len(raters), 1 / len(raters)), size=resamples)
    means = {}
    for name, group in groups.items():
        scores, clips = score_matrix(group, raters, [question])
        generator = np.random.default_rng(item_seed(seed, "clips", question, name))
        by_clip = generator.multinomial(len(clips), np.full(len(clips), 1 / len(clips)), size=resamples)
        known = ~np.isnan(scores)
        total = ((by_rater @ np.where(known, scores, 0.0)) * by_clip).sum(axis=1)
        count = ((by_rater @ known.astype(float)) * by_clip).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means[name] = total / count
    return means


def _interval(draws: np.ndarray) -> list[float]:
    known = draws[~np.isnan(draws)]
    return [float(value) for value in np.percentile(known, _INTERVAL)] if len(known) > 1 else [_NAN, _NAN]
