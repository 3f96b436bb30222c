"""Drafts of the patch engine as what a pyramid starts from: made of the clips, another one for each seed.

Every scale gets what the draft has at its rate and not below, added to the upsampled signal of the scale below, and
corrects the sum. With networks that add nothing the result is the draft, and with the bands of the clip it is the clip:
this is the reconstruction that training asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gantools.audio.midside import to_mid_side
from gantools.runtime.seeds import item_seed
from gantools.systems.caw.rates import bands
from gantools.systems.patches.engine import PatchEngine, settings_of


class Drafts:
    """Drafts of one or several clips, as bands of the scales.

    Parameters
    ----------
    waves : sequence of ndarray
        float32 (channels, n) of each clip, left and right as such, at least 1 s.
    rate_hz : int
        Rate of the clips.
    rates_hz : sequence of int
        Rates of the scales.
    variety : float
        See `gantools.systems.patches.engine.settings_of`.

    Raises
    ------
    InputError
        A clip is shorter than 1 s.
    """

    def __init__(self, waves: Sequence[np.ndarray], rate_hz: int, rates_hz: Sequence[int], variety: float) -> None:
        self.rate_hz, self.rates_hz = rate_hz, tuple(rates_hz)
        self._engines = [PatchEngine(wave, rate_hz, settings_of(variety)) for wave in waves]
        self._kept: dict[tuple[int, int], list[torch.Tensor]] = {}

    def draw(self, seconds: float, seed: int, clip: int | None = None) -> list[torch.Tensor]:
        """Return the bands of a draft, float32 (channels, n) for each scale: mid and side where stereo.

        Parameters
        ----------
        seconds : float
        seed : int
            Each gives another draft.
        clip : int, optional
            Clip that it is made of; when left out the seed chooses.
        """
        if clip is None:
            clip = item_seed(seed, "clip") % len(self._engines)
        wave = self._engines[clip].draw(seconds, seed)
        return bands(to_mid_side(wave), self.rate_hz, self.rates_hz, seconds)

    def keep(self, seconds: float, seed: int, clip: int, index: int) -> list[torch.Tensor]:
        """Return one of the drafts to train on, a function of (seed, clip, index) that is made once."""
        found = self._kept.get((clip, index))
        if found is None:
            found = self._kept[clip, index] = self.draw(seconds, item_seed(seed, "draft", clip, index), clip)
        return found
