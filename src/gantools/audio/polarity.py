"""Stereo sides of which one is inverted in polarity: they cancel each other where they are summed to mono."""

from __future__ import annotations

import numpy as np

#: The sum counts as cancelled this far below its sides; unrelated sides lose 3 dB, one empty side 3 dB too.
_CANCELLED = 10 ** (-20 / 10)
#: Mean square of the sides below which there is nothing to cancel: -100 dB of full scale.
_NOTHING = 1e-10

CANCELS = "its two sides cancel each other in mono, because one is inverted in polarity"
LEFT_ALONE = f"{CANCELS}; the left one is taken alone. Flip one of them"


class Polarity:
    """Compares the power of a mono sum with that of its sides, block by block."""

    def __init__(self) -> None:
        self._sum = self._sides = 0.0
        self._frames = 0

    def push(self, block: np.ndarray, mono: np.ndarray) -> None:
        """Add float samples (n, channels) and their mean over the channels (n,)."""
        if block.shape[1] > 1:
            flat = np.ascontiguousarray(block).reshape(-1)
            self._sides += float(np.dot(flat, flat)) / block.shape[1]
            self._sum += float(np.dot(mono, mono))
            self._frames += len(mono)

    @property
    def cancels(self) -> bool:
        """Whether what has been pushed is lost in the sum."""
        heard = self._sides > _NOTHING * self._frames
        return heard and self._sum < _CANCELLED * self._sides
