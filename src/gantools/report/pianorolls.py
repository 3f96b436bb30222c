"""Piano rolls of whole scores: pitch upwards, time to the right, a colour for each family of instruments."""

from __future__ import annotations

import numpy as np

from gantools.symbolic.mmr.score import DRUMS, LENGTH, ONSET, PITCH, GridScore

_PAPER, _BAR_LINE = (255, 255, 255), (214, 218, 224)
#: By program // 8, and drums last: piano, mallets, organ, guitar, bass, strings, ensemble, brass, reed, pipe, others.
_COLOURS = (
    *((33, 37, 41), (134, 142, 150), (92, 60, 146), (11, 114, 133), (24, 100, 171), (201, 42, 42), (224, 49, 49)),
    *((232, 89, 12), (43, 138, 62), (102, 168, 15), (156, 54, 181), (156, 54, 181), (156, 54, 181), (12, 133, 153)),
    *((134, 142, 150), (134, 142, 150), (173, 181, 189)),
)
_LEAST_PITCHES = 36
_STRUCK = 0.55


def score_picture(score: GridScore, most_columns: int = 1600, up: int = 3) -> np.ndarray:
    """Return a piece as an RGB picture, uint8 (height, width, 3).

    Parameters
    ----------
    score : GridScore
    most_columns : int
        Its width at most: a column then stands for several units.
    up : int
        Pixels of a pitch.
    """
    notes = score.notes
    end = max(int(score.edges[-1]), 1)
    per_column = max(1, -(-end // most_columns))
    width = -(-end // per_column)
    low, high = (int(notes[:, PITCH].min()), int(notes[:, PITCH].max())) if len(notes) else (48, 84)
    more = max(0, _LEAST_PITCHES - (high - low + 1))
    low, high = max(0, low - 2 - more // 2), min(127, high + 2 + more // 2)
    picture = np.full((high - low + 1, width, 3), _PAPER, np.uint8)
    picture[:, np.minimum(score.edges[:-1] // per_column, width - 1)] = _BAR_LINE
    colours = np.array(_COLOURS, np.uint8)
    kinds = np.where(score.programs == DRUMS, len(_COLOURS) - 1, score.programs // 8)
    # Longest notes first, so that short ones stay to be seen.
    for onset, track, pitch, length in notes[np.argsort(-notes[:, LENGTH], kind="stable")][:, : LENGTH + 1].tolist():
        start, stop = onset // per_column, max(onset // per_column + 1, (onset + length) // per_column)
        colour = colours[kinds[track]]
        picture[high - pitch, start : min(stop, width)] = colour
        if start < width:
            picture[high - pitch, start] = (colour * _STRUCK).astype(np.uint8)
    return np.repeat(picture, up, axis=0)


def bars_of(score: GridScore, most: int) -> tuple[GridScore, int]:
    """Return the bars of a piece, at most so many, in which most notes begin, and the first of them, from 0."""
    if score.bars <= most:
        return score, 0
    counts = np.bincount(np.searchsorted(score.edges, score.notes[:, ONSET], side="right") - 1, minlength=score.bars)
    first = int(np.convolve(counts[: score.bars], np.ones(most, int), "valid").argmax())
    return score.cut(first, most), first
