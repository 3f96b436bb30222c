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
#: Beats of a machine are this near to a straight line, in root mean square, over so many beats; those of people are
#: further away in most stretches, and so are a machine's in breaks, where nothing tells where they are. Measured on
#: nine songs of machines (share of stretches .5 to 1) and nine of people (0 to .3).
_STRETCH_BEATS, _STRAIGHT_SECONDS, _STRAIGHT_SHARE = 16, 0.010, 0.4


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
        Played to a clock: most beats lie at equal distances.
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
    steady, bpm = steadiness(seconds[1:-1])  # intervals at the ends may be cut
    return Meter(seconds, grid.downbeat, bpm if steady else grid.bpm, steady)


def steadiness(seconds: np.ndarray) -> tuple[bool, float]:
    """Return whether beats, rising (n,), are those of a machine, and its beats in a minute.

    Each beat is found to a hundredth of a second only, so that single intervals tell little: stretches of 16 are held
    against the straight line through them, whose slope is the tempo.
    """
    count = min(_STRETCH_BEATS + 1, len(seconds))
    if count < 3:
        return False, 0.0
    stretches = np.lib.stride_tricks.sliding_window_view(seconds, count)
    numbers = np.arange(count) - (count - 1) / 2
    slopes = stretches @ numbers / (numbers @ numbers)
    off = stretches - stretches.mean(1, keepdims=True) - slopes[:, None] * numbers
    straight = np.sqrt(np.square(off).mean(1)) < _STRAIGHT_SECONDS
    return bool(straight.mean() >= _STRAIGHT_SHARE), 60 / float(np.median(slopes))


def clock(beats: np.ndarray) -> np.ndarray:
    """Return what the networks see of places in beats (n,): float32 (4, n)."""
    angles = 2 * np.pi * np.stack([beats, beats / BEATS_PER_BAR])
    return np.stack([np.cos(angles[0]), np.sin(angles[0]), np.cos(angles[1]), np.sin(angles[1])]).astype(np.float32)


def is_played_to_a_clock(meters: Sequence[Meter | None]) -> bool:
    """Return whether at least half of the songs have beats at equal distances."""
    return 2 * sum(meter is not None and meter.steady for meter in meters) >= len(meters)
