"""Dynamic range compression until the onset peaks of a stem are no higher than its type has them.

The text of the paper that is at hand says only that compression is normalised by onset peak levels (section 2.1), and
breaks off; the rest is from its program, which tries up to a thousand pairs of threshold and ratio, each with a
compressor at the full sample rate and an onset detection. Here the onsets are found once, and a candidate is judged by
the largest sample of each 32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gantools.effects.compressor import (
    CompressionPlan,
    compress_into,
    gained_maxima,
    magnitudes_db,
    reduction,
    to_gains,
)
from gantools.effects.features import CompressorDefaults, Statistic
from gantools.effects.onsets import DynamicsMeter, OnsetPeaks, block_samples, peak_statistics

__all__ = ["CompressionPlan", "DynamicsMeter", "OnsetPeaks", "compress_into", "plan_compression"]

_BISECTIONS = 12
_LOWEST_DB = 40.0
_LARGEST_RATIO, _RATIO_STEP = 20.0, 2.0
_CORRECTIONS = 3
_TOLERANCE_DB = 0.05


class _Candidates:
    """Compressors for one stem, judged by its onset peaks."""

    def __init__(self, measured: OnsetPeaks, plan: CompressionPlan, index: int) -> None:
        self._measured, self._index = measured, index
        self._attack, self._release = plan.coefficients()
        self._levels_db = magnitudes_db(measured.maxima * measured.scale)
        self._reduction_db = np.empty(len(self._levels_db))

    def judge(self, threshold_db: float, ratio: float) -> tuple[float, float]:
        """Return the statistic at block rate and the largest reduction."""
        largest = self.reduce(threshold_db, ratio)
        # The gain at the end of a block stands for all of it, which is cheap; `_correct` looks at the samples.
        return self._statistic(self._measured.maxima * self._gains()[1:]), largest

    def judge_samples(self, wave: np.ndarray, threshold_db: float, ratio: float) -> tuple[float, float]:
        """Return the statistic of the samples after compression and the largest reduction."""
        largest = self.reduce(threshold_db, ratio)
        block = block_samples(self._measured.rate_hz)
        return self._statistic(gained_maxima(wave, self._gains(), block)), largest

    def reduce(self, threshold_db: float, ratio: float) -> float:
        """Work out the reduction of each block and return the largest."""
        return reduction(
            self._levels_db, threshold_db, 1 - 1 / ratio, self._attack, self._release, np.zeros(2), self._reduction_db
        )

    def _gains(self) -> np.ndarray:
        return to_gains(self._reduction_db, np.float32(1))

    def _statistic(self, maxima: np.ndarray) -> float:
        peaks = np.maximum.reduceat(maxima, self._measured.starts) * self._measured.scale
        return peak_statistics(peaks)[self._index]


def plan_compression(
    measured: OnsetPeaks,
    wave: np.ndarray,
    target: Statistic,
    defaults: CompressorDefaults,
    *,
    statistic: str = "peak",
    max_reduction_db: float = 12.0,
    amount: float = 1.0,
) -> CompressionPlan:
    """Choose the compressor of a stem.

    Parameters
    ----------
    measured : OnsetPeaks
        Onset peaks measured on `wave`.
    wave : array (channels, n) of float32
    target : Statistic
        Onset peaks (``peak``) or their spread (``spread``) of the stem type. The bound is mean + std; what is below is
        left alone (the expander of the paper's program is off).
    defaults : CompressorDefaults
        Attack, release and the smallest ratio.
    statistic : str
        ``peak``, ``spread`` or ``off``.
    max_reduction_db : float
        Largest reduction at any moment.
    amount : float

    Returns
    -------
    CompressionPlan

    Notes
    -----
    For each ratio the threshold is found by 12 bisections at block rate; the first ratio that meets the bound within
    the largest reduction is taken. At most 3 secant steps then bring the statistic of the samples to 0.05 dB.
    """
    index = 2 if statistic == "spread" else 0
    before, bound = (measured.mean_db, measured.std_db, measured.spread_db)[index], target.mean + target.std
    plan = CompressionPlan(
        active=False,
        threshold_db=0.0,
        ratio=defaults.start_ratio,
        attack_ms=defaults.attack_ms,
        release_ms=defaults.release_ms,
        scale=measured.scale,
        rate_hz=measured.rate_hz,
        amount=amount,
        statistic=statistic,
        bound_db=bound,
        before_db=before,
        after_db=before,
    )
    if statistic == "off" or not before > bound:  # also where the target is unknown
        return plan
    candidates = _Candidates(measured, plan, index)
    lowest = measured.mean_db - _LOWEST_DB
    threshold, ratio, unreached = _search(candidates, bound, lowest, defaults.start_ratio, max_reduction_db)
    threshold, after, largest = _correct(candidates, wave, threshold, ratio, bound, unreached, max_reduction_db)
    return replace(
        plan,
        active=largest > 0,
        threshold_db=threshold,
        ratio=ratio,
        after_db=after,
        reduction_db=largest,
        unreached=unreached or after > bound + 2 * _TOLERANCE_DB,
    )


def _search(
    candidates: _Candidates, bound: float, lowest: float, start_ratio: float, max_reduction_db: float
) -> tuple[float, float, bool]:
    """Return threshold, ratio, and whether the bound is out of reach.

    Statistic and largest reduction both follow the threshold. So a ratio serves if the bound is met at the lowest
    threshold that the largest reduction allows.
    """
    nearest: tuple[float, float, float] | None = None
    for ratio in map(float, np.arange(start_ratio, max(_LARGEST_RATIO, start_ratio) + 1e-9, _RATIO_STEP)):

        def too_much(threshold_db: float, ratio: float = ratio) -> bool:
            return candidates.reduce(threshold_db, ratio) > max_reduction_db

        def low_enough(threshold_db: float, ratio: float = ratio) -> bool:
            return candidates.judge(threshold_db, ratio)[0] <= bound

        # The second of the pair: the lowest threshold found that keeps within the largest reduction.
        floor = _bisect(too_much, lowest, 0.0)[1]
        after, _ = candidates.judge(floor, ratio)
        if after <= bound:
            # The highest threshold that meets the bound compresses least.
            return _bisect(low_enough, floor, 0.0)[0], ratio, False
        # Kept for a bound that no ratio meets.
        if nearest is None or after < nearest[0]:
            nearest = after, floor, ratio
    assert nearest is not None
    return nearest[1], nearest[2], True


def _bisect(holds: Callable[[float], bool], low: float, high: float) -> tuple[float, float]:
    """Return two near thresholds: at the first, or at `low` of the start, `holds` is true; at the second it is not.

    Where it does not even hold at `low`, both are `low`.
    """
    if not holds(low):
        return low, low
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low, high


def _correct(
    candidates: _Candidates,
    wave: np.ndarray,
    threshold: float,
    ratio: float,
    bound: float,
    unreached: bool,
    max_reduction_db: float,
) -> tuple[float, float, float]:
    """Return threshold, statistic and largest reduction at the full sample rate, the threshold being corrected."""
    after, largest = candidates.judge_samples(wave, threshold, ratio)
    # The threshold already stands at the largest reduction; a correction would go beyond it.
    if unreached:
        return threshold, after, largest
    best = threshold, after, largest
    slope, previous = 1 - 1 / ratio, (threshold, after)
    for _ in range(_CORRECTIONS):
        if abs(after - bound) <= _TOLERANCE_DB:
            break
        # The statistic follows the threshold by about 1 - 1 / ratio; from the second step on by what was seen.
        threshold += (bound - after) / slope
        after, largest = candidates.judge_samples(wave, threshold, ratio)
        # A step may overshoot, or pass the largest reduction; the best one that does neither is kept.
        if abs(after - bound) < abs(best[1] - bound) and largest <= max_reduction_db:
            best = threshold, after, largest
        # A flat or falling secant would throw the threshold far off; the slope from before then stays.
        if abs(threshold - previous[0]) > 1e-9 and (after - previous[1]) / (threshold - previous[0]) > 0.05:
            slope = (after - previous[1]) / (threshold - previous[0])
        previous = threshold, after
    return best
