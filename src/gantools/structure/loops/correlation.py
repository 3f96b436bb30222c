"""How alike the bars of a phrase are: the matrices C of the loop detector, of piano rolls and of sound.

Han et al., "Symbolic Music Loop Generation with Neural Discrete Representations" (ISMIR 2022), section 3.2.1 and
appendix B.3. Two kinds of each: ``paper`` is the authors', ``grid`` looks at each sixteenth of a bar in both domains,
so that its numbers mean about the same for sound and for notes. Of the symmetric matrix of B bars only the upper
triangle is kept, B (B - 1) / 2 numbers, row after row.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.config import MelParams
from gantools.audio.mel import filter_bank, hann_window
from gantools.audio.resample import resample

Kind = Literal["grid", "paper"]
KINDS = ("grid", "paper")

#: Rate of the sound that bars are compared at (the authors' program).
RATE_HZ = 8000
#: Frames and mel bands of a bar of kind ``grid``.
GRID_FRAMES, GRID_BANDS = 16, 32
#: Mel bands of a bar of kind ``paper``.
PAPER_BANDS = 128
_N_FFT, _HOP = 512, 64
#: Where in its window a frame counts as being: an onset must not show before it comes, or the last sixteenth of a bar
#: would tell what follows it.
_LATE = 0.875
#: Power that counts as silence, as a share of the mean of the sound: 30 dB below it.
_FLOOR = 1e-3
_SMALL = 1e-5
#: Phrases per matrix product: their cells stay in the cache.
_BLOCK_CELLS = 1 << 22


def triangle(bars: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the upper triangle of a matrix of `bars` bars, row after row."""
    return np.triu_indices(bars, 1)


def pairs(bars: int) -> int:
    """Return how many pairs of bars there are: the numbers of a matrix that count."""
    return bars * (bars - 1) // 2


def to_matrices(correlations: np.ndarray, bars: int) -> np.ndarray:
    """Return upper triangles (n, pairs) as whole matrices (n, bars, bars), with 1 on the diagonal."""
    correlations = np.asarray(correlations, np.float64)
    made = np.zeros((*correlations.shape[:-1], bars, bars))
    rows, columns = triangle(bars)
    made[..., rows, columns] = correlations
    return made + made.swapaxes(-1, -2) + np.eye(bars)


