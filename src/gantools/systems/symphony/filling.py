"""Bars made anew between given ones: several fillings are drawn, and one stays that the bars behind follow from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from gantools.symbolic.mmr.score import LENGTH, ONSET, GridScore
from gantools.symbolic.mmr.vocabulary import BOS, DURATION, EVENT, PAD
from gantools.systems.symphony.networks import SymphonyNet
from gantools.systems.symphony.windows import places_of


@torch.inference_mode()
def evidence(network: SymphonyNet, before: np.ndarray, after: np.ndarray) -> float:
    """Return the log probability of events and durations of some rows behind others.

    Parameters
    ----------
    network : SymphonyNet
    before, after : int array (rows, 5)
        Of `before` as many of the last whole bars are read as fit into half a window, of `after` the other half.
    """
    vocabulary, half = network.vocabulary, network.config.context // 2
    after = after[:half]
    begins = np.flatnonzero(vocabulary.bar_units[before[:, EVENT]] > 0)
    near = begins[begins >= len(before) - half]
    start = int(near[0]) if len(near) else max(0, len(before) - half)
    head = np.zeros((1, before.shape[1]), np.int64)
    head[0, EVENT] = BOS
    rows = np.concatenate([head, before[start:][before[start:, EVENT] != BOS], after])
    places = places_of(rows[None], network.words(), network.config.recall)
    device = network.norm.weight.device
    told, at = (torch.from_numpy(np.asarray(x, np.int64)).to(device) for x in (rows[None], places))
    logits = network(told, at)
    total = 0.0
    for field in (EVENT, DURATION):
        target = told[0, 1:, field]
        nats = functional.cross_entropy(logits[field][0], target, reduction="none")
        total -= float((nats * (target != PAD))[-len(after) :].sum())
    return total


def pick_filling(evidences: Sequence[float], uniform: float) -> int:
    """Return which filling stays: each in proportion to the probability of what comes behind it."""
    weights = np.exp(np.array(evidences) - max(evidences))
    sums = np.cumsum(weights / weights.sum())
    return min(int(np.searchsorted(sums, uniform, side="right")), len(weights) - 1)


def with_filling(score: GridScore, first: int, count: int, made: GridScore) -> GridScore:
    """Return a piece with some bars of another one, which are as long.

    Parameters
    ----------
    score : GridScore
    first, count : int
        Bars, from 0.
    made : GridScore
        The bars that come in, by themselves; its tracks are those of `score`, and perhaps more behind them.

    Notes
    -----
    A given note that is held into the bars ends where they begin, as what they play is made with it in mind or not at
    all; one that is made may ring on.
    """
    start, end = int(score.edges[first]), int(score.edges[first + count])
    outside = (score.notes[:, ONSET] < start) | (score.notes[:, ONSET] >= end)
    kept = score.notes[outside]
    held = (kept[:, ONSET] < start) & (kept[:, ONSET] + kept[:, LENGTH] > start)
    kept[held, LENGTH] = start - kept[held, ONSET]
    notes = np.concatenate([kept, made.notes + np.array([start, 0, 0, 0, 0])])
    notes = notes[np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))]
    programs = np.append(score.programs, made.programs[len(score.programs) :])
    names = (*score.names, *made.names[len(score.names) :])
    return GridScore(score.grid, score.edges, score.meters, score.tempi, programs, names, notes, score.remarks)
