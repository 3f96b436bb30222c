"""YIN: the pitch of one voice from the difference of a frame and its delayed self.

de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 2002, steps 2 to 5.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

RATE_HZ = 16000
#: The range of CREPE, so that figures of the two compare.
LOWEST_HZ, HIGHEST_HZ = 31.7, 2005.5
_INTEGRATION_SAMPLES = 512
#: Step 4: the first dip below this is the period, and not a deeper one at a multiple of it.
_THRESHOLD = 0.15
_BLOCK_FRAMES = 512


def track_yin(wave: np.ndarray, hop_samples: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Return the pitch of each frame and how periodic it is.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono samples at 16 kHz.
    hop_samples : int
        Distance between frames, which are centred on multiples of it.

    Returns
    -------
    hz, periodicity : float64 arrays (1 + n // hop_samples,)
        31.7 to 2005.5 Hz; the periodicity is 1 less the aperiodicity d'(period), at least 0.
    """
    longest = int(np.ceil(RATE_HZ / LOWEST_HZ)) + 1
    length = _INTEGRATION_SAMPLES + longest
    padded = np.pad(wave.astype(np.float64), (length // 2, length - length // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop_samples][: 1 + len(wave) // hop_samples]
    parts = [_track(frames[first : first + _BLOCK_FRAMES], longest) for first in range(0, len(frames), _BLOCK_FRAMES)]
    hz, periodicity = (np.concatenate(values) for values in zip(*parts, strict=True))
    return hz, periodicity


def difference(frames: np.ndarray, longest: int) -> np.ndarray:
    """Return the cumulative mean normalised difference d' (equations 6 and 8), (frames, longest + 1); d'(0) is 1."""
    window = frames.shape[1] - longest
    # A frame is the window and the longest lag, so within its length no lag wraps round.
    size = fft.next_fast_len(frames.shape[1], real=True)
    products = fft.irfft(np.conj(fft.rfft(frames[:, :window], size)) * fft.rfft(frames, size), size)[:, : longest + 1]
    sums = np.cumsum(np.pad(np.square(frames), ((0, 0), (1, 0))), axis=1)
    # Energy of the window delayed by each lag, as a difference of cumulative sums.
    energies = (sums[:, window:] - sums[:, :-window])[:, : longest + 1]
    # Equation 7: the squared difference from the two energies and the correlation.
    values = np.maximum(energies[:, :1] + energies - 2 * products, 0.0)
    values[:, 0] = 0.0
    totals = np.cumsum(values[:, 1:], axis=1)
    normed = np.ones_like(values)
    floor = 1e-12 * np.maximum(energies[:, :1], 1e-30)
    normed[:, 1:] = np.where(
        totals > floor, values[:, 1:] * np.arange(1, longest + 1) / np.maximum(totals, 1e-300), 1.0
    )
    return normed


def _track(frames: np.ndarray, longest: int) -> tuple[np.ndarray, np.ndarray]:
    normed = difference(frames, longest)
    shortest = int(RATE_HZ // HIGHEST_HZ)
    inside = normed[:, shortest : longest + 1]
    dips = (inside[:, 1:-1] < inside[:, :-2]) & (inside[:, 1:-1] <= inside[:, 2:])
    good = dips & (inside[:, 1:-1] < _THRESHOLD)
    deepest = np.where(dips, inside[:, 1:-1], np.inf).argmin(axis=1)
    # The dips were looked for between the end points, so the first of them is at shortest + 1.
    period = np.where(good.any(axis=1), good.argmax(axis=1), deepest) + shortest + 1
    rows = np.arange(len(frames))
    before, here, after = (normed[rows, period + step] for step in (-1, 0, 1))
    # Step 5: the vertex of a parabola through three points; where they lie on a line there is none.
    bend = before - 2 * here + after
    shift = np.where(bend > 1e-12, (before - after) / (2 * np.where(bend > 1e-12, bend, 1.0)), 0.0)
    hz = RATE_HZ / (period + np.clip(shift, -0.5, 0.5))
    return np.clip(hz, LOWEST_HZ, HIGHEST_HZ), np.clip(1.0 - here, 0.0, 1.0)
