"""Samples of full scale 1 made integers of some bits: triangular dither first, then rounding that undoes decoding."""

from __future__ import annotations

import numpy as np

from gantools.audio.formats import DEPTHS, FLOATS

#: Companded samples are coded from integers of 16 bits.
_COMPANDED = ("ULAW", "ALAW")
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


def to_integers(block: np.ndarray, subtype: str) -> np.ndarray:
    """Return samples as libsndfile takes them for a sample format without loss.

    Integers that became samples come back unchanged.

    Parameters
    ----------
    block : array of float
        Full scale 1; what lies outside is clipped. 2^(bits - 1) steps make full scale, as decoders have it: libsndfile
        itself multiplies by one step less, which moves half of the samples of a file that is read and written again.
    subtype : str
        In libsndfile's words.

    Returns
    -------
    array
        int16 for up to 16 bits, else int32, both with the sample in their upper bits; the block itself for samples
        that stay floating point and for lossy formats.
    """
    bits = 16 if subtype in _COMPANDED else DEPTHS.get(subtype, 0)
    if not bits or subtype in FLOATS:
        return block
    kind = np.int16 if bits <= 16 else np.int32
    if bits == 32:  # float32 has no value between 2^31 - 128 and 2^31
        block = block.astype(np.float64)
    full = block.dtype.type(2.0 ** (bits - 1))
    steps = block * full
    np.rint(steps, out=steps)
    np.clip(steps, -full, full - block.dtype.type(1), out=steps)
    return steps.astype(kind) << kind(np.dtype(kind).itemsize * 8 - bits)
