"""Where in the bar music is: a clock that both networks are given, so that hits fall on the beat at any tempo.

One way to rhythm is a hop of which a beat is a whole number of latents. That needs one tempo for all songs, and
a codec that can change its hop. A clock needs neither: cosine and sine of the place in the beat and in the bar, at
every latent. The discriminator hears whether the music keeps to it, and so the generator does, at the tempo that the
clock is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gantools.structure.beats import find_beats

BEATS_PER_BAR = 4
#: Cosine and sine of the place in the beat and in the bar.
CHANNELS = 4
#: Intervals between beats that differ by less are those of a machine.
_STEADY = 0.01


@dataclass(frozen=True, eq=False)
class Meter:
    """The beats of a song.

    Attributes
    ----------
    seconds : float64 array (beats,)
        When they are, rising.
    downbeat : int
        Number of the first one that begins a bar.
    bpm : float
    steady : bool
        All intervals are equal.
    """

    seconds: np.ndarray
    downbeat: int
    bpm: float
    steady: bool

    def beats(self, seconds: np.ndarray) -> np.ndarray:
        """Return the place in beats, counted from the first bar, of some times; both ends go on at the last tempo."""
        numbers = np.arange(len(self.seconds), dtype=np.float64)
        found = np.interp(seconds, self.seconds, numbers)
        early, late = seconds < self.seconds[0], seconds > self.seconds[-1]
        period = 60 / self.bpm
        found = np.where(early, (seconds - self.seconds[0]) / period, found)
        found = np.where(late, numbers[-1] + (seconds - self.seconds[-1]) / period, found)
        return found - self.downbeat


def find_meter(wave: np.ndarray, rate_hz: int) -> Meter | None:
    """Return the beats of a mono wave (n,), or None where there is no clear pulse."""
    grid = find_beats(wave[None], rate_hz, beats_per_bar=BEATS_PER_BAR)
    if not grid.clear:
        return None
    seconds = grid.edges / rate_hz
    intervals = np.diff(seconds)[1:-1]  # those at the ends may be cut
    steady = len(intervals) > 1 and float(intervals.std() / intervals.mean()) < _STEADY
    return Meter(seconds, grid.downbeat, grid.bpm, bool(steady))


def clock(beats: np.ndarray) -> np.ndarray:
    """Return what the networks see of places in beats (n,): float32 (4, n)."""
    angles = 2 * np.pi * np.stack([beats, beats / BEATS_PER_BAR])
    return np.stack([np.cos(angles[0]), np.sin(angles[0]), np.cos(angles[1]), np.sin(angles[1])]).astype(np.float32)


def is_played_to_a_clock(meters: Sequence[Meter | None]) -> bool:
    """Return whether at least half of the songs have beats at equal intervals."""
    return 2 * sum(meter is not None and meter.steady for meter in meters) >= len(meters)
