"""Normalised cross-correlation of short windows with a whole clip: where, and how exactly, a sound was copied.

The correlation of a window w of L samples with a clip c at position p is ``|<w, c[p:p+L]>| / (|w| |c[p:p+L]|)``: 1 is a
copy at any level and of either polarity. All positions are tried: the clip goes by in blocks, each through one FFT, and
so memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

#: Windows this far below the mean power of their sound are silence: what is left there is rounding or dither.
SILENCE_DB = -60.0
#: Windows correlated in one FFT call: the block stays in the cache.
_BATCH = 32
#: Window of a verbatim run, in seconds, and the correlation from which it counts.
RUN_WINDOW_S = 0.1
RUN_LINE = 0.95


def cut_windows(wave: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Return the whole windows of a wave (n,) as float32 (windows, length), each of norm 1; silent ones are all 0."""
    if length < 2 or len(wave) < length:
        return np.zeros((0, max(length, 1)), np.float32)
    windows = sliding_window_view(wave, length)[::hop].astype(np.float64)
    norms = np.linalg.norm(windows, axis=1, keepdims=True)
    floor = np.sqrt(length * np.mean(np.square(wave, dtype=np.float64)) * 10 ** (SILENCE_DB / 10))
    return np.where(norms > floor, windows / np.maximum(norms, 1e-30), 0.0).astype(np.float32)


def correlations(windows: np.ndarray, clip: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield the correlations of windows with a clip, block by block.

    Parameters
    ----------
    windows : float32 array (w, length)
        As `cut_windows` gives them.
    clip : float32 array (n,)

    Yields
    ------
    first_window, first_position : int
    values : float32 array (windows of the batch, positions of the block)
        In [0, 1]; 0 where the window or the clip is silent.
    """
    count, length = windows.shape
    positions = len(clip) - length + 1
    if not count or positions < 1:
        return
    # Six windows long: five sixths of the positions in a transform are free of wrap-around, and it stays short.
    size = fft.next_fast_len(min(6 * length, len(clip)), real=True)
    step = size - length + 1
    floor = length * float(np.mean(np.square(clip, dtype=np.float64))) * 10 ** (SILENCE_DB / 10)
    spectra = np.conj(fft.rfft(windows, size, axis=1))
    for position in range(0, positions, step):
        block = clip[position : position + size]
        here = min(step, positions - position)
        # Energy under the window at each position, as a difference of cumulative sums.
        energy = np.concatenate([[0.0], np.cumsum(np.square(block, dtype=np.float64))])
        energy = energy[length : length + here] - energy[:here]
        scale = np.where(energy > floor, 1 / np.sqrt(np.maximum(energy, 1e-30)), 0.0).astype(np.float32)
        spectrum = fft.rfft(block.astype(np.float32, copy=False), size)
        for window in range(0, count, _BATCH):
            product = spectra[window : window + _BATCH] * spectrum
            values = fft.irfft(product, size, axis=1, overwrite_x=True)[:, :here]
            np.abs(values, out=values)
            values *= scale
            yield window, position, values


def best_matches(windows: np.ndarray, clip: np.ndarray) -> np.ndarray:
    """Return the highest correlation of each sounding window over all positions, float32 (sounding windows,)."""
    if len(clip) < windows.shape[1]:
        return np.zeros(0, np.float32)
    best = np.zeros(len(windows), np.float32)
    for window, _, values in correlations(windows, clip):
        part = best[window : window + len(values)]
        np.maximum(part, values.max(axis=1), out=part)
    return np.minimum(best[windows.any(axis=1)], 1.0)


def longest_run_s(wave: np.ndarray, clip: np.ndarray, rate_hz: int) -> float:
    """Return the longest stretch of a wave that stands in the clip as it is, in seconds.

    The longest chain of 0.1 s windows that each correlate above 0.95 at one constant lag. Silent windows neither break
    a chain nor count.

    Returns
    -------
    float
        A multiple of 0.1 s; NaN if either sound is shorter than a window.
    """
    length = round(RUN_WINDOW_S * rate_hz)
    windows = cut_windows(wave, length, length)
    if not len(windows) or len(clip) < length:
        return float("nan")
    found: list[list[np.ndarray]] = [[] for _ in windows]
    for first, position, values in correlations(windows, clip):
        rows, columns = np.nonzero(values > RUN_LINE)
        # `np.nonzero` lists the hits row by row; here they are parted.
        cuts = np.searchsorted(rows, np.arange(1, len(values)))
        for row, hits in enumerate(np.split(columns, cuts)):
            if len(hits):
                found[first + row].append(hits + position)
    sounding = np.flatnonzero(windows.any(axis=1))
    copies = [np.concatenate(found[row]) if found[row] else np.zeros(0, np.int64) for row in sounding]
    return _longest_chain(copies, sounding * length) * RUN_WINDOW_S


def _longest_chain(copies: Sequence[np.ndarray], starts: np.ndarray) -> int:
    """Return the most windows in a row that have a copy at one constant lag.

    `copies` holds for each window the sorted positions of its copies, and `starts` where the window itself begins.
    """
    longest = 0
    lags_before, counts_before = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for positions, start in zip(copies, starts, strict=True):
        lags = positions - start
        counts = np.ones(len(lags), np.int64)
        # A chain goes on where this window and the one before have copies at the same lag.
        _, old, new = np.intersect1d(lags_before, lags, assume_unique=True, return_indices=True)
        counts[new] += counts_before[old]
        lags_before, counts_before = lags, counts
        longest = max(longest, int(counts.max(initial=0)))
    return longest
