"""Drawing loops from a model: each from a number of its own, in blocks, with the ways to choose among codes.

Han et al., sections 3.3.2 and 5: temperature, top-k (Fan et al. 2018) and nucleus sampling (Holtzman et al. 2020).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.errors import ConfigError
from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import PITCHES
from gantools.systems.loops.known import KnownRolls

#: Loops that are computed together. A block is always whole and begins at a multiple of this, since sums in matrix
#: products follow the size of a batch: so a loop has the same bits whatever else is drawn.
BLOCK = 64
_KEPT_BLOCKS = 64

Rolls = tuple[np.ndarray, np.ndarray]


class RollSampler(ABC):
    """A trained model as a source of loops; loop `n` is a function of `n` and the options alone.

    A subclass sets the attributes and draws blocks.

    Attributes
    ----------
    bars : int
        Bars of a loop, all in 4/4 of 16 sixteenths.
    bpm : float
        Tempo that suits the loops, such as the middle one of the music that was learned.
    description : mapping
        Contents of the model's ``config.json``.
    files : sequence of Path
        The description and the weights.
    remarks : sequence of str
        What a user has to know of this model, a sentence each.
    known : KnownRolls, optional
        The training phrases, where the model has them.
    """

    bars: int = 8
    bpm: float = 120.0
    description: Mapping[str, Any] = {}
    files: Sequence[Path] = ()
    remarks: Sequence[str] = ()
    known: KnownRolls | None = None

    _blocks: OrderedDict[tuple[int, int], Rolls] | None = None

    @property
    def config(self) -> Mapping[str, Any]:
        """The options that the model was trained with."""
        found: Mapping[str, Any] = self.description.get("config", {})
        return found

    @abstractmethod
    def draw_block(self, seeds: Sequence[int]) -> Rolls:
        """Return a loop for each of `BLOCK` seeds, each a function of its seed and of its place among them.

        `uniforms` and `normals` turn seeds into random numbers.

        Returns
        -------
        sounding, onsets : bool arrays (BLOCK, 16 bars, 57)
        """

    def fill_in(self, sounding: np.ndarray, onsets: np.ndarray, kept: Sequence[int], number: int) -> Rolls:
        """Return a loop that has some bars of another one, and new ones in between.

        Parameters
        ----------
        sounding, onsets : bool arrays (16 bars, 57)
            The loop whose bars stay.
        kept : sequence of int
            Which of its bars, counted from 0.
        number : int
            Each gives other new bars.

        Returns
        -------
        sounding, onsets : bool arrays (16 bars, 57)

        Raises
        ------
        ConfigError
            The model cannot fill in.
        """
        raise ConfigError("this model cannot fill in bars; one of looplm can")

    def draw(self, count: int, seed: int = 0) -> Rolls:
        """Return the loops of the numbers ``seed`` to ``seed + count - 1``, so that more of them change none.

        Returns
        -------
        sounding, onsets : bool arrays (count, 16 bars, 57)
            What sounds, and where notes begin.
        """
        return self.loops(range(seed, seed + count))

    def loops(self, numbers: Sequence[int], attempt: int = 0) -> Rolls:
        """Return the loops of some numbers; each attempt gives every number another loop.

        Returns
        -------
        sounding, onsets : bool arrays (numbers, 16 bars, 57)
        """
        steps = self.bars * 16
        sounding, onsets = (np.zeros((len(numbers), steps, PITCHES), bool) for _ in range(2))
        for place, number in enumerate(numbers):
            block = self._block(number // BLOCK, attempt)
            sounding[place], onsets[place] = (plane[number % BLOCK] for plane in block)
        return sounding, onsets

    def _block(self, index: int, attempt: int) -> Rolls:
        """Return a block, kept for a while: loops are asked for one at a time too."""
        if self._blocks is None:
            self._blocks = OrderedDict()
        key = (index, attempt)
        if key not in self._blocks:
            first = index * BLOCK
            self._blocks[key] = self.draw_block([item_seed(first + n, "loop", attempt) for n in range(BLOCK)])
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        return self._blocks[key]


def uniforms(seeds: Sequence[int], *shape: int) -> torch.Tensor:
    """Return numbers evenly spread over 0 to 1 (1 excluded), float64 (seeds, *shape), each row of its seed alone."""
    return torch.from_numpy(np.stack([np.random.default_rng(seed).random(shape) for seed in seeds]))


def normals(seeds: Sequence[int], *shape: int) -> torch.Tensor:
    """Return standard normal numbers, float32 (seeds, *shape), each row of its seed alone."""
    rows = [np.random.default_rng(seed).standard_normal(shape, np.float32) for seed in seeds]
    return torch.from_numpy(np.stack(rows))


def probabilities(logits: torch.Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> torch.Tensor:
    """Return the probabilities to draw from, float64 (..., classes).

    Parameters
    ----------
    logits : torch.Tensor
        (..., classes).
    temperature : float
        Divides the logits: below 1 what is probable becomes more so. At 0 the most probable class is certain.
    top_k : int
        Classes that stay, the most probable ones; 0 keeps all.
    top_p : float
        Nucleus: the smallest set of the most probable classes that holds at least this probability stays. The class
        with which it is reached is in the set, so that one always is; 1 keeps all.

    Notes
    -----
    The cumulative sum runs over the sorted probabilities. The paper's program sums the unsorted ones and removes by the
    sorted indices, so that its p of 0.08 is no nucleus.
    """
    logits = logits.double()
    if temperature and not top_k and top_p >= 1:
        return torch.softmax(logits / temperature, dim=-1)
    classes = logits.shape[-1]
    order = logits.argsort(dim=-1, descending=True, stable=True)
    ranked = logits.gather(-1, order)
    # Where one class is certain no division by the temperature is needed, nor possible.
    ranked = ranked - ranked[..., :1]
    chances = torch.softmax(ranked / temperature, dim=-1) if temperature else (torch.arange(classes) == 0).to(ranked)
    chances = chances.expand_as(ranked).clone()
    if 0 < top_k < classes:
        chances[..., top_k:] = 0
        chances /= chances.sum(-1, keepdim=True)
    if top_p < 1:
        before = chances.cumsum(-1) - chances
        # The first one has nothing before it, and stays also where p is 0.
        chances[..., 1:] *= before[..., 1:] < top_p
        chances /= chances.sum(-1, keepdim=True)
    return torch.zeros_like(chances).scatter(-1, order, chances)


def choose(chances: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return the class that a uniform number falls upon, int64 (...); never one without probability.

    Parameters
    ----------
    chances : torch.Tensor
        float64 (..., classes), summing to 1.
    uniform : torch.Tensor
        (...), from 0 to 1, 1 excluded.
    """
    edges = chances.cumsum(-1)
    whole = edges[..., -1:]
    # Rounding must not lead behind the last class that has a probability.
    place = torch.minimum(uniform.to(edges)[..., None] * whole, torch.nextafter(whole, torch.zeros_like(whole)))
    return torch.searchsorted(edges, place, right=True)[..., 0]
