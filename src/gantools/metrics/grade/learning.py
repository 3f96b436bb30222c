"""Learning grades from features: a logistic and a linear model, validated on songs that they have not seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm, rankdata

from gantools.errors import InputError

FOLDS, REPEATS = 5, 5
#: Inverse strengths of the penalty of the logistic model, and strengths of that of the linear one.
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_BINS = 5
#: What the paper says of its test set: 87 % right, of 400 clips; a fifth of them is taken for the test set.
PAPERS_ACCURACY, PAPERS_CLIPS = 0.87, 80


@dataclass(frozen=True)
class Learnt:
    """Both models, on features that are brought to mean 0 and deviation 1.

    Attributes
    ----------
    mean, scale : array (d,)
    logistic, linear : array (d + 1,)
        Weights, and what is added to their sum: log odds of a good clip, and its grade.
    """

    mean: np.ndarray
    scale: np.ndarray
    logistic: np.ndarray
    linear: np.ndarray

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return the probability that each clip is good."""
        odds = self._scaled(features) @ self.logistic[:-1] + self.logistic[-1]
        return 1 / (1 + np.exp(-np.clip(odds, -500, 500)))

    def grades(self, features: np.ndarray) -> np.ndarray:
        """Return the grade of each clip."""
        return self._scaled(features) @ self.linear[:-1] + self.linear[-1]

    def _scaled(self, features: np.ndarray) -> np.ndarray:
        return (np.asarray(features, np.float64) - self.mean) / self.scale


def learn(features: np.ndarray, grades: np.ndarray, good: np.ndarray, songs: np.ndarray, seed: int) -> Learnt:
    """Fit both models; the strength of each penalty is chosen on songs held out from those given."""
    from sklearn.linear_model import LogisticRegression, Ridge

    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    scaled = (features - mean) / scale
    folds = list(_folds(good, songs, seed))

    def logistic(strength: float, rows: np.ndarray) -> Any:
        return LogisticRegression(C=strength, max_iter=2000).fit(scaled[rows], good[rows])

    def linear(strength: float, rows: np.ndarray) -> Any:
        return Ridge(alpha=1 / strength).fit(scaled[rows], grades[rows])

    def surprise(model: Any, rows: np.ndarray) -> float:
        right = np.where(good[rows], 1, -1) * model.decision_function(scaled[rows])
        return float(np.logaddexp(0, -right).sum())

    def error(model: Any, rows: np.ndarray) -> float:
        return float(np.square(model.predict(scaled[rows]) - grades[rows]).sum())

    every = np.arange(len(good))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit with little penalty need not be exact to be refused
        chosen = logistic(_strongest(folds, logistic, surprise), every)
        straight = linear(_strongest(folds, linear, error), every)
    return Learnt(
        mean,
        scale,
        np.concatenate([chosen.coef_[0], chosen.intercept_]),
        np.concatenate([straight.coef_, [straight.intercept_]]),
    )


def _strongest(
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    fit: Callable[[float, np.ndarray], Any],
    cost: Callable[[Any, np.ndarray], float],
) -> float:
    """Return the strength with the least cost on what is held out; the strongest penalty where nothing can be."""
    costs = [sum(cost(fit(strength, train), test) for train, test in folds) for strength in _STRENGTHS]
    return _STRENGTHS[int(np.argmin(costs))]


