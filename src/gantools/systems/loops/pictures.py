"""Pictures of loops as piano rolls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gantools.report.plots import mel_grid, save_png
from gantools.report.rolls import roll_picture
from gantools.symbolic.roll import BAR_STEPS, Roll


def loop_picture(sounding: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """Return a loop in 4/4, two bool arrays (steps, 57), as a picture; see `gantools.report.rolls.roll_picture`."""
    return roll_picture(Roll(sounding, onsets, np.arange(0, len(sounding) + 1, BAR_STEPS)))


def write_rolls(path: Path, rows: Sequence[Sequence[tuple[str, tuple[np.ndarray, np.ndarray]]]]) -> None:
    """Draw rolls as a PNG file, a title above each.

    Parameters
    ----------
    path : Path
    rows : sequence of sequences of (str, (bool array (steps, 57), bool array (steps, 57)))
        Title, what sounds and what begins.
    """
    pictures = [[(title, loop_picture(*planes)) for title, planes in row] for row in rows]
    save_png(mel_grid(pictures), path)
