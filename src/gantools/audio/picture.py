"""Mel-spectrograms as PNG pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gantools.files.atomic import atomic_path

_MOST_COLUMNS = 8192


def mel_image(mel_db: np.ndarray, range_db: float = 80.0, top_db: float | None = None) -> np.ndarray:
    """Return an RGB picture of a mel-spectrogram, time to the right, low bands at the bottom.

    Parameters
    ----------
    mel_db : array (frames, n_mels)
    range_db : float
        Levels shown, below `top_db`.
    top_db : float, optional
        Brightest level; the highest in `mel_db` by default.

    Returns
    -------
    uint8 array (n_mels, columns, 3)
        A column per frame; in songs of more than 8192 frames a column shows the loudest of several.
    """
    from matplotlib import colormaps

    step = -(-len(mel_db) // _MOST_COLUMNS)
    if step > 1:
        mel_db = np.maximum.reduceat(mel_db, np.arange(0, len(mel_db), step))
    top = float(mel_db.max()) if top_db is None else top_db
    share = np.clip((mel_db.T[::-1] - top) / range_db + 1, 0, 1)
    return np.asarray(colormaps["magma"](share, bytes=True))[..., :3]


def write_mel_png(path: str | Path, mel_db: np.ndarray) -> None:
    """Write `mel_image` as a PNG file, atomically."""
    from matplotlib.image import imsave

    with atomic_path(path) as temporary:
        imsave(temporary, mel_image(mel_db), format="png")