def roll_correlation(bars: np.ndarray, kind: Kind) -> np.ndarray:
    """Return how alike the bars of phrases of notes are.

    Parameters
    ----------
    bars : bool array (n, B, features)
        The cells of each bar (steps times columns). Bars of fewer steps are padded with silence by the caller.
    kind : str
        ``paper``: 1 - h / (max h + 1e-5), where h is the number of cells in which two bars differ and the maximum is
        that of this phrase's own pairs (appendix B.3): two bars that are alike give 1, and the two that differ most
        about 0, however much they differ.
        ``grid``: Pearson's correlation of the cells, -1 to 1. A bar that is silent throughout, or full, correlates 1
        with its like and 0 with others.

    Returns
    -------
    float64 array (n, B (B - 1) / 2)
    """
    bars = np.asarray(bars, bool)
    count, length, features = bars.shape
    made = np.empty((count, pairs(length)))
    block = max(1, _BLOCK_CELLS // max(1, length * features))
    for first in range(0, count, block):
        cells = bars[first : first + block].astype(np.float32)
        # Sums of zeros and ones: single precision counts them exactly up to 16 million.
        both = np.matmul(cells, cells.swapaxes(1, 2)).astype(np.float64)
        made[first : first + block] = _from_counts(both, features, kind)
    return made


def roll_windows(bars: np.ndarray, length: int, kind: Kind) -> np.ndarray:
    """Return the correlations of all windows of a piece, a bar apart; each pair of bars is compared once.

    Parameters
    ----------
    bars : bool array (bars, features)
    length : int
        Bars of a window.
    kind : str

    Returns
    -------
    float64 array (bars - length + 1, length (length - 1) / 2)
        Equal to `roll_correlation` of the windows; none of a piece that is too short.
    """
    cells = np.asarray(bars, bool).astype(np.float32)
    if len(cells) < length:
        return np.zeros((0, pairs(length)))
    both = (cells @ cells.T).astype(np.float64)
    return _from_counts(_diagonal_windows(both, length), cells.shape[1], kind)


def _diagonal_windows(matrix: np.ndarray, length: int) -> np.ndarray:
    """Return the squares (count, length, length) along the diagonal of a matrix."""
    windows = sliding_window_view(matrix, (length, length))
    places = np.arange(len(windows))
    return np.asarray(windows[places, places])


def _from_counts(both: np.ndarray, features: int, kind: Kind) -> np.ndarray:
    """Return correlations from the numbers of cells that two bars share, (n, B, B); a bar shares all its own."""
    rows, columns = triangle(both.shape[-1])
    filled = np.diagonal(both, axis1=-2, axis2=-1)
    one, other, shared = filled[:, rows], filled[:, columns], both[:, rows, columns]
    if kind == "paper":
        differing = one + other - 2 * shared
        largest = differing.max(axis=-1, keepdims=True, initial=0.0)
        return np.asarray(1 - differing / (largest + _SMALL))
    spread = filled * (features - filled)
    covariance = features * shared - one * other
    return _normalised(covariance, spread[:, rows], spread[:, columns], one == other)


def _normalised(covariance: np.ndarray, one: np.ndarray, other: np.ndarray, equal: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation; of bars that do not vary 1 where both are `equal`, else 0."""
    product = np.sqrt(one * other)
    varies = product > 0
    still = (one <= 0) & (other <= 0) & equal
    made = np.divide(covariance, product, out=np.zeros_like(product), where=varies)
    made[still] = 1.0
    return np.asarray(np.clip(made, -1.0, 1.0))


def audio_bars(wave: np.ndarray, rate_hz: int, edges_s: np.ndarray, kind: Kind) -> np.ndarray:
    """Return what stands for each bar of a sound.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono.
    rate_hz : int
    edges_s : float64 array (bars + 1,)
        Seconds at which the bars begin, and where the last one ends, rising. What lies beyond the sound is silent.
    kind : str
        ``paper``: one power spectrum of 128 mel bands, of a Hann window as long as the bar and centred on its start
        (librosa's default, which the authors' program leaves as it is): it sees the first half of the bar, and most of
        its first beat. ``grid``: 16 frames of 32 mel bands, each the mean power of a sixteenth, as a logarithm; what
        is 30 dB below the mean of the sound counts as silence.

    Returns
    -------
    float64 array (bars, features)
        128 features, or 512.
    """
    sound = np.ascontiguousarray(resample(np.asarray(wave, np.float32), rate_hz, RATE_HZ))
    edges = np.asarray(edges_s, np.float64) * RATE_HZ
    if kind == "paper":
        return np.stack([_paper_bar(sound, *ends) for ends in pairwise(edges)])
    power = _mel_power(sound)
    # The integral of the power up to each sixteenth, between frames a straight line: means over any float edges.
    total = np.concatenate([np.zeros((1, GRID_BANDS)), np.cumsum(power, axis=0)])
    inside = np.arange(GRID_FRAMES) / GRID_FRAMES
    ends = np.append((edges[:-1, None] + np.diff(edges)[:, None] * inside).ravel(), edges[-1])
    # A frame stands for the hop around its place.
    places = np.clip(ends / _HOP + 0.5, 0, len(power))
    whole = np.minimum(places.astype(np.int64), len(power) - 1)
    integral = total[whole] + (places - whole)[:, None] * power[whole]
    mean = np.diff(integral, axis=0) / (np.diff(ends)[:, None] / _HOP)
    level = np.log10(mean + _FLOOR * max(float(power.mean()), 1e-12))
    return np.asarray(level.reshape(len(edges) - 1, GRID_FRAMES * GRID_BANDS))


@lru_cache(maxsize=16)
def _bank(n_fft: int, bands: int) -> np.ndarray:
    """Return Slaney's mel filters up to half the rate, as librosa has them, float32 (bands, bins)."""
    return filter_bank(MelParams(RATE_HZ, n_fft, n_fft // 2, bands, mel_scale="slaney", norm="slaney"))


def _paper_bar(sound: np.ndarray, start: float, stop: float) -> np.ndarray:
    # An even number of samples, as four times a beat of whole samples has.
    first, size = round(start), max(16, 2 * round((stop - start) / 2))
    piece = sound[max(0, first) : first + size - size // 2].astype(np.float64)
    frame = np.zeros(size)
    frame[size // 2 : size // 2 + len(piece)] = piece
    spectrum = fft.rfft(frame * hann_window(size))
    return np.asarray(_bank(size, PAPER_BANDS).astype(np.float64) @ (spectrum.real**2 + spectrum.imag**2))


def _mel_power(sound: np.ndarray) -> np.ndarray:
    """Return the power in 32 mel bands of frames 8 ms apart, the first at 0, float64 (frames, 32)."""
    before = round(_LATE * _N_FFT)
    padded = np.concatenate([np.zeros(before, np.float32), sound, np.zeros(_N_FFT - before, np.float32)])
    windows = sliding_window_view(padded, _N_FFT)[::_HOP]
    window, bank = hann_window(_N_FFT), _bank(_N_FFT, GRID_BANDS).T
    made = np.empty((len(windows), GRID_BANDS))
    for first in range(0, len(windows), 256):
        spectrum = fft.rfft(windows[first : first + 256] * window, axis=1)
        made[first : first + 256] = (spectrum.real**2 + spectrum.imag**2) @ bank
    return made


def audio_correlation(bars: np.ndarray, kind: Kind) -> np.ndarray:
    """Return how alike the bars of phrases of sound are: Pearson's correlation of their features, for both kinds.

    Parameters
    ----------
    bars : array (n, B, features)
        From `audio_bars`. A bar whose features are all equal, as those of silence are, correlates 1 with its like and 0
        with others.
    kind : str
        Of the features; both are compared in the same way.

    Returns
    -------
    float64 array (n, B (B - 1) / 2)
    """
    bars = np.asarray(bars, np.float64)
    length = bars.shape[1]
    centred = bars - bars.mean(axis=2, keepdims=True)
    # Rounding must not look like sound: what varies by less than a millionth of its size does not vary.
    still = np.abs(centred).max(axis=2) <= 1e-9 * np.maximum(np.abs(bars).max(axis=2), 1e-30)
    centred[still] = 0.0
    rows, columns = triangle(length)
    products = np.matmul(centred, centred.swapaxes(1, 2))
    spread = np.diagonal(products, axis1=1, axis2=2)
    alike = np.isclose(bars[:, rows, 0], bars[:, columns, 0])
    return _normalised(products[:, rows, columns], spread[:, rows], spread[:, columns], alike)


def audio_windows(bars: np.ndarray, length: int, kind: Kind) -> np.ndarray:
    """Return the correlations of all windows of `length` bars of a sound (bars, features), a bar apart."""
    if len(bars) < length:
        return np.zeros((0, pairs(length)))
    whole = to_matrices(audio_correlation(bars[None], kind), len(bars))[0]
    rows, columns = triangle(length)
    return np.asarray(_diagonal_windows(whole, length)[:, rows, columns])
