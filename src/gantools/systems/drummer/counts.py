"""What counting alone tells of drums: the bar before, and the place in the bar. The network has to be better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS
from gantools.systems.drummer.data import Stretch
from gantools.systems.drummer.music import LEVELS

#: In place of what a drum did before there was music.
_NOTHING = LEVELS


@dataclass(frozen=True, eq=False)
class Counts:
    """Frequencies of how drums are struck, each with one count more than there were.

    Attributes
    ----------
    by_place : float64 array (9, 16, 4)
        Of a drum at a place of the bar.
    after : float64 array (9, 5, 4)
        Of a drum that was struck so a bar before; the last where there was none.
    """

    by_place: np.ndarray
    after: np.ndarray

    @classmethod
    def of(cls, windows: Sequence[tuple[Stretch, int]], bars: int) -> Counts:
        """Count the drums of windows, each the stretch that it is cut from and its first bar."""
        by_place, after = np.ones((DRUM_ROWS, BAR_STEPS, LEVELS)), np.ones((DRUM_ROWS, LEVELS + 1, LEVELS))
        rows = np.arange(DRUM_ROWS)
        for stretch, bar in windows:
            drums, places, before = _steps(stretch, bar, bars)
            np.add.at(by_place, (rows, places[:, None], drums), 1)
            np.add.at(after, (rows, before, drums), 1)
        return cls(by_place / by_place.sum(2, keepdims=True), after / after.sum(2, keepdims=True))

    def nats(self, windows: Sequence[tuple[Stretch, int]], bars: int) -> dict[str, float]:
        """Return what a step of windows takes, in nats: ``bar_before`` and ``by_place``."""
        sums, steps, rows = np.zeros(2), 0, np.arange(DRUM_ROWS)
        for stretch, bar in windows:
            drums, places, before = _steps(stretch, bar, bars)
            sums[0] -= np.log(self.after[rows, before, drums]).sum()
            sums[1] -= np.log(self.by_place[rows, places[:, None], drums]).sum()
            steps += len(drums)
        bar_before, by_place = (sums / max(1, steps)).tolist()
        return {"bar_before": bar_before, "by_place": by_place}


def _steps(stretch: Stretch, bar: int, bars: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the drums of a window, the places of its steps, and the drums a bar before."""
    nothing = np.full((BAR_STEPS, DRUM_ROWS), _NOTHING, np.uint8)
    before = np.concatenate([nothing, stretch.drums[:-BAR_STEPS]])
    span = slice(bar * BAR_STEPS, (bar + bars) * BAR_STEPS)
    drums = stretch.drums[span]
    return drums, np.arange(len(drums)) % BAR_STEPS, before[span]
