"""How strongly sound begins: the onset strength from which beats, hits and attacks are found."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db

_FRAME_HZ = 100.0
_WINDOW_SECONDS = 0.046
_BANDS = 40
_LOW_BANDS = 4
_RANGE_DB = 60.0


def onset_strength(clip: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return how strongly sound begins at each frame of about 10 ms (Ellis, section 3.1).

    Returns
    -------
    all_bands, low_bands : float64 arrays (frames,)
        Mean rise of 40 mel bands, and of those below about 300 Hz, less its mean over a second, of unit deviation.
    frame_hz : float
    """
    hop = max(1, round(rate_hz / _FRAME_HZ))
    n_fft = 2 * round(_WINDOW_SECONDS * rate_hz / 2)
    params = MelParams(sample_rate_hz=rate_hz, n_fft=n_fft, hop_samples=min(hop, n_fft // 2), n_mels=_BANDS,
                       fmin_hz=30.0, fmax_hz=min(8000.0, rate_hz / 2))  # fmt: skip
    mel = mel_db(np.ascontiguousarray(clip.mean(0, dtype=np.float32)), params).astype(np.float64)
    # In decibels a rise out of near silence is as steep as a note: what is 60 dB down counts as silence.
    mel = np.maximum(mel, mel.max() - _RANGE_DB)
    rises = np.maximum(np.diff(mel, axis=0, prepend=mel[:1]), 0.0)
    frame_hz = params.frames_per_second
    return levelled(rises.mean(1), frame_hz), levelled(rises[:, :_LOW_BANDS].mean(1), frame_hz), frame_hz


def levelled(rises: np.ndarray, frame_hz: float) -> np.ndarray:
    """Take away the mean of the second around, and scale to unit deviation; constant input becomes 0."""
    level = rises - uniform_filter1d(rises, max(3, round(frame_hz)), mode="nearest")
    deviation = float(level.std())
    return level / deviation if deviation > 1e-6 else np.zeros_like(level)
