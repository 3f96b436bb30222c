"""Reconstruction and denoising: what the model makes of its fixed noise, against the clip (Greshler, section 4.4).

The reconstruction itself is `gantools.systems.caw.sampler.Sampler.reconstruct`. Of a model that was trained on a noisy
clip with ``--task denoise`` it is the clip without what could not be learnt: noise.
"""

from __future__ import annotations

import numpy as np

from gantools.systems.caw.applications.extension import signal_to_noise_db
from gantools.systems.caw.rates import resample_clip


def closeness(wave: np.ndarray, clip: np.ndarray) -> dict[str, float]:
    """Return how the reconstruction differs from its clip, both (channels, n) and at the clip's own level.

    Returns
    -------
    dict
        ``snr_db``: energy of the clip over that of what is gone; ``removed_db``: level of what is gone, in dB of full
        scale; ``correlation``: of both.
    """
    clip = _fitted(clip, wave)
    gone = float(np.mean(np.square(clip - wave, dtype=np.float64)))
    together = float(np.sum(clip.astype(np.float64) * wave))
    norm = float(np.sqrt(np.sum(np.square(clip, dtype=np.float64)) * np.sum(np.square(wave, dtype=np.float64))))
    return {
        "snr_db": round(signal_to_noise_db(wave, clip), 3),
        "removed_db": round(10 * float(np.log10(max(gone, 1e-12))), 3),
        "correlation": round(together / max(norm, 1e-12), 4),
    }


def improvement(
    wave: np.ndarray, clip: np.ndarray, rate_hz: int, reference: np.ndarray, reference_hz: int
) -> dict[str, float]:
    """Return the signal-to-noise ratio of the clip and of the result against the true recording, in dB.

    All are (channels, n) at the same level; the reference may have another rate, and is averaged to mono for mono.
    """
    true = resample_clip(reference, reference_hz, rate_hz)
    if len(true) != len(wave):
        true = true.mean(0, keepdims=True) if len(wave) == 1 else np.repeat(true, 2, 0)
    true = _fitted(true, wave)
    before, after = signal_to_noise_db(_fitted(clip, wave), true), signal_to_noise_db(wave, true)
    return {"reference_snr_before_db": round(before, 3), "reference_snr_db": round(after, 3)}


def _fitted(clip: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Return a clip cut, or filled with zeros, to the length of `wave`."""
    length = wave.shape[1]
    return np.pad(clip[:, :length], ((0, 0), (0, max(0, length - clip.shape[1]))))
