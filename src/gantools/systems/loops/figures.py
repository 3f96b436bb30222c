"""Figures of rolls that trainings log and records tell."""

from __future__ import annotations

import numpy as np

from gantools.symbolic.roll import BAR_STEPS


def steps_per_bar(sounding: np.ndarray) -> float:
    """Return the paper's note density (ND): the mean number of sixteenths of a bar at which something sounds.

    Parameters
    ----------
    sounding : bool array (n, steps, 57)
    """
    return float(sounding.any(2).mean() * BAR_STEPS)


def pitches_per_bar(sounding: np.ndarray) -> float:
    """Return the paper's unique pitch (UP): the mean number of drums and pitches that sound in a bar."""
    bars = sounding.reshape(len(sounding), -1, BAR_STEPS, sounding.shape[2])
    return float(bars.any(2).sum(2).mean())


def note_f1(made: np.ndarray, real: np.ndarray) -> float:
    """Return the F1 of notes that are right in pitch and onset, of two bool arrays of onsets."""
    return float(2 * (made & real).sum() / max(1, made.sum() + real.sum()))
