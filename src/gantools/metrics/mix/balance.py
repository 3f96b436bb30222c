"""How loud each stem sits in a mix: the mix projected on the wet stems that a reference mix consists of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

from gantools.audio.loudness import k_weighting

SEGMENT_S = 3.0
#: A stem counts in a segment where it is at most so far below the loudest stem there.
ACTIVE_DB = -30.0
#: A segment counts where it is at most so far below the loudest one.
_QUIET_DB = -50.0
_LOWEST_GAIN = 0.05  # -26 dB: a stem that is gone, or comes back with the opposite sign


def k_weighted(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return (channels, n) filtered as for loudness (ITU-R BS.1770), float32."""
    sections = k_weighting(rate_hz)
    sos = np.concatenate([sections[:, :3], np.ones((2, 1)), sections[:, 3:]], axis=1)
    return np.asarray(signal.sosfilt(sos, wave, axis=-1), np.float32)


def stem_gains_db(
    mix: np.ndarray, stems: Sequence[np.ndarray], rate_hz: int, segment_s: float = SEGMENT_S
) -> np.ndarray:
    """Return the gain of each stem in a mix for each segment, dB; NaN where the stem does not count.

    In each segment the gains g minimise ||m - sum g_k s_k||^2, where m and s_k are both channels of the K-weighted mix
    and stems. So a gain is that of the part of the mix that agrees with the wet stem; reverberation and what is panned
    elsewhere do not count as that stem. Gains below -26 dB (or negative) count as -26 dB.

    Parameters
    ----------
    mix : array (2, n)
        The mix, aligned with the stems to the sample.
    stems : sequence of arrays (2, n)
        The wet stems, of equal length.
    rate_hz : int
    segment_s : float

    Returns
    -------
    array (segments, stems)
    """
    heard = [k_weighted(wave, rate_hz) for wave in (mix, *stems)]
    size = round(segment_s * rate_hz)
    rows = []
    for start in range(0, mix.shape[1] - size + 1, size):
        waves = np.stack([wave[:, start : start + size].reshape(-1) for wave in heard]).astype(np.float64)
        # Row and column 0 are the mix: this one table holds the normal equations of the segment.
        rows.append(waves @ waves.T)
    products = np.array(rows).reshape(-1, len(heard), len(heard))
    energy = products[:, range(1, len(heard)), range(1, len(heard))]
    loudest = energy.max(initial=0.0)
    gains = np.full(energy.shape, np.nan)
    for number, (table, own) in enumerate(zip(products, energy, strict=True)):
        if not own.max() > loudest * 10 ** (_QUIET_DB / 10):
            continue
        present = np.flatnonzero(own > own.max() * 10 ** (ACTIVE_DB / 10))
        gram = table[np.ix_(present + 1, present + 1)]
        # Stems that are equal, or nearly so, would make the matrix singular.
        gram[np.diag_indices_from(gram)] *= 1 + 1e-6
        solved = np.linalg.solve(gram, table[present + 1, 0])
        gains[number, present] = 20 * np.log10(np.maximum(solved, _LOWEST_GAIN))
    return gains


def balance_differences_db(
    mix: np.ndarray, reference: np.ndarray, stems: Sequence[np.ndarray], rate_hz: int
) -> np.ndarray:
    """Return by how much each stem is louder in a mix than in the reference, (segments, stems) in dB, NaN as above.

    The mean over all is taken off: the level of the whole mix is no matter of balance.
    """
    difference = stem_gains_db(mix, stems, rate_hz) - stem_gains_db(reference, stems, rate_hz)
    return difference - np.nanmean(difference) if np.isfinite(difference).any() else difference