def _folds(good: np.ndarray, songs: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows to train and to test on, no song in both, with about as many good clips in each test."""
    from sklearn.model_selection import StratifiedGroupKFold

    count = min(FOLDS, len(np.unique(songs)))
    if count < 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer good clips than folds: those folds are passed over below
        splits = list(StratifiedGroupKFold(count, shuffle=True, random_state=seed).split(good, good, songs))
    for train, test in splits:
        if 0 < good[train].sum() < len(train):
            yield train, test


def require_enough(good: np.ndarray, songs: np.ndarray) -> None:
    """Raise InputError where nothing can be learnt or validated."""
    least = min(int(good.sum()), int((~good).sum()))
    if least < FOLDS:
        raise InputError(
            f"{good.sum()} good clips and {(~good).sum()} others; needs {FOLDS} of each, see --least-grade"
        )
    if len(np.unique(songs)) < FOLDS:
        raise InputError(f"clips of {len(np.unique(songs))} songs; needs {FOLDS}, to validate on songs that are new")


def validate(
    features: np.ndarray, grades: np.ndarray, good: np.ndarray, songs: np.ndarray, *, resamples: int, seed: int
) -> dict[str, Any]:
    """Validate on songs that the models have not seen: five times five folds.

    Returns
    -------
    dict
        ``accuracy``, ``auc``, ``brier`` of the logistic model, means over repeats, each with ``_interval``: 95 %, by
        drawing songs anew; ``baseline``: the accuracy of the more frequent answer of the training songs;
        ``linear_r`` of predicted and given grades, ``linear_auc``; ``held_out``: accuracy on a first test of a fifth of
        the songs, its ``n`` and ``interval`` (Wilson); ``calibration``: rows of mean probability, share of good clips,
        clips; ``paper``: accuracy and interval.
    """
    answers, baselines, lines = [], [], []
    first: dict[str, Any] = {}
    for repeat in range(REPEATS):
        own, line, base = (np.full(len(good), np.nan) for _ in range(3))
        for train, test in _folds(good, songs, seed + repeat):
            learnt = learn(features[train], grades[train], good[train], songs[train], seed)
            own[test], line[test] = learnt.probabilities(features[test]), learnt.grades(features[test])
            base[test] = (good[train].mean() >= 0.5) == good[test]
            if not first:
                right = int(((own[test] >= 0.5) == good[test]).sum())
                first = {"accuracy": right / len(test), "n": len(test), "interval": wilson(right, len(test))}
        answers.append(own)
        lines.append(line)
        baselines.append(float(np.nanmean(base)))
    found: dict[str, Any] = {"baseline": float(np.mean(baselines)), "held_out": first}
    rng = np.random.default_rng(seed)
    draws = [_draw(songs, rng) for _ in range(resamples)]
    for name, figure in _FIGURES.items():

        def over_repeats(rows: np.ndarray, figure: Callable[..., float] = figure) -> float:
            return float(np.mean([figure(own[rows], good[rows]) for own in answers]))

        found[name] = over_repeats(np.arange(len(good)))
        spread = np.array([over_repeats(rows) for rows in draws])
        known = spread[np.isfinite(spread)]
        found[f"{name}_interval"] = np.quantile(known, [0.025, 0.975]).tolist() if len(known) else [np.nan, np.nan]
    with np.errstate(invalid="ignore"):
        found["linear_r"] = float(np.mean([_correlation(line, grades) for line in lines]))
    found["linear_auc"] = float(np.mean([auc(line, good) for line in lines]))
    found["calibration"] = _calibration(np.concatenate(answers), np.tile(good, REPEATS))
    right = round(PAPERS_ACCURACY * PAPERS_CLIPS)
    found["paper"] = {"accuracy": PAPERS_ACCURACY, "n": PAPERS_CLIPS, "interval": wilson(right, PAPERS_CLIPS)}
    return found


def _draw(songs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of songs that are drawn with replacement."""
    rows = {song: np.flatnonzero(songs == song) for song in np.unique(songs)}
    names = list(rows)
    return np.concatenate([rows[names[number]] for number in rng.integers(len(names), size=len(names))])


def auc(scores: np.ndarray, good: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a good clip is above another one; NaN without either."""
    known = np.isfinite(scores)
    scores, good = scores[known], good[known]
    count, others = int(good.sum()), int((~good).sum())
    if not count or not others:
        return float("nan")
    return float((rankdata(scores)[good].sum() - count * (count + 1) / 2) / (count * others))


def _accuracy(probabilities: np.ndarray, good: np.ndarray) -> float:
    known = np.isfinite(probabilities)
    return float(((probabilities >= 0.5) == good)[known].mean())


def _brier(probabilities: np.ndarray, good: np.ndarray) -> float:
    return float(np.nanmean(np.square(probabilities - good)))


_FIGURES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {"accuracy": _accuracy, "auc": auc, "brier": _brier}


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one)
    return float(np.corrcoef(one[known], other[known])[0, 1])


def _calibration(probabilities: np.ndarray, good: np.ndarray) -> list[list[float]]:
    """Return mean probability, share of good clips and their number, for each fifth of the range that has any."""
    known = np.isfinite(probabilities)
    probabilities, good = probabilities[known], good[known]
    places = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    rows = [places == place for place in range(_BINS)]
    return [[float(probabilities[row].mean()), float(good[row].mean()), int(row.sum())] for row in rows if row.any()]


def wilson(right: int, n: int, level: float = 0.95) -> list[float]:
    """Return Wilson's interval of a share."""
    z = float(norm.ppf(0.5 + level / 2))
    share = right / n
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [float((middle - half) / (1 + z * z / n)), float((middle + half) / (1 + z * z / n))]
