"""Compressor: one gain for all channels, worked out for each block of 32 samples, in chunks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gantools.audio.compiled import compiled
from gantools.effects.onsets import block_maxima, block_samples
from gantools.effects.stem import CHUNK_FRAMES

_FLOOR = 1e-6


@dataclass(frozen=True)
class CompressionPlan:
    """Settings of a compressor, and what they do.

    Attributes
    ----------
    active : bool
        False where the peaks are low enough: nothing is to be done.
    threshold_db : float
        Relative to the scale of analysis, whose sample peak is -10 dBFS.
    ratio, attack_ms, release_ms : float
    scale : float
        Gain that takes the samples to the scale of analysis.
    rate_hz : int
    amount : float
        0 to 1, share of the reduction in dB that is applied.
    statistic : str
        ``peak`` or ``spread``.
    bound_db : float
        What the statistic must not exceed: mean + deviation of the target.
    before_db, after_db : float
        The statistic before, and after with `amount` 1, over the same segments.
    reduction_db : float
        Largest reduction with `amount` 1.
    unreached : bool
        The bound is not met: no ratio meets it within the largest reduction, or the statistic does not fall so far.
        The settings are then the nearest ones that keep within the largest reduction.
    """

    active: bool
    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    scale: float
    rate_hz: int
    amount: float
    statistic: str
    bound_db: float
    before_db: float
    after_db: float
    reduction_db: float = 0.0
    unreached: bool = False

    def coefficients(self) -> tuple[float, float]:
        """Return the share of the way that the attack goes in one block, and what the release leaves."""
        blocks_per_ms = self.rate_hz / block_samples(self.rate_hz) / 1000
        attack = 1 - math.exp(-1 / (self.attack_ms * blocks_per_ms)) if self.attack_ms > 0 else 1.0
        release = math.exp(-1 / (self.release_ms * blocks_per_ms)) if self.release_ms > 0 else 0.0
        return attack, release


@compiled
def reduction(
    levels_db: np.ndarray,
    threshold_db: float,
    slope: float,
    attack: float,
    release: float,
    state: np.ndarray,
    reduction_db: np.ndarray,
) -> float:
    """Write the gain reduction of each block in dB and return the largest.

    Above the threshold the static curve asks for g = (level - threshold) (1 - 1 / ratio). The release is r = max(g,
    release r), which unrolled is exp(cummax(ln g + n / tau) - n / tau); the attack is a one-pole over r. Neither
    branches on its state.

    Parameters
    ----------
    levels_db : array (blocks,)
    threshold_db, slope : float
        `slope` is 1 - 1 / ratio.
    attack, release : float
        See `CompressionPlan.coefficients`.
    state : array (2,) of float64
        r and its one-pole at the end of the block before; changed.
    reduction_db : array (blocks,) of float64
    """
    held, smooth, largest = state[0], state[1], 0.0
    # The held value never falls below 0, so levels under the threshold (negative g) need no branch.
    for b in range(levels_db.size):
        held = max((levels_db[b] - threshold_db) * slope, release * held)
        smooth += attack * (held - smooth)
        reduction_db[b] = smooth
        largest = max(largest, smooth)
    state[0], state[1] = held, smooth
    return largest


@compiled
def _raise_gained_maxima(channel: np.ndarray, gains: np.ndarray, block: int, maxima: np.ndarray) -> None:
    # In float32 like `_apply_gains`, so that the statistic that was planned is that of the samples written.
    for b in range(maxima.size):
        largest, step = maxima[b], (gains[b + 1] - gains[b]) / np.float32(block)
        for n in range(b * block, min((b + 1) * block, channel.size)):
            largest = max(largest, abs(channel[n]) * (gains[b] + step * np.float32(n - b * block + 1)))
        maxima[b] = largest


@compiled
def _apply_gains(channel: np.ndarray, gains: np.ndarray, block: int, out: np.ndarray) -> None:
    for b in range(gains.size - 1):
        # The ramp reaches gains[b + 1] at the last sample of the block, so that neighbouring ramps meet without a step.
        step = (gains[b + 1] - gains[b]) / np.float32(block)
        for n in range(b * block, min((b + 1) * block, channel.size)):
            out[n] = channel[n] * (gains[b] + step * np.float32(n - b * block + 1))


def gained_maxima(wave: np.ndarray, gains: np.ndarray, block: int) -> np.ndarray:
    """Return the block maxima of a wave after the gain that `compress_into` would apply.

    Parameters
    ----------
    wave : array (channels, n) of float32
    gains : array (blocks + 1,) of float32
        The gain runs from gains[b] to gains[b + 1] in block b.
    block : int
    """
    maxima = np.zeros(len(gains) - 1, np.float32)
    for start in range(0, wave.shape[1], CHUNK_FRAMES):
        # Chunks are a whole number of blocks (powers of two), so no block lies across two of them.
        first = start // block
        for channel in wave[:, start : start + CHUNK_FRAMES]:
            count = -(-channel.size // block)
            _raise_gained_maxima(channel, gains[first:], block, maxima[first : first + count])
    return maxima


def magnitudes_db(magnitude: np.ndarray) -> np.ndarray:
    """Return 20 log10 in float64, at least -120."""
    return 20 * np.log10(np.maximum(magnitude, _FLOOR), dtype=np.float64)


def to_gains(reduction_db: np.ndarray, first: np.float32) -> np.ndarray:
    """Return linear gains: `first`, and that at the end of each block."""
    gains = np.empty(len(reduction_db) + 1, np.float32)
    gains[0] = first
    gains[1:] = 10 ** (-reduction_db / 20)
    return gains


def compress_into(wave: np.ndarray, plan: CompressionPlan, out: np.ndarray) -> None:
    """Compress a stem, all channels by the same gain, in constant memory and without make-up.

    The gain of a block of 32 samples comes from its largest magnitude and is reached at its end, in a straight line.

    Parameters
    ----------
    wave : array (channels, n) of float32
    plan : CompressionPlan
        Where it is not active the samples are copied.
    out : array (channels, n) of float32
        May be `wave` itself.
    """
    if not plan.active:
        if out is not wave:
            out[:] = wave
        return
    block, (attack, release) = block_samples(plan.rate_hz), plan.coefficients()
    # Envelope and last gain pass from chunk to chunk, so that the result does not depend on where the chunks end.
    state, last = np.zeros(2), np.float32(1)
    for start in range(0, wave.shape[1], CHUNK_FRAMES):
        chunk = wave[:, start : start + CHUNK_FRAMES]
        maxima = block_maxima(chunk, block)
        # The threshold is relative to the scale of analysis, whose sample peak is -10 dBFS.
        levels_db, reduction_db = magnitudes_db(maxima * plan.scale), np.empty(len(maxima))
        reduction(levels_db, plan.threshold_db, 1 - 1 / plan.ratio, attack, release, state, reduction_db)
        gains = to_gains(plan.amount * reduction_db, last)
        for channel, made in zip(chunk, out[:, start : start + CHUNK_FRAMES], strict=True):
            _apply_gains(channel, gains, block, made)
        last = gains[-1]
