"""What phrases show by themselves (Han et al., section 4.2): pitches, density, loop score; and how many are equal."""

from __future__ import annotations

import numpy as np

from gantools.metrics.loops.phrases import Rolls
from gantools.structure.loops.detector import LoopDetector
from gantools.symbolic.roll import BAR_STEPS

STYLE = (
    *("loop_score", "loop_score_median", "accepted", "used_pitches", "note_density", "notes_per_bar"),
    *("duplicates", "silent"),
)


def _by_bars(plane: np.ndarray) -> np.ndarray:
    """Return a plane (n, steps, 57) by its bars, (n, bars, 16, 57)."""
    return plane.reshape(len(plane), -1, BAR_STEPS, plane.shape[2])


def used_pitches(sounding: np.ndarray) -> np.ndarray:
    """Return the columns, of drums and bass together, that sound in a bar; means of phrases, float64 (n,) (UP)."""
    return np.asarray(_by_bars(sounding).any(axis=2).sum(axis=2).mean(axis=1))


def note_density(sounding: np.ndarray) -> np.ndarray:
    """Return the sixteenths of a bar in which anything sounds, at most 16; means of phrases, float64 (n,) (ND).

    The paper's text calls it the notes of a bar. Its program counts steps, as its figures show, which stay below 16:
    for notes see `notes_per_bar`.
    """
    return np.asarray(_by_bars(sounding).any(axis=3).sum(axis=2).mean(axis=1))


def notes_per_bar(onsets: np.ndarray) -> np.ndarray:
    """Return the notes that begin in a bar, of drums and bass together; means of phrases, float64 (n,)."""
    return np.asarray(_by_bars(onsets).sum(axis=(2, 3)).mean(axis=1))


def duplicate_share(sounding: np.ndarray) -> float:
    """Return the share of phrases that sound like one before them."""
    bits = np.packbits(sounding.reshape(len(sounding), -1), axis=1)
    return 1.0 - len(np.unique(bits, axis=0)) / len(bits)


def measure_style(rolls: Rolls, detector: LoopDetector, bars: int) -> tuple[dict[str, float], np.ndarray]:
    """Return the figures of `STYLE` of some phrases, and the loop score of each, float64 (n,)."""
    sounding, onsets = rolls
    scores = detector.roll_scores(sounding, bars)
    figures = {
        "loop_score": scores.mean(),
        "loop_score_median": np.median(scores),
        "accepted": np.mean(scores <= detector.threshold(bars, "midi")),
        "used_pitches": used_pitches(sounding).mean(),
        "note_density": note_density(sounding).mean(),
        "notes_per_bar": notes_per_bar(onsets).mean(),
        "duplicates": duplicate_share(sounding),
        "silent": np.mean(~sounding.any(axis=(1, 2))),
    }
    return {name: float(value) for name, value in figures.items()}, scores
