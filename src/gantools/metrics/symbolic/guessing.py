"""Instruments guessed without a model: the commonest one, and the one whose register fits best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gantools.symbolic.mmr.score import DRUMS, PITCH, TRACK, GridScore

_PROGRAMS = DRUMS + 1


class Registers:
    """How often each instrument plays each pitch, and how often a part is for it.

    Parameters
    ----------
    scores : iterable of GridScore
        To learn from.
    """

    def __init__(self, scores: Iterable[GridScore]) -> None:
        pitches, tracks = np.ones((_PROGRAMS, 128)) * 0.1, np.zeros(_PROGRAMS)
        for score in scores:
            programs = score.programs[score.notes[:, TRACK]]
            np.add.at(pitches, (programs, score.notes[:, PITCH]), 1)
            np.add.at(tracks, score.programs[np.unique(score.notes[:, TRACK])], 1)
        self._known = tracks > 0
        self._log = np.log(pitches / pitches.sum(1, keepdims=True))
        self._prior = np.log(np.maximum(tracks, 1e-9) / tracks.sum())
        self.majority = int(tracks.argmax())

    def guess(self, pitches: np.ndarray) -> int:
        """Return the program that makes some pitches most probable, each by itself (naive Bayes)."""
        scores = self._log[:, pitches].sum(1) + self._prior
        return int(np.where(self._known, scores, -np.inf).argmax())

    def accuracy(self, scores: Sequence[GridScore]) -> dict[str, float]:
        """Return the shares of the parts of some pieces whose instruments are guessed, without drums."""
        parts = [
            (int(score.programs[track]), score.notes[score.notes[:, TRACK] == track, PITCH])
            for score in scores
            for track in np.unique(score.notes[:, TRACK]).tolist()
            if score.programs[track] != DRUMS
        ]
        if not parts:
            return {}
        by_register = np.mean([self.guess(pitches) == program for program, pitches in parts])
        by_majority = np.mean([self.majority == program for program, _ in parts])
        return {"majority": float(by_majority), "register": float(by_register)}
