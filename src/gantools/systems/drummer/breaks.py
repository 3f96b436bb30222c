"""Sections in which a part of the kit rests, as records have them: drums without cymbals, cymbals without drums."""

from __future__ import annotations

import numpy as np

from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS, DRUM_NAMES, DRUM_ROWS
from gantools.systems.drummer.sampling import SECTION_BARS

#: Rows of the hi-hats and cymbals, and of the drums with skins.
CYMBALS = np.array([name.endswith(("hi-hat", "crash", "ride")) for name in DRUM_NAMES])
SKINS = ~CYMBALS
#: What plays in four sections, in any order. In five songs with stems 0.40 to 0.76 of the bars that have drums have low
#: and high ones, 0.01 to 0.39 no high ones, 0.06 to 0.29 no low ones.
_PARTS = (np.ones(DRUM_ROWS, bool), np.ones(DRUM_ROWS, bool), SKINS, CYMBALS)


def parts_of(sections: int, seed: int) -> list[np.ndarray]:
    """Return the drums that play in each section, bool (9,); in the first one all."""
    parts: list[np.ndarray] = []
    for group in range(-(-sections // len(_PARTS))):
        order = np.random.default_rng(item_seed(seed, "breaks", str(group))).permutation(len(_PARTS))
        parts += [_PARTS[number] for number in order]
    whole = next((number for number, part in enumerate(parts) if part.all()), 0)
    return [*parts[whole:], *parts[:whole]][:sections]


def leave_out(drums: np.ndarray, seed: int, *, first: int = 0, section_bars: int = SECTION_BARS) -> None:
    """Silence in each section what it leaves out, in place; the pattern goes on unheard.

    Where a bar of the section would be left without a hit, the other half of the kit plays, or all of it: rests are
    for ``--rests`` to make.

    Parameters
    ----------
    drums : uint8 array (steps, 9)
        From the start of a bar.
    seed : int
    first : int
        Step at which the music begins.
    section_bars : int
    """
    starts = range(0, len(drums), section_bars * BAR_STEPS)
    for start, wanted in zip(starts, parts_of(len(starts), seed), strict=True):
        section = drums[max(start, first) : start + section_bars * BAR_STEPS]
        for part in (wanted, ~wanted):
            if part.any() and _bars_played(section[:, part]) == _bars_played(section):
                section[:, ~part] = 0
                break


def _bars_played(drums: np.ndarray) -> int:
    """Return in how many bars there is a hit."""
    return len(np.unique(np.flatnonzero(drums.any(1)) // BAR_STEPS))
