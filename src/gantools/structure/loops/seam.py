"""How audible the place is where a loop begins again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

_WINDOW_SECONDS, _HOP_SECONDS = 0.023, 0.00575
_STEP_PERCENTILE = 99.0
_SMALL = 1e-9
_ENOUGH_STEPS = 1 << 16


@dataclass(frozen=True)
class Seam:
    """How the end of a loop joins its beginning.

    Attributes
    ----------
    flux : float
        Spectral flux at the join over the median flux inside the loop: as much as there begins at the first beat, and
        clicks.
    step : float
        The step from the last sample to the first, over the 99th percentile of the steps inside, in the channel where
        it is largest: above 1 it may be heard as a click.
    """

    flux: float
    step: float


def measure_seam(loop: np.ndarray, rate_hz: int) -> Seam:
    """Measure the join of a loop.

    Parameters
    ----------
    loop : float32 array (channels, n)
    rate_hz : int
    """
    return Seam(join_flux(loop, rate_hz), join_step(loop))


def join_step(loop: np.ndarray) -> float:
    """Return the step at the join over the 99th percentile of the steps inside; see `Seam`."""
    if loop.shape[1] < 2:
        return 0.0
    return float((np.abs(loop[:, 0] - loop[:, -1]) / usual_step(loop)).max())


def usual_step(loop: np.ndarray) -> np.ndarray:
    """Return the 99th percentile of the steps from sample to sample, float64 (channels,), never 0."""
    # Of a long loop some steps stand for all: to sort half a million of them takes longer than to find the loop.
    steps = np.abs(np.diff(loop, axis=1))[:, :: max(1, loop.shape[1] // _ENOUGH_STEPS)]
    steps = np.percentile(steps, _STEP_PERCENTILE, axis=1)
    return np.asarray(np.maximum(steps, 1e-4 * float(np.abs(loop).max(initial=0.0)) + _SMALL), np.float64)


def join_flux(loop: np.ndarray, rate_hz: int) -> float:
    """Return the spectral flux at the join over the median inside; 1 for silence."""
    n_fft = 2 * max(8, round(_WINDOW_SECONDS * rate_hz / 2))
    hop = max(1, round(_HOP_SECONDS * rate_hz))
    if loop.shape[1] < 4 * n_fft:
        return 1.0
    inside = np.median(_flux(loop.mean(axis=0), n_fft, hop))
    return float((flux_at(loop[:, -2 * n_fft :], loop[:, : 2 * n_fft], rate_hz) + _SMALL) / (inside + _SMALL))


def flux_at(ending: np.ndarray, beginning: np.ndarray, rate_hz: int) -> float:
    """Return the largest spectral flux of the frames that see both sides of a join.

    Parameters
    ----------
    ending, beginning : float32 arrays (channels, n)
        What is before and behind it, each at least as long as a window of 23 ms.
    rate_hz : int
    """
    n_fft = 2 * max(8, round(_WINDOW_SECONDS * rate_hz / 2))
    hop = max(1, round(_HOP_SECONDS * rate_hz))
    both = np.concatenate([ending[:, -n_fft - hop :], beginning[:, : n_fft + hop]], axis=1).mean(axis=0)
    return float(_flux(both, n_fft, hop).max())


def _flux(mono: np.ndarray, n_fft: int, hop: int) -> np.ndarray:
    """Return by how much the magnitudes of neighbouring frames rise, float64 (frames - 1,)."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(mono, np.float32), n_fft)[::hop]
    window = np.hanning(n_fft).astype(np.float32)
    made = []
    before: np.ndarray | None = None
    for first in range(0, len(windows), 512):
        magnitude = np.abs(fft.rfft(windows[first : first + 512] * window, axis=1))
        rows = magnitude if before is None else np.concatenate([before, magnitude])
        made.append(np.maximum(np.diff(rows, axis=0), 0).sum(axis=1))
        before = magnitude[-1:]
    return np.concatenate(made).astype(np.float64)
