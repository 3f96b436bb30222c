"""Pictures of loops as piano rolls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gantools.report.plots import mel_grid, save_png
from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS


def roll_picture(sounding: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """Return a roll as a picture, uint8 (57, steps, 3): the bass above, onsets darker than what is held.

    Parameters
    ----------
    sounding, onsets : bool arrays (steps, 57)
    """
    picture = np.full((*sounding.T.shape, 3), 255, np.uint8)
    picture[:DRUM_ROWS] = (255, 244, 230)
    picture[:, ::BAR_STEPS] -= np.uint8(30)
    picture[sounding.T] = (150, 160, 175)
    picture[onsets.T] = (29, 33, 37)
    return picture[::-1]


def write_rolls(path: Path, rows: Sequence[Sequence[tuple[str, tuple[np.ndarray, np.ndarray]]]]) -> None:
    """Draw rolls as a PNG file, a title above each.

    Parameters
    ----------
    path : Path
    rows : sequence of sequences of (str, (bool array (steps, 57), bool array (steps, 57)))
        Title, what sounds and what begins.
    """
    pictures = [[(title, roll_picture(*planes)) for title, planes in row] for row in rows]
    save_png(mel_grid(pictures), path)
