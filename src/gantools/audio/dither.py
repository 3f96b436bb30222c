"""Triangular dither for samples that are about to be rounded to integers."""

from __future__ import annotations

import numpy as np

_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}


class Dither:
    """Add triangular noise of two steps' width, so that rounding leaves no distortion that follows the music.

    Parameters
    ----------
    subtype : str
        Sample format in libsndfile's words; formats that are not integers of at most 24 bits get no dither.
    seed : int

    Notes
    -----
    Digital silence stays digital silence. See S. P. Lipshitz, R. A. Wannamaker and J. Vanderkooy, Quantization and
    Dither, JAES 40(5), 1992.
    """

    def __init__(self, subtype: str, seed: int) -> None:
        bits = _BITS.get(subtype, 0)
        self.step = np.float32(2.0 ** (1 - bits)) if bits else np.float32(0)
        self._generator = np.random.Generator(np.random.SFC64(seed))

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """Return a float32 block with dither; the block itself where there is none to add."""
        if not self.step:
            return block
        noise = self._generator.random(block.shape, np.float32)
        noise -= self._generator.random(block.shape, np.float32)
        noise *= self.step
        noise *= block != 0
        noise += block
        return noise
