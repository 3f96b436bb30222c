"""How far generated phrases are from real ones, and whether a generator of rolls has collapsed."""

from __future__ import annotations

import numpy as np

from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS

_MOST_PHRASES = 512
#: A phrase with fewer cells than this share of a real one's is silent; real ones are not, so few may be.
SILENT_PHRASE, MOST_SILENT = 0.1, 0.5
#: Mean difference of two phrases over that of real ones, and the share of pairs that are the same phrase.
LEAST_VARIETY, MOST_TWINS = 0.3, 0.2
#: A column is frozen that is the same in this share of the phrases, and makes up this share of all cells.
FROZEN, MOST_FROZEN = 0.9, 0.5
#: Difference of neighbouring bars over that of bars of different phrases: .5 in the shared band music, 1 in noise.
NOISE = 0.95
#: Cells over those of real phrases.
MOST_CELLS = 4.0


class RollScore:
    """Compares phrases with real ones that were held out.

    Parameters
    ----------
    real : bool array (n, steps, 57)
        What sounds, in bars of 16 steps; of more than 512 phrases an even choice is taken.
    """

    def __init__(self, real: np.ndarray) -> None:
        self.real = real[np.linspace(0, len(real) - 1, min(len(real), _MOST_PHRASES)).round().astype(int)]
        self._features = phrase_features(self.real)
        self._within = _mean_distance(self._features, self._features)
        self._cells = float(self.real.sum((1, 2)).mean())
        self._frozen = _frozen_share(self.real)
        self._twins, self._difference = _sameness(self.real)

    def distance(self, made: np.ndarray) -> float:
        """Return the energy distance of the features of `phrase_features`, 0 for phrases of one distribution.

        Notes
        -----
        Székely and Rizzo 2013: 2 E|X - Y| - E|X - X'| - E|Y - Y'|, with pairs of a phrase and itself among the latter.
        """
        features = phrase_features(made)
        between = _mean_distance(features, self._features)
        return 2 * between - self._within - _mean_distance(features, features)

    def figures(self, made: np.ndarray) -> dict[str, float]:
        """Return what `symptoms` judges: names to numbers."""
        twins, difference = _sameness(made)
        return {
            "cells": float(made.sum((1, 2)).mean()) / self._cells,
            "silent_share": float((made.sum((1, 2)) < SILENT_PHRASE * self._cells).mean()),
            "variety": difference / self._difference,
            "twin_share": twins,
            "frozen_share": _frozen_share(made),
            "restlessness": restlessness(made),
        }

    def symptoms(self, made: np.ndarray) -> dict[str, str]:
        """Return what is wrong with generated phrases, name -> sentence; empty for healthy ones.

        Names: ``silence``, ``mode_collapse``, ``frozen``, ``noise``.
        """
        f = self.figures(made)
        if f["silent_share"] > MOST_SILENT:
            return {"silence": f"{f['silent_share']:.0%} of the phrases are nearly silent"}
        for name, part in (("drums", made[:, :, :DRUM_ROWS]), ("bass", made[:, :, DRUM_ROWS:])):
            if (silent := float((~part.any((1, 2))).mean())) > MOST_SILENT:
                return {"silence": f"{silent:.0%} of the phrases have no {name}"}
        if f["cells"] > MOST_CELLS:
            return {"noise": f"there are {f['cells']:.1f} times as many cells as in real phrases"}
        if f["variety"] < LEAST_VARIETY:
            return {"mode_collapse": f"phrases differ {f['variety']:.2g} times as much as real ones do"}
        if f["twin_share"] > max(MOST_TWINS, 2 * self._twins):
            return {"mode_collapse": f"{f['twin_share']:.0%} of all pairs are the same phrase"}
        if f["frozen_share"] > max(MOST_FROZEN, 2 * self._frozen):
            return {"frozen": f"{f['frozen_share']:.0%} of the cells are the same in nearly all phrases"}
        if f["restlessness"] > NOISE:
            return {"noise": f"neighbouring bars differ {f['restlessness']:.2f} times as much as bars of other phrases"}
        return {}


def phrase_features(sounding: np.ndarray) -> np.ndarray:
    """Return what is compared of phrases: the mean bar, and how much each two bars differ.

    Parameters
    ----------
    sounding : bool array (n, steps, 57)

    Returns
    -------
    float32 array (n, 16 * 57 + pairs of bars)
        The differences are in square roots of cells, as is the distance of two mean bars.
    """
    bars = _bars(sounding)
    first, second = np.triu_indices(bars.shape[1], 1)
    differences = (
        np.stack([(bars[:, a] != bars[:, b]).sum(1) for a, b in zip(first, second, strict=True)], 1)
        if len(first)
        else np.zeros((len(bars), 0))
    )
    scale = 1 / np.sqrt(max(1, len(first)))
    return np.concatenate([bars.mean(1), scale * np.sqrt(differences)], axis=1).astype(np.float32)


def restlessness(sounding: np.ndarray) -> float:
    """Return how much bars differ from the next one, over how much they differ from one of the next phrase."""
    bars = _bars(sounding)
    if bars.shape[1] < 2:
        return 0.0
    other = np.roll(bars, 1, axis=0)
    return float((bars[:, 1:] != bars[:, :-1]).mean() / max(1e-9, (bars[:, 1:] != other[:, :-1]).mean()))


def _bars(sounding: np.ndarray) -> np.ndarray:
    return sounding.reshape(len(sounding), sounding.shape[1] // BAR_STEPS, -1)


def _mean_distance(first: np.ndarray, second: np.ndarray) -> float:
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1)[None] - 2 * first @ second.T
    return float(np.sqrt(np.maximum(squares, 0)).mean(dtype=np.float64))


def _sameness(sounding: np.ndarray) -> tuple[float, float]:
    """Return the share of pairs of phrases that are the same, and the mean number of cells in which two differ."""
    flat = sounding.reshape(len(sounding), -1).astype(np.float32)
    counts = flat.sum(1)
    differing = (counts[:, None] + counts[None] - 2 * flat @ flat.T)[np.triu_indices(len(flat), 1)]
    return float((differing < 0.5).mean()), max(1e-9, float(differing.mean()))


def _frozen_share(sounding: np.ndarray) -> float:
    """Return the share of all cells that lie in columns whose pattern is the same in nearly all phrases.

    A column is the same in a phrase where it differs from the commonest pattern in less than one step of eight.
    """
    usual = sounding.mean(0) > 0.5
    same = (sounding != usual).mean(1) < 1 / 8
    frozen = (same.mean(0) >= FROZEN) & usual.any(0)
    return float(sounding[:, :, frozen].sum() / max(1, sounding.sum()))
