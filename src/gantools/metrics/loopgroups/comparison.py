"""Loop scores of groups, and whether those of the first differ: what ``gantools evaluate loopgroups`` runs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from gantools.errors import InputError
from gantools.metrics.loopgroups.config import LoopGroupsConfig
from gantools.metrics.loops.detecting import chosen_detector
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.report.clip import Clip
from gantools.runtime.seeds import item_seed
from gantools.structure.loops.config import LoopScoreConfig
from gantools.structure.loops.piece import read_piece
from gantools.structure.loops.windows import Judge


@dataclass(frozen=True, eq=False)
class Scored:
    """A group whose windows were scored.

    Attributes
    ----------
    scores : float64 array (windows,)
    domains : set of str
        ``audio``, ``midi``.
    files : int
    threshold : float
    """

    scores: np.ndarray
    domains: set[str]
    files: int
    threshold: float


def compare_groups(sets: ClipSets, names: Sequence[str], config: LoopGroupsConfig, conditions: Conditions) -> Result:
    """Score the windows of each group, and test the first against each other one.

    Parameters
    ----------
    sets : ClipSets
        Two sets or more.
    names : sequence of str
        What the groups are called.
    config : LoopGroupsConfig
    conditions : Conditions

    Returns
    -------
    dict
        ``groups`` and ``tests``, a dict each, in order; ``drawn``, how many windows of each count; ``scores``, those of
        each group.

    Raises
    ------
    InputError
        A group has no two windows.
    """
    detector = chosen_detector(config.detector)
    judge = Judge(bars=config.bars, kind=detector.kind, detector=detector)
    found = [_score(sets[key], judge, config, conditions) for key in sets]
    for name, group in zip(names, found, strict=True):
        if len(group.scores) < 2:
            raise InputError(f"{name}: {len(group.scores)} windows of {config.bars} bars that sound; two are needed")
    count = min(config.samples, *(len(group.scores) for group in found))
    drawn = [_draw(group.scores, count, conditions.seed, index) for index, group in enumerate(found)]
    groups = [_described(name, group, scores) for name, group, scores in zip(names, found, drawn, strict=True)]
    return {
        "groups": groups,
        "tests": [
            {"group": name, **compare_draws(drawn[0], scores)}
            for name, scores in zip(names[1:], drawn[1:], strict=True)
        ],
        "drawn": count,
        "bars": config.bars,
        "detector": config.detector or "the one that ships",
        "features": detector.kind,
        "domains": sorted({domain for group in found for domain in group.domains}),
        "scores": [np.round(scores, 9).tolist() for scores in drawn],
    }


def _score(clips: Sequence[Clip], judge: Judge, config: LoopGroupsConfig, conditions: Conditions) -> Scored:
    """Return the scores of all windows of some files that are not silent."""
    scores, domains, thresholds, files = [np.zeros(0)], set[str](), [], 0
    for clip in clips:
        try:
            windows, domain, threshold = conditions.keep(partial(_windows, clip, judge, config), clip.path)
        except InputError as error:
            conditions.failed(clip.path, error)
        else:
            scores.append(np.asarray(windows, np.float64))
            domains.add(domain)
            thresholds.append(threshold)
            files += 1
        conditions.tick()
    return Scored(np.concatenate(scores), domains, files, float(np.mean(thresholds)) if thresholds else float("nan"))


def _windows(clip: Clip, judge: Judge, config: LoopGroupsConfig) -> tuple[np.ndarray, str, float]:
    scan = read_piece(clip.path, LoopScoreConfig(bpm=config.bpm), judge).scan
    scores = np.array([window.score for window in scan.windows if window.verdict != "silent"])
    return scores, scan.domain, scan.threshold


def _draw(scores: np.ndarray, count: int, seed: int, index: int) -> np.ndarray:
    """Return so many scores in a random order."""
    return np.random.default_rng(item_seed(seed, "group", index)).permutation(scores)[:count]


def _described(name: str, group: Scored, scores: np.ndarray) -> dict[str, Any]:
    return {
        "group": name,
        "files": group.files,
        "windows": len(group.scores),
        "mean": float(scores.mean()),
        "sd": float(scores.std(ddof=1)),
        "median": float(np.median(scores)),
        "accepted": float(np.mean(scores <= group.threshold)),
        "threshold": group.threshold,
    }


def compare_draws(first: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Return whether two draws of one size differ, two-sided.

    Parameters
    ----------
    first, other : float64 arrays (n,)

    Returns
    -------
    dict
        ``t`` and ``p`` of the paper's paired t-test, the i-th of one draw beside the i-th of the other; ``welch_t`` and
        ``welch_p`` of Welch's test, which pairs nothing; ``rank_p`` of the rank-sum test of Mann and Whitney, which
        asks for no normal distribution. NaN where all values are equal.
    """
    # Of equal values SciPy warns that their spread is none, and returns NaN, which says so too.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        paired, welch = stats.ttest_rel(first, other), stats.ttest_ind(first, other, equal_var=False)
        ranked = stats.mannwhitneyu(first, other)
    return {
        "difference": float(first.mean() - other.mean()),
        "t": float(paired.statistic),
        "p": float(paired.pvalue),
        "welch_t": float(welch.statistic),
        "welch_p": float(welch.pvalue),
        "rank_p": float(ranked.pvalue),
    }
