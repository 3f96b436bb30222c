"""Panning as the paper's text has it (section 2.1, equations 4 to 6), beside `gantools.effects.panning`.

The coefficient of the weaker side is psi / 2, in the frame as in the reference ("assuming psi = 2 alpha"); each bin of
each frame keeps its side, the sign of Delta (equation 5). No bound, no energy kept, no rounds.
"""

from __future__ import annotations

import numpy as np

from gantools.audio.compiled import compiled
from gantools.effects.framing import change_spectra
from gantools.effects.grid import from_grid
from gantools.effects.similarity import pan_size

#: Bins of the Savitzky-Golay smoothing of S, for frames of 2048: the program's 501 of 65536, on its own grid.
_SMOOTHING_BINS, _SMOOTHED_FRAME = 15, 2048


@compiled
def _repan_text(spectra: np.ndarray, reference: np.ndarray) -> float:
    """Multiply spectra (2, frames, re im re im ...) by the gains of equation 6; return the largest."""
    largest = np.float32(0)
    for f in range(spectra.shape[1]):
        left, right = spectra[0, f], spectra[1, f]
        for k in range(reference.size):
            l2 = left[2 * k] ** 2 + left[2 * k + 1] ** 2
            r2 = right[2 * k] ** 2 + right[2 * k + 1] ** 2
            # Delta = 0, the centre to the last bit, tells no side; and of a side that is empty no gain makes anything.
            if l2 == r2 or l2 <= np.float32(1e-30) or r2 <= np.float32(1e-30):
                continue
            psi = 2 * np.sqrt(l2) * np.sqrt(r2) / (l2 + r2)
            weak, strong = reference[k] / psi, (2 - reference[k]) / (2 - psi)
            gain_l, gain_r = (strong, weak) if l2 > r2 else (weak, strong)
            largest = max(largest, gain_l, gain_r)
            left[2 * k] *= gain_l
            left[2 * k + 1] *= gain_l
            right[2 * k] *= gain_r
            right[2 * k + 1] *= gain_r
    return float(largest)


def text_pan(wave: np.ndarray, psi: np.ndarray, rate_hz: int, out: np.ndarray) -> float:
    """Pan a stem as the paper's text says, in constant memory.

    Parameters
    ----------
    wave : array (2, n) of float32
    psi : array (121,)
        Mean similarity S of the type on `GRID_HZ`; smoothed here by a Savitzky-Golay filter over the bins.
    rate_hz : int
    out : array (2, n) of float32
        May be `wave` itself.

    Returns
    -------
    float
        Largest gain of a bin in dB; 0 where all is in the centre.
    """
    from scipy.signal import savgol_filter  # the default chain does without it

    n_fft = pan_size(rate_hz)
    hz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    bins = max(3, round(_SMOOTHING_BINS * n_fft / _SMOOTHED_FRAME) | 1)
    reference = savgol_filter(from_grid(psi, np.maximum(hz, 1.0)), bins, 1, mode="mirror")
    reference = np.clip(reference, 0.0, 1.0).astype(np.float32)
    largest = 0.0

    def repan(first: int, spectra: np.ndarray) -> None:
        nonlocal largest
        largest = max(largest, _repan_text(spectra.view(np.float32), reference))

    change_spectra(wave, n_fft, repan, out)
    return float(20 * np.log10(largest)) if largest > 0 else 0.0
