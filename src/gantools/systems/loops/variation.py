"""Phrases varied as drummers and bassists would: few pieces then teach more than themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS
from gantools.systems.loops.config import VariedPhraseConfig
from gantools.systems.loops.data import Phrases, moved, to_cells

_KICK, _SNARE, _CLOSED, _OPEN, _CRASH, _RIDE = 0, 1, 2, 4, 6, 8
_TIMEKEEPERS = (_CLOSED, _OPEN, _RIDE)
Planes = tuple[np.ndarray, np.ndarray]


class Draws:
    """Phrases for training, each a pure function of (seed, step, item).

    Parameters
    ----------
    phrases : Phrases
    config : VariedPhraseConfig
    """

    def __init__(self, phrases: Phrases, config: VariedPhraseConfig) -> None:
        self.phrases, self.config = phrases, config

    def cells(self, step: int, items: Sequence[int], side: str = "train") -> np.ndarray:
        """Return the phrases of some items of a batch, float32 (items, 58, steps); see `data.to_cells`."""
        config, starts = self.config, self.phrases.starts[side]
        randoms = [np.random.default_rng(item_seed(config.seed, "phrase", step, item)) for item in items]
        chosen = np.stack([random.integers(0, len(starts), 2) for random in randoms])
        sounding, onsets = self.phrases.rolls(starts[chosen.ravel()])
        made = []
        for row, random in enumerate(randoms):
            own, other = ((sounding[2 * row + n], onsets[2 * row + n]) for n in range(2))
            if random.random() < config.swap_bass:
                own = with_bass_of(own, other)
            if random.random() < config.vary:
                own = varied(own, random)
            shift = int(random.integers(-config.transpose, config.transpose + 1))
            made.append(tuple(moved(plane, shift, own[0]) for plane in own))
        return to_cells(np.stack([planes[0] for planes in made]), np.stack([planes[1] for planes in made]))


def with_bass_of(planes: Planes, other: Planes) -> Planes:
    """Return the drums of one phrase with the bass of another one of the same length."""
    joined = [np.concatenate([a[:, :DRUM_ROWS], b[:, DRUM_ROWS:]], axis=1) for a, b in zip(planes, other, strict=True)]
    return joined[0], joined[1]


def rotated(planes: Planes, steps: int) -> Planes:
    """Return a phrase that begins some steps later and ends with what it began with, as a loop may."""
    sounding, onsets = (np.roll(plane, -steps, axis=0) for plane in planes)
    # A note that was held over the new beginning begins with it.
    onsets[0] |= sounding[0]
    return sounding, onsets


def varied(planes: Planes, random: np.random.Generator) -> Planes:
    """Return a phrase with a random one or two of: another first bar, and changes of its drums."""
    for change in random.choice(len(_CHANGES), int(random.integers(1, 3)), replace=False):
        planes = _CHANGES[change](planes, random)
    return planes


def _another_bar_first(planes: Planes, random: np.random.Generator) -> Planes:
    return rotated(planes, BAR_STEPS * int(random.integers(len(planes[0]) // BAR_STEPS)))


def _exchange(planes: Planes, random: np.random.Generator) -> Planes:
    """Play on one of hi-hats and ride what another one plays."""
    one, two = random.choice(_TIMEKEEPERS, 2, replace=False)
    sounding, onsets = (plane.copy() for plane in planes)
    for plane in (sounding, onsets):
        plane[:, [one, two]] = plane[:, [two, one]]
    return sounding, onsets


def _lose(planes: Planes, random: np.random.Generator) -> Planes:
    """Leave one drum out, but neither kick nor snare."""
    row = int(random.choice([row for row in range(DRUM_ROWS) if row not in (_KICK, _SNARE)]))
    sounding, onsets = (plane.copy() for plane in planes)
    sounding[:, row] = onsets[:, row] = False
    return sounding, onsets


def _keep_time(planes: Planes, random: np.random.Generator) -> Planes:
    """Let the hi-hat or the ride play every quarter, eighth or sixteenth, or the off-beats, in place of what it did."""
    row, every = int(random.choice(_TIMEKEEPERS)), int(random.choice([1, 2, 2, 4, 4]))
    sounding, onsets = (plane.copy() for plane in planes)
    sounding[:, row] = onsets[:, row] = False
    first = int(random.integers(2)) * every // 2
    sounding[first::every, row] = onsets[first::every, row] = True
    return sounding, onsets


def _hit_in_every_bar(planes: Planes, random: np.random.Generator) -> Planes:
    """Add a hit, or take it away, at the same place of every bar."""
    row, step = int(random.choice([_KICK, _KICK, _SNARE, _OPEN, _CRASH])), int(random.integers(BAR_STEPS))
    sounding, onsets = (plane.copy() for plane in planes)
    value = not sounding[step, row]
    sounding[step::BAR_STEPS, row] = onsets[step::BAR_STEPS, row] = value
    return sounding, onsets


_CHANGES: Sequence[Callable[[Planes, np.random.Generator], Planes]] = (
    _another_bar_first,
    _exchange,
    _lose,
    _keep_time,
    _hit_in_every_bar,
)
