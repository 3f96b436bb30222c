"""The log-mel spectrum of a sound, whatever its level: its average, its movement, and distances between frames.

64 bands, windows of 64 ms every 16 ms: 1024 and 256 samples at 16 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.audio.mel import MelParams, hz_to_mel, mel_db, mel_to_hz

N_MELS = 64
#: Power added to each band before the logarithm, against the mean band of the sound: without a floor, the differences
#: of what nobody hears (fades, pauses, empty treble) outweigh all others. The gates hold for this one.
FLOOR_DB = -40.0
#: Distances held at once.
_BLOCK_VALUES = 1 << 21


@dataclass(frozen=True)
class Profile:
    """The log-mel spectrum of a sound and what it comes to.

    Attributes
    ----------
    frames_db : float32 array (frames, bands)
        0 dB is the mean band of the sound; at least -40.
    ltas_db : float64 array (bands,)
        Long-term average spectrum: the mean power of each band.
    modulation_db : float64 array (bands,)
        Standard deviation of each band's level over time.
    """

    frames_db: np.ndarray
    ltas_db: np.ndarray
    modulation_db: np.ndarray


def mel_params(rate_hz: int) -> MelParams:
    """Return the analysis at a rate: windows of 64 ms, 1024 samples at 16 kHz, a quarter of that apart."""
    n_fft = max(16, 4 * round(0.016 * rate_hz))
    return MelParams(sample_rate_hz=rate_hz, n_fft=n_fft, hop_samples=n_fft // 4, n_mels=N_MELS)


def band_centres_hz(rate_hz: int) -> np.ndarray:
    """Return the centre of each band, float64 (bands,)."""
    return mel_to_hz(np.linspace(0.0, float(hz_to_mel(rate_hz / 2)), N_MELS + 2)[1:-1])


def profile(wave: np.ndarray, rate_hz: int) -> Profile | None:
    """Return the profile of mono samples (n,); None for silence or less than a window."""
    params = mel_params(rate_hz)
    power = float(np.mean(np.square(wave, dtype=np.float64))) if len(wave) else 0.0
    if len(wave) < params.n_fft or not power > 0:
        return None
    bands = 10 ** (mel_db((wave / np.sqrt(power)).astype(np.float32), params) / 10)
    bands /= bands.mean(dtype=np.float64)
    bands += np.float32(10 ** (FLOOR_DB / 10))
    frames = 10 * np.log10(bands)
    return Profile(frames, 10 * np.log10(bands.mean(axis=0, dtype=np.float64)), frames.std(axis=0, dtype=np.float64))


def nearest_db(frames: np.ndarray, others: np.ndarray) -> float:
    """Return how far each frame is from its nearest among the others, on average.

    Parameters
    ----------
    frames, others : arrays (n, bands), (m, bands)
        Levels in dB.

    Returns
    -------
    float
        Mean over `frames` of the least root mean square difference over bands, in dB.
    """
    # No distance changes, and the differences of squares lose fewer digits.
    centre = others.mean(axis=0, dtype=np.float64)
    frames, others = frames - centre, others - centre
    squares = np.square(others).sum(axis=1)
    total = 0.0
    step = max(1, _BLOCK_VALUES // len(others))
    for first in range(0, len(frames), step):
        rows = frames[first : first + step]
        # The frame's own square is the same against all others, and is added after the minimum.
        distance = (squares - 2 * rows @ others.T).min(axis=1) + np.square(rows).sum(axis=1)
        total += float(np.sqrt(np.maximum(distance, 0.0) / frames.shape[1]).sum())
    return total / len(frames)
