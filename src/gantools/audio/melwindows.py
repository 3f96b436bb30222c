"""Mel windows of audio or mel files, for the metrics that compare spectrograms in time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db
from gantools.audio.melfile import HISTOGRAM_BINS, HISTOGRAM_LOW_DB, SUFFIX, read_mel, require_same
from gantools.audio.quantise import DbRange, covering_range
from gantools.errors import InputError

ACTIVE_DB = -10.0
ACTIVE_SHARE = 0.1


@dataclass(frozen=True)
class MelWindow:
    """One excerpt of a generated file beside its source or real counterpart.

    Attributes
    ----------
    generated, other : numpy.ndarray
        float32 (frames, n_mels) in dB.
    name : str
        The generated file.
    start_s : float
        Where it begins.
    """

    generated: np.ndarray
    other: np.ndarray
    name: str
    start_s: float


def load_mel(path: Path, params: MelParams) -> np.ndarray:
    """Return the dB frames of a mel file or of an audio file, float32 (frames, n_mels).

    Raises
    ------
    InputError
        If a mel file has other parameters, or the file cannot be read.
    """
    if path.name.endswith(SUFFIX):
        mel = read_mel(path)
        require_same(params, mel.params, path, "the other file")
        return mel.frames()
    try:
        return mel_db(load_mono(path, params.sample_rate_hz), params)
    except InputError as error:
        raise error if error.path else InputError(error.message, path) from error


def common_params(paths: tuple[Path, ...]) -> MelParams:
    """Return the mel parameters of the first mel file among `paths`, else the default."""
    for path in paths:
        if path.name.endswith(SUFFIX):
            return read_mel(path).params
    return MelParams()


def cut(generated: np.ndarray, other: np.ndarray, frames: int, params: MelParams, name: str) -> list[MelWindow]:
    """Cut two spectrograms of one song into windows that follow each other.

    Windows where `other` is silent (fewer than a tenth of its frames reach -10 dB in any band) are left out: nothing
    can be on time with silence. Silence of the generated side is kept, and counts against it. The rest at the end is
    left out.

    Raises
    ------
    InputError
        If the shorter side has less than one window.
    """
    length = min(len(generated), len(other))
    if length < frames:
        raise InputError(f"{length} mel frames, a window has {frames}; give a longer file or a smaller --window-frames")
    windows = []
    for start in range(0, length - frames + 1, frames):
        span = slice(start, start + frames)
        if is_active(other[span]):
            start_s = start * params.hop_samples / params.sample_rate_hz
            windows.append(MelWindow(generated[span], other[span], name, start_s))
    return windows


def active_share(mel: np.ndarray) -> float:
    """Return the share of frames that reach -10 dB in some band."""
    return float((mel.max(axis=1) > ACTIVE_DB).mean()) if len(mel) else 0.0


def is_active(mel: np.ndarray) -> bool:
    """Tell whether at least a tenth of the frames reach -10 dB in some band."""
    return active_share(mel) >= ACTIVE_SHARE


def covering_db_range(mels: list[np.ndarray]) -> DbRange:
    """Return the range that ``gantools chunk`` would choose for these spectrograms."""
    edges = np.arange(HISTOGRAM_BINS + 1) + HISTOGRAM_LOW_DB
    histogram = np.zeros(HISTOGRAM_BINS, np.int64)
    for mel in mels:
        histogram += np.histogram(np.clip(mel, edges[0], edges[-1]), edges)[0]
    return covering_range(histogram, HISTOGRAM_LOW_DB)
