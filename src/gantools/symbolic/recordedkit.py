"""A drum kit of the hits of somebody's recording of drums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from gantools.audio.io import read_beginning
from gantools.audio.resample import resample
from gantools.errors import InputError
from gantools.symbolic.drumhits import Hit, best_hits, find_hits
from gantools.symbolic.drumkits import NOTES, OTHER
from gantools.symbolic.kit import NamedKit

#: Seconds of a recording that are searched for hits.
_HEARD_S = 300.0
#: Recordings of each drum that take turns.
_TURNS = 4
#: How far other drums may be below and above the kick, in dB: what a score plays softly was soft in the recording too.
_LOWEST_DB, _HIGHEST_DB = -12.0, 3.0
#: Parts of a kit -> the drum of a recording that plays them, and semitones by which it is raised.
_PLAYED_BY: Mapping[str, tuple[tuple[str, float], ...]] = {
    "kick": (("kick", 0),),
    "snare": (("snare", 0),),
    "hat": (("hat", 0),),
    "pedal": (("hat", 0),),
    "open": (("open", 0), ("crash", 4)),
    "low tom": (("tom", -3),),
    "mid tom": (("tom", 0),),
    "high tom": (("tom", 3),),
    "crash": (("crash", 0),),
    "ride": (("open", 2),),
}
#: Kit of whatever the recording does not have.
_REST = NamedKit("rock")


class RecordedKit:
    """Plays the drums that a recording has with its own hits, others with those of the kit ``rock``.

    Parameters
    ----------
    hits : mapping of str to sequence of float32 array (2, n)
        Drum -> its recordings, of peak 1, that take turns.
    gains_db : mapping of str to float
        Drum -> its level beside a kick of the bundled kits.
    rate_hz : int
        Of the recordings.
    """

    def __init__(self, hits: Mapping[str, Sequence[np.ndarray]], gains_db: Mapping[str, float], rate_hz: int) -> None:
        self.hits, self.gains_db, self.rate_hz = hits, gains_db, rate_hz
        self._sounds: dict[tuple[str, float, int, int], np.ndarray] = {}

    def __str__(self) -> str:
        """Say how many hits of each drum were found."""
        return ", ".join(f"{len(own)} of {drum}" for drum, own in self.hits.items())

    def sound(self, note: int, velocity: int, turn: int, rate_hz: int) -> np.ndarray:
        """Return the sound of a hit, float32 (2, n), or (n,) where the recording has no such drum; see `Kit.sound`."""
        part, higher = NOTES.get(note, OTHER)
        for drum, semitones in _PLAYED_BY.get(part, ()):
            if drum in self.hits:
                return self._pitched(drum, semitones + higher, turn % len(self.hits[drum]), rate_hz)
        return _REST.sound(note, velocity, turn, rate_hz)

    def _pitched(self, drum: str, semitones: float, which: int, rate_hz: int) -> np.ndarray:
        key = (drum, semitones, which, rate_hz)
        if key not in self._sounds:
            wave = self.hits[drum][which] * np.float32(10 ** (self.gains_db[drum] / 20))
            made = resample(wave, round(self.rate_hz * 2 ** (semitones / 12)), rate_hz)
            made.setflags(write=False)
            self._sounds[key] = made
        return self._sounds[key]


def open_recorded_kit(path: Path) -> RecordedKit:
    """Return the kit of a recording of drums, mono or stereo, of which the first five minutes are searched.

    Raises
    ------
    InputError
        It cannot be read, or there is no kick and no snare in it.
    """
    found = path.resolve()
    return _opened(found, found.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _opened(path: Path, _changed_ns: int) -> RecordedKit:
    """Return a kit, searched for hits once for every time that its recording changes."""
    sound, rate_hz, _ = read_beginning(path, _HEARD_S)
    wave = np.ascontiguousarray(sound[:2])
    hits = find_hits(wave, rate_hz)
    chosen = best_hits(hits, _TURNS)
    if not chosen.keys() & {"kick", "snare"}:
        raise InputError("no clean hits of a kick or a snare; a drum kit is made of a recording of drums alone", path)
    cuts = {drum: [_stereo(hit.cut(wave, rate_hz)) for hit in own] for drum, own in chosen.items()}
    return RecordedKit(cuts, _gains_db(chosen), rate_hz)


def _gains_db(chosen: Mapping[str, Sequence[Hit]]) -> dict[str, float]:
    """Return the levels of the drums beside that of the kick, or of the snare where there is none."""
    usual = {drum: float(np.median([hit.peak_db for hit in own])) for drum, own in chosen.items()}
    first = usual.get("kick", usual.get("snare", 0.0))
    return {drum: float(np.clip(level - first, _LOWEST_DB, _HIGHEST_DB)) for drum, level in usual.items()}


def _stereo(wave: np.ndarray) -> np.ndarray:
    return wave if len(wave) == 2 else np.repeat(wave[:1], 2, axis=0)
