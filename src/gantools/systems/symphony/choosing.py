"""How words are drawn from logits: allowed ones alone, by temperature, from the nucleus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Draw:
    """How the words of one field are drawn.

    Attributes
    ----------
    temperature : float
        Below 1 what is probable becomes more so; 0 takes the most probable word.
    top_p : float
        Draws from the most probable words that together have this probability (nucleus).
    """

    temperature: float = 1.0
    top_p: float = 1.0


def leaning(logits: np.ndarray, words: np.ndarray, wanted: np.ndarray, share: float) -> np.ndarray:
    """Return logits by which wanted words have at least a share of the probability that some words have together.

    Parameters
    ----------
    logits : float array (all,)
        They come back as they are where the share is reached, or no wanted word is among the words.
    words, wanted : bool arrays (all,)
    share : float
        From 0 to 1.
    """
    own, inside = logits[words].astype(np.float64), wanted[words]
    if not inside.any() or inside.all():
        return logits
    chances = np.exp(own - own.max())
    total, reached = float(chances.sum()), float(chances[inside].sum())
    if reached >= share * total:
        return logits
    rest = max(1 - share, 1e-9) * total / (total - reached)
    leant = logits.copy()
    leant[words] += np.where(inside, np.log(share * total / max(reached, 1e-300)), np.log(rest))
    return leant


def choose(logits: np.ndarray, allowed: np.ndarray, draw: Draw, uniform: float) -> int:
    """Return a word.

    Parameters
    ----------
    logits : float array (words,)
    allowed : bool array (words,)
        At least one of them.
    draw : Draw
    uniform : float
        A random number from 0 to below 1.
    """
    words = allowed.nonzero()[0]
    if len(words) == 1:
        return int(words[0])
    scores = logits[words].astype(np.float64)
    if draw.temperature <= 0:
        return int(words[int(scores.argmax())])
    chances = np.exp((scores - scores.max()) / draw.temperature)
    if draw.top_p < 1:
        # Words that are rarer than this have less together than the nucleus leaves out: only the others are sorted.
        total = float(chances.sum())
        near = (chances >= (1 - draw.top_p) * total / len(words)).nonzero()[0]
        words, chances = words[near], chances[near]
    order = (-chances).argsort(kind="stable")
    sums = chances[order].cumsum()
    kept = len(words)
    if draw.top_p < 1:
        # The first word that crosses the limit is the last of the nucleus.
        kept = min(int(sums.searchsorted(draw.top_p * total)) + 1, kept)
    place = int(sums[:kept].searchsorted(uniform * sums[kept - 1], side="right"))
    return int(words[order[min(place, kept - 1)]])
