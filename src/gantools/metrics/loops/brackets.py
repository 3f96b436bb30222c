"""What could fake a figure: noise as dense as real phrases, and real phrases whose bars are in another order."""

from __future__ import annotations

import numpy as np

from gantools.metrics.loops.phrases import Rolls
from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS


def noise(sounding: np.ndarray, seed: int) -> Rolls:
    """Return rolls like `sounding` (n, steps, 57) whose cells are drawn with the density of each column."""
    random = np.random.default_rng(item_seed(seed, "noise"))
    drawn = random.random(sounding.shape, np.float32) < sounding.mean(axis=(0, 1))
    return drawn, drawn


def with_bars_shuffled(rolls: Rolls, seed: int) -> Rolls:
    """Return rolls with the bars of each in a random order."""
    random = np.random.default_rng(item_seed(seed, "bars"))
    sounding, onsets = rolls
    bars = sounding.shape[1] // BAR_STEPS
    order = random.permuted(np.tile(np.arange(bars), (len(sounding), 1)), axis=1)
    steps = (order[:, :, None] * BAR_STEPS + np.arange(BAR_STEPS)).reshape(len(sounding), -1)
    moved = [np.take_along_axis(plane, steps[:, :, None], axis=1) for plane in (sounding, onsets)]
    # As wherever bars are cut: what sounds at the start of the phrase begins there.
    moved[1][:, 0] |= moved[0][:, 0]
    return moved[0], moved[1]
