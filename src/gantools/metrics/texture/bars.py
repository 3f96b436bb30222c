"""How alike the bars of a sound are, beside what they would be if its beats or bars had no order; and its pulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from gantools.metrics.texture.spectrum import FRAME_HZ, RATE_HZ
from gantools.structure.beats import BeatGrid

#: Orders that are drawn of the beats, and of the bars: p has steps of a half per cent.
DRAWS = 199
#: Bars that are compared: neighbours, and those of the same place in a phrase of four.
NEXT, FOURTH = 1, 4
_STEPS = 4
#: A sixteenth begins so long before its place on the grid: windows see an onset before it comes.
_EARLY_SECONDS = 0.02
#: Periods of a pulse, from sixteenths of a slow piece to half notes.
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.25, 1.5


@dataclass(frozen=True, eq=False)
class Likeness:
    """How alike bars are: correlations of their patterns.

    Attributes
    ----------
    following, fourth : float
        Mean over bars of that with the next, and with the fourth after; NaN where there is none.
    beats_shuffled, bars_shuffled : float64 arrays (199,)
        Correlation with the next bar in each of some random orders of all beats, and of all bars.
    matrix : float64 array (bars, bars)
    """

    following: float
    fourth: float
    beats_shuffled: np.ndarray
    bars_shuffled: np.ndarray
    matrix: np.ndarray


def bar_likeness(rises: np.ndarray, grid: BeatGrid, seed: int) -> Likeness:
    """Compare the bars of a sound.

    The pattern of a bar is the largest rise of each band in each of its sixteenths, less what the band has on average;
    two bars are as alike as the cosine between them. Equal bars have 1, bars that have nothing to do with each other
    0. The largest rise, and not their sum, because noise rises all the time, but never by much. Silent bars are left
    out.

    Parameters
    ----------
    rises : float64 array (frames, bands)
        See `gantools.metrics.texture.spectrum.band_rises`.
    grid : BeatGrid
        At 22,050 Hz.
    seed : int
        Of the random orders.
    """
    cells = _patterns(rises, grid)
    bars = len(cells) // grid.beats_per_bar
    order = np.arange(bars * grid.beats_per_bar).reshape(1, bars, grid.beats_per_bar)
    if bars < 2:
        none = np.full(DRAWS, np.nan)
        return Likeness(float("nan"), float("nan"), none, none, np.ones((bars, bars)))
    beats = _Beats.of(cells)
    random = np.random.default_rng(seed)
    beats_shuffled = np.stack([random.permutation(order.size).reshape(order.shape[1:]) for _ in range(DRAWS)])
    bars_shuffled = np.stack([order[0, random.permutation(bars)] for _ in range(DRAWS)])
    return Likeness(
        float(beats.likeness(order, NEXT)[0]),
        float(beats.likeness(order, FOURTH)[0]),
        beats.likeness(beats_shuffled, NEXT),
        beats.likeness(bars_shuffled, NEXT),
        beats.matrix(order[0]),
    )


@dataclass(frozen=True, eq=False)
class _Beats:
    """What orders of beats are compared by: the products of all pairs of beats, and which are silent."""

    products: np.ndarray
    sounding: np.ndarray

    @classmethod
    def of(cls, cells: np.ndarray) -> _Beats:
        centred = (cells - cells.mean(axis=(0, 1))).reshape(len(cells), -1)
        return cls(centred @ centred.T, np.asarray(cells.any(axis=(1, 2))))

    def likeness(self, orders: np.ndarray, apart: int) -> np.ndarray:
        """Return the mean likeness of bars so far apart in each order, (orders, bars, beats) -> (orders,)."""
        if orders.shape[1] <= apart:
            return np.full(len(orders), np.nan)
        size = np.sqrt(np.maximum(self.products[orders, orders].sum(axis=-1), 0.0))
        one, other = orders[:, :-apart], orders[:, apart:]
        sounds = self.sounding[orders].any(axis=-1)
        norm = size[:, :-apart] * size[:, apart:]
        there = sounds[:, :-apart] & sounds[:, apart:] & (norm > 0)
        cosine = np.where(there, self.products[one, other].sum(axis=-1) / np.where(there, norm, 1.0), 0.0)
        count = there.sum(axis=1)
        return np.where(count > 0, cosine.sum(axis=1) / np.maximum(count, 1), np.nan)

    def matrix(self, order: np.ndarray) -> np.ndarray:
        """Return the likeness of all pairs of bars, (bars, beats) -> (bars, bars); 0 with a silent bar."""
        both = self.products[order[:, None], order[None]].sum(axis=-1)
        size = np.sqrt(np.maximum(np.diagonal(both), 0.0))
        norm = np.outer(size, size)
        return np.asarray(np.divide(both, norm, out=np.zeros_like(both), where=norm > 0))


def _patterns(rises: np.ndarray, grid: BeatGrid) -> np.ndarray:
    """Return the largest rises of the sixteenths of each beat in whole bars, float64 (beats, 4, bands)."""
    edges = grid.edges[grid.downbeat : grid.downbeat + grid.bars * grid.beats_per_bar + 1]
    beats = max(0, len(edges) - 1)
    if not beats:
        return np.zeros((0, _STEPS, rises.shape[1]))
    steps = np.interp(np.arange(beats * _STEPS + 1) / _STEPS, np.arange(beats + 1), edges / RATE_HZ)
    frames = np.clip(np.round((steps - _EARLY_SECONDS) * FRAME_HZ).astype(np.int64), 0, len(rises))
    # A step that lies beyond the frames is silent: behind the last frame stands a zero.
    padded = np.concatenate([rises, np.zeros((1, rises.shape[1]))])
    largest = np.maximum.reduceat(padded[: max(int(frames[-1]), int(frames[-2]) + 1)], frames[:-1], axis=0)
    return np.asarray(largest.reshape(beats, _STEPS, -1))


def share_as_good(own: float, drawn: np.ndarray) -> float:
    """Return p: the share of random orders, with the own one among them, that are as alike or more; NaN if unknown."""
    if not (np.isfinite(own) and np.isfinite(drawn).all()):
        return float("nan")
    # It must not miss itself by rounding.
    return float(1 + np.count_nonzero(drawn >= own - 1e-9)) / (1 + len(drawn))


def pulse_clarity(rises: np.ndarray) -> float:
    """Return how clear a pulse is: the highest peak of the autocorrelation of rises between 0.25 and 1.5 s, up to 1.

    That of each band's rises less their mean, added up over bands, over its value at no lag. Added up after the
    correlation, not before: noise that rises in one band now and in another then has no pulse, though the sum may.
    Periods longer than half the sound are not looked at; NaN where none is left, or nothing rises.
    """
    frames = len(rises)
    size = fft.next_fast_len(2 * frames, real=True)
    power = np.abs(fft.rfft(rises - rises.mean(axis=0), size, axis=0)) ** 2
    # Over the overlap of each lag, as in `gantools.structure.beats.autocorrelation`.
    sums = fft.irfft(power.sum(axis=1), size)[:frames] / np.arange(frames, 0, -1)
    low, high = round(_SHORTEST_SECONDS * FRAME_HZ), min(round(_LONGEST_SECONDS * FRAME_HZ), frames // 2)
    if high - low < 2 or not sums[0] > 1e-12:
        return float("nan")
    inside = sums[low : high + 1]
    peaks = inside[(inside >= sums[low - 1 : high]) & (inside >= sums[low + 1 : high + 2])]
    # Without a peak there is no pulse. Few repetitions of a long lag may be louder than the whole.
    return min(1.0, float(peaks.max(initial=0.0) / sums[0]))
