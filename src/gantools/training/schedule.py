"""Learning-rate schedules: functions of the 0-based step and the number of steps, giving a factor."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int, int], float]


def constant(step: int, total: int) -> float:
    """Return 1 for every step."""
    return 1.0


def linear_decay(constant_share: float = 0.5) -> Schedule:
    """Return a schedule that is 1 for a share of the run and then falls in a straight line towards 0.

    The last step still has a factor above 0, as in `linear_epochs`. With the default share this is CycleGAN's rule of
    100 + 100 epochs, scaled to the length of the run.
    """

    def factor(step: int, total: int) -> float:
        held = round(constant_share * total)
        return max(0.0, 1.0 - max(0, step + 1 - held) / (total - held + 1))

    return factor


def linear_epochs(steps_per_epoch: int, constant_epochs: int = 100, decay_epochs: int = 100) -> Schedule:
    """Return CycleGAN's own rule, in epochs and whatever the length of the run.

    The factor in the 0-based epoch e is ``1 - max(0, e + 1 - constant_epochs) / (decay_epochs + 1)`` and never below 0.
    The + 1 below the line is the authors' and kept: the last of 200 epochs has a factor of 1/101, not 0. With
    ``decay_epochs`` 0 the factor is always 1.

    Notes
    -----
    Zhu et al. 2017, section 4 ("we keep the same learning rate for the first 100 epochs and linearly decay the rate to
    zero over the next 100 epochs"), and the authors' program for the off-by-one.
    """

    def factor(step: int, total: int) -> float:
        if decay_epochs == 0:
            return 1.0
        epoch = step // steps_per_epoch
        return max(0.0, 1.0 - max(0, epoch + 1 - constant_epochs) / (decay_epochs + 1))

    return factor


def stairs(*levels: tuple[float, float]) -> Schedule:
    """Return a schedule of constant factors, given as (length, factor); the lengths are stretched to the run."""
    whole = sum(length for length, _ in levels)

    def factor(step: int, total: int) -> float:
        place, end = step * whole / max(1, total), 0.0
        for length, level in levels:
            end += length
            if place < end:
                return level
        return levels[-1][1]

    return factor


def after(share: float, schedule: Schedule) -> Schedule:
    """Return a schedule of the steps that follow a first share of the run."""

    def factor(step: int, total: int) -> float:
        first = math.ceil(share * total)
        return schedule(max(0, step - first), max(1, total - first))

    return factor


def cosine(final: float = 0.0, warmup_steps: int = 0) -> Schedule:
    """Return half a cosine from 1 to `final`, after a linear rise over `warmup_steps`.

    Notes
    -----
    Loshchilov and Hutter 2017, equation 5, without restarts.
    """

    def factor(step: int, total: int) -> float:
        if step < warmup_steps:
            return (step + 1) / (warmup_steps + 1)
        position = min(1.0, (step - warmup_steps) / max(1, total - warmup_steps))
        return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * position))

    return factor
