"""Where the bars of a bass begin: how its notes lie in a bar, learned from pieces whose bars are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.drummer.music import LEVEL, ONSET, PLACE_ROWS

#: Bars that are looked at together, and onsets that they must have.
_CUT_BARS, _LEAST_ONSETS = 16, 8
_DECAY = 0.01


def place_figures(bass: np.ndarray) -> np.ndarray:
    """Return what the notes at each place of the bar are like, float64 (4, 16), from a bass (steps, 3).

    How many begin there, the sum of their squared levels, of their times to the next and of their times since the last
    one, in quarters up to a bar; all divided by the most that begin at one place.
    """
    at = np.flatnonzero(bass[:, ONSET])
    until = np.minimum(np.diff(np.append(at, len(bass))), BAR_STEPS) / 4
    since = np.minimum(np.diff(np.insert(at, 0, -BAR_STEPS)), BAR_STEPS) / 4
    parts = (np.ones(len(at)), bass[at, LEVEL] ** 2, until, since)
    sums = np.array([np.bincount(at % BAR_STEPS, part, BAR_STEPS)[:BAR_STEPS] for part in parts])
    return np.asarray(sums / max(1.0, sums[0].max()))


def _turned(figures: np.ndarray) -> np.ndarray:
    """Return figures with the bar begun at each of its places, (16, 64)."""
    return np.stack([np.roll(figures, -place, axis=1).reshape(-1) for place in range(BAR_STEPS)])


def learn_places(pieces: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Return the weights by which `bar_place` judges, float32 (4, 16).

    A softmax over the sixteen places at which a bar might begin, of which the first is right; all pieces count alike.

    Parameters
    ----------
    pieces : sequence of sequence of float32 arrays (steps, 3)
        The basses of each piece, from the start of a bar.
    """
    told, weights = [], []
    for basses in pieces:
        size = _CUT_BARS * BAR_STEPS
        cuts = [bass[start : start + size] for bass in basses for start in range(0, len(bass), size)]
        cuts = [cut for cut in cuts if cut[:, ONSET].sum() >= _LEAST_ONSETS]
        told += [_turned(place_figures(cut)) for cut in cuts]
        weights += [1 / len(cuts)] * len(cuts)
    if not told:
        return np.zeros((PLACE_ROWS, BAR_STEPS), np.float32)
    every, share = np.array(told), np.array(weights) / sum(weights)

    def loss(learned: np.ndarray) -> tuple[float, np.ndarray]:
        scores = every @ learned
        scores -= scores.max(1, keepdims=True)
        chances = np.exp(scores)
        sums = chances.sum(1)
        chances /= sums[:, None]
        chances[:, 0] -= 1
        value = float((share * (np.log(sums) - scores[:, 0])).sum() + _DECAY * (learned**2).sum())
        return value, np.einsum("n,np,npf->f", share, chances, every) + 2 * _DECAY * learned

    found = minimize(loss, np.zeros(every.shape[2]), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return np.asarray(found.x.reshape(PLACE_ROWS, BAR_STEPS), np.float32)


def bar_place(bass: np.ndarray, weights: np.ndarray) -> int:
    """Return the step, 0 to 15, of a bass (steps, 3) at which its bars most probably begin."""
    # What is undecided, as in even eighths, is not for rounding to decide.
    return int(np.argmax(np.round(_turned(place_figures(bass)) @ weights.reshape(-1).astype(np.float64), 4)))
