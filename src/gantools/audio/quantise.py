"""Decibels to network units and 8-bit codes, with one global range.

One range serves all roles: the identity loss feeds either domain to either generator, and generation must undo it
exactly. A range per chunk could not be undone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DbRange:
    """An affine map between dB and [-1, 1].

    Parameters
    ----------
    lo_db, hi_db : float
        Levels that map to -1 and 1; everything outside is clipped.

    Notes
    -----
    The 8-bit codes of the paper (section 3.4) lose at most (hi_db - lo_db) / 510 dB inside the range.
    """

    lo_db: float
    hi_db: float

    def to_unit(self, db: np.ndarray) -> np.ndarray:
        """Return dB mapped to [-1, 1], float32, clipped."""
        scale = np.float32(2 / (self.hi_db - self.lo_db))
        unit = (np.asarray(db, np.float32) - np.float32(self.lo_db)) * scale
        unit -= np.float32(1)
        return np.clip(unit, -1, 1, out=unit)

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Return values in [-1, 1] mapped to dB, float32."""
        return np.asarray(unit, np.float32) * np.float32((self.hi_db - self.lo_db) / 2) + np.float32(
            (self.hi_db + self.lo_db) / 2
        )

    def to_codes(self, db: np.ndarray) -> np.ndarray:
        """Return 8-bit codes 0..255 of dB values, rounded to the nearest."""
        return np.rint((self.to_unit(db) + 1) * np.float32(127.5)).astype(np.uint8)


def covering_range(histogram: np.ndarray, lowest_db: int, width_db: float = 90.0) -> DbRange:
    """Choose the range for a data set from its histogram of mel levels.

    Parameters
    ----------
    histogram : array of int, shape (bins,)
        Counts in bins of 1 dB; bin 0 begins at `lowest_db`.
    lowest_db : int
    width_db : float
        Width of the range.

    Returns
    -------
    DbRange
        Its upper end is the 99.99th percentile, rounded up, plus 1 dB. The paper does not state its range.
    """
    share = np.cumsum(histogram) / max(1, int(np.sum(histogram)))
    top = lowest_db + 1 + int(np.searchsorted(share, 0.9999))
    return DbRange(top + 1 - width_db, float(top + 1))
