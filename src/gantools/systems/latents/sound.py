"""Samples from what a codec made of latents."""

from __future__ import annotations

import numpy as np

_KNEE = 0.9


def soften(wave: np.ndarray) -> np.ndarray:
    """Return samples with what lies above .9 bent so that it stays below 1.

    Without memory, so that it is the same however music is cut into blocks.
    """
    size = np.abs(wave)
    if not size.max(initial=0.0) > _KNEE:
        return wave
    room = 1 - _KNEE
    bent = np.sign(wave) * (_KNEE + room * np.tanh((size - _KNEE) / room))
    return np.where(size > _KNEE, bent, wave).astype(np.float32)
