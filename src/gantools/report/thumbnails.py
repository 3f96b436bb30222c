"""Thumbnails of sounds for pages: the mel-spectrogram of a whole file in a few hundred columns."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db
from gantools.audio.melfile import SUFFIX, read_mel
from gantools.audio.picture import mel_image
from gantools.errors import InputError
from gantools.report.excerpts import data_uri

_RATE_HZ, _COLUMNS, _BANDS = 16000, 480, 80


@dataclass(frozen=True, eq=False)
class Seen:
    """A file as it is drawn.

    Attributes
    ----------
    levels_db : float array (columns, bands)
        At most 480 columns, each the loudest of its frames.
    seconds : float
    """

    levels_db: np.ndarray
    seconds: float

    @property
    def top_db(self) -> float:
        """The highest level."""
        return float(self.levels_db.max())

    def picture(self, top_db: float | None = None) -> str:
        """Return the picture as a ``data:`` address; `top_db` is its brightest level, by default the highest."""
        return data_uri(small_png(mel_image(self.levels_db, top_db=top_db)), "image/png")


def small_png(picture: np.ndarray) -> bytes:
    """Return an RGB picture of at most 256 colours as PNG with a palette: a quarter of the bytes of one without."""
    colours, places = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
    image = Image.fromarray(places.reshape(picture.shape[:2]).astype(np.uint8), "P")
    image.putpalette(colours.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def look(path: Path, params: MelParams | None = None) -> Seen | None:
    """Return an audio file or a mel file as it is drawn; None where it cannot be read or holds nothing.

    Parameters
    ----------
    path : Path
    params : MelParams, optional
        Those of a mel file that a sound is compared with; without them they go by the length of the sound.
    """
    try:
        if path.name.endswith(SUFFIX):
            mel = read_mel(path)
            levels, seconds = mel.frames(), mel.meta["n_samples"] / mel.params.sample_rate_hz
        else:
            wave = load_mono(path, params.sample_rate_hz if params else _RATE_HZ)
            params = params or _params_for(len(wave))
            levels, seconds = mel_db(wave, params), len(wave) / params.sample_rate_hz
    except InputError:
        return None
    if not len(levels):
        return None
    columns = np.linspace(0, len(levels), min(_COLUMNS, len(levels)) + 1).astype(int)[:-1]
    return Seen(np.maximum.reduceat(levels, columns), seconds)


def _params_for(samples: int) -> MelParams:
    # About four frames for each column, however long the sound is; the loudest of them is shown.
    hop = max(64, samples // (4 * _COLUMNS))
    return MelParams(sample_rate_hz=_RATE_HZ, n_fft=max(1024, 2 * hop), hop_samples=hop, n_mels=_BANDS)
