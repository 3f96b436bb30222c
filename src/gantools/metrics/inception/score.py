"""The Inception score of tags of music: each clip should be plainly of some kind, and all together of many kinds.

Salimans et al., "Improved techniques for training GANs", NeurIPS 2016, section 4: exp of the mean KL(p(y|x) || p(y)).
Their classes exclude each other. MusiCNN's 50 tags (genres, instruments, moods) do not: its sigmoids are brought to
the sum 1, and p(y|x) says how the tags of a window share it. Scores of this kind compare among themselves only.
"""

from __future__ import annotations

import numpy as np

from gantools.errors import InputError
from gantools.metrics.embedders.embedding import Embeddings
from gantools.metrics.frechet.extrapolation import BOOTSTRAP_DRAWS, Interval, blocks_of
from gantools.metrics.metric import Result

#: Parts of a set, of which the paper gives mean and deviation.
SPLITS = 10
_LEAST = 1e-12


def tag_shares(tags: np.ndarray) -> np.ndarray:
    """Return probabilities of tags (n, tags) brought to the sum 1 of each window, float64.

    Raises
    ------
    InputError
        They are no probabilities.
    """
    tags = np.asarray(tags, np.float64)
    if not (np.isfinite(tags).all() and tags.min(initial=0.0) >= 0 and tags.max(initial=0.0) <= 1):
        raise InputError("what the network tells are no probabilities of tags, 0 to 1; give a tagger")
    if tags.shape[1] < 2:
        raise InputError(f"{tags.shape[1]} tag; a score needs two at least")
    return np.asarray(np.maximum(tags, _LEAST) / np.maximum(tags, _LEAST).sum(axis=1, keepdims=True))


def inception_score(shares: np.ndarray) -> float:
    """Return the score of distributions (n, tags): 1 where all are one, up to the number of tags."""
    mean = shares.mean(axis=0)
    return float(np.exp(np.mean(np.sum(shares * np.log(shares / mean), axis=1))))


def score_of(tags: np.ndarray) -> float:
    """Return the score of probabilities of tags (n, tags)."""
    return inception_score(tag_shares(tags))


def measure_inception(generated: Embeddings, real: Embeddings, seed: int) -> Result:
    """Return the score of generated windows, and of real ones.

    Returns
    -------
    dict
        ``inception`` with its 95 % block-bootstrap interval, ``split_mean`` and ``split_sd`` of up to ten random parts,
        as the paper has them; ``top_tag``, the mean share of each window's strongest tag. Under ``real`` the same of as
        many real windows, evenly spread, as more windows raise a score. Means over networks.
    """
    size = len(generated.groups)
    return {**_described(generated, seed), "real": _described(real.thinned(size), seed)}


def _described(set_of: Embeddings, seed: int) -> Result:
    each = [_figures(tag_shares(vectors), set_of.groups, seed) for vectors in set_of.vectors]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def _figures(shares: np.ndarray, groups: np.ndarray, seed: int) -> dict[str, float]:
    interval = _interval(shares, groups, seed)
    order = np.random.default_rng(seed).permutation(len(shares))
    parts = [inception_score(shares[rows]) for rows in np.array_split(order, min(SPLITS, len(shares)))]
    return {
        "inception": interval.value,
        "inception_low": interval.low,
        "inception_high": interval.high,
        "split_mean": float(np.mean(parts)),
        "split_sd": float(np.std(parts)),
        "top_tag": float(shares.max(axis=1).mean()),
    }


def _interval(shares: np.ndarray, groups: np.ndarray, seed: int) -> Interval:
    """Return the score with an interval as that of the Fréchet distance."""
    score, blocks, random = inception_score(shares), blocks_of(groups), np.random.default_rng(seed)
    draws = np.empty(BOOTSTRAP_DRAWS)
    for n in range(BOOTSTRAP_DRAWS):
        rows = np.concatenate([blocks[number] for number in random.integers(len(blocks), size=len(blocks))])
        draws[n] = inception_score(shares[rows])
    low, high = np.percentile(draws, [2.5, 97.5]) - draws.mean()
    return Interval(score, max(1.0, score + float(low)), score + float(high))
