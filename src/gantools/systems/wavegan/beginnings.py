"""Where in a song clips may begin: just before onsets, or at the beginnings of bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gantools.audio.resample import resample
from gantools.structure.beats import find_beats, onset_strength
from gantools.structure.curves import RATE_HZ, onsets
from gantools.training.songs import StoredSong

_BEATS_PER_BAR = 4
#: An onset is heard in windows of 46 ms, a frame of 10 ms before it comes: what is taken off here lies before it.
_LEAD_SECONDS = 0.01
_TRIES = 30


def find_beginnings(wave: np.ndarray, rate_hz: int, kind: str) -> np.ndarray:
    """Return the samples, rising int64 (n,), at which clips of a sound may begin.

    Parameters
    ----------
    wave : float32 array (channels, time)
    rate_hz : int
    kind : str
        ``onset``: 10 ms before each onset; ``bar``: 10 ms before each bar, or onsets where there is no clear pulse.
    """
    mono = resample(np.ascontiguousarray(wave.mean(0)), rate_hz, RATE_HZ)[None]
    if mono.shape[1] < 2 * round(0.046 * RATE_HZ):
        return np.zeros(1, np.int64)
    grid = find_beats(mono, RATE_HZ, beats_per_bar=_BEATS_PER_BAR) if kind == "bar" else None
    if grid is not None and grid.clear and grid.bars:
        seconds = grid.bar_edges()[:-1] / RATE_HZ - _LEAD_SECONDS
    else:
        strength, _, frame_hz = onset_strength(mono, RATE_HZ)
        seconds = onsets(strength, frame_hz) / frame_hz
    return np.unique(np.maximum(np.round(seconds * rate_hz).astype(np.int64), 0))


class Places:
    """Places in songs at which clips begin, one as likely as another.

    Parameters
    ----------
    songs : sequence of (StoredSong, int64 array)
        Songs, and the samples at which clips of them begin.
    samples : int
        Length of a clip.
    least_level_db : float
        Level below which clips are not drawn.
    """

    def __init__(self, songs: Sequence[tuple[StoredSong, np.ndarray]], samples: int, least_level_db: float) -> None:
        self._songs, self._samples = list(songs), samples
        self._least = 10 ** (least_level_db / 10)
        self._ends = np.cumsum([len(places) for _, places in songs])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def draw(self, random: np.random.Generator) -> tuple[StoredSong, int]:
        """Return a song and the sample of it at which a clip begins."""
        # Where music is nearly all silence, the last place that was tried is taken.
        for _ in range(_TRIES):
            place = int(random.integers(self._ends[-1]))
            number = int(np.searchsorted(self._ends, place, "right"))
            song, places = self._songs[number]
            start = int(places[place - self._ends[number]])
            if song.level(start, self._samples) >= self._least:
                break
        return song, start

    def next(self, song: StoredSong, start: int) -> int:
        """Return the first of a song's places after one, or the song's end."""
        places = next(places for other, places in self._songs if other is song)
        number = int(np.searchsorted(places, start, "right"))
        return int(places[number]) if number < len(places) else song.frames
