"""Notes played by a user's SoundFont, through symusic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import DependencyError, InputError
from gantools.files.regular import require_regular
from gantools.symbolic.kit import notes_of, when_silenced
from gantools.symbolic.score import Score, Track
from gantools.symbolic.sf2file import is_sound

#: How long notes may ring after their end.
TAIL_S = 4.0
#: Drums are struck and not held: they sound for so long, unless another hit silences them.
_DRUM_S = 3.0
#: symusic's interpolation: finer ones sound the same and cost more, 5 and above are silent.
_QUALITY = 2
_ADVICE = "name a SoundFont (SF2 or SF3) with --sf2 or GANTOOLS_SF2"


def play_soundfont(score: Score, path: str, rate_hz: int, loop_s: float | None) -> np.ndarray:
    """Return a score as a SoundFont plays it, with all that rings on.

    Parameters
    ----------
    score : Score
    path : str
        SoundFont in SF2 or SF3.
    rate_hz : int
    loop_s : float, optional
        Where the music repeats: what begins later is left out, and the start silences what it would after the end.

    Returns
    -------
    float32 array (2, n)

    Raises
    ------
    DependencyError
        The SoundFont is missing or damaged.
    """
    synthesizer = open_soundfont(path, rate_hz)
    symusic: Any = import_module("symusic")
    # A quarter of a second's length, and a tick for each sample: places are exact, as seconds in float32 would not be.
    made = symusic.Score(rate_hz)
    made.tempos.append(symusic.Tempo(0, 60.0))
    ends_s = _ends(score, loop_s)
    latest_s = 0.0
    for track, stops_s in zip(score.tracks, ends_s, strict=True):
        starts_s = score.seconds(track.onsets)
        kept = np.ones(len(starts_s), bool) if loop_s is None else starts_s < loop_s
        starts, stops = (np.round(times_s[kept] * rate_hz).astype(np.int32) for times_s in (starts_s, stops_s))
        pitches, velocities = track.pitches[kept], track.velocities[kept]
        # A SoundFont need not have kits beside the first, and would be silent for the others.
        program = 0 if track.is_drum else track.program
        made.tracks.append(_track(symusic, program, track.is_drum, starts, stops, pitches, velocities))
        latest_s = max(latest_s, float(stops_s[kept].max(initial=0.0)))
    # It stops soon after the last note: one that is not heard lets the others die away.
    end = np.array([round((latest_s + TAIL_S) * rate_hz)], np.int32)
    made.tracks.append(_track(symusic, 0, False, end, end + 1, np.zeros(1), np.ones(1)))
    wave = np.ascontiguousarray(synthesizer.render(made, True)[:, : int(end[0])], np.float32)
    if not wave.any() and latest_s:
        raise DependencyError(f"has none of the instruments that play here; {_ADVICE}", path)
    return wave


def _track(
    symusic: Any,
    program: int,
    is_drum: bool,
    starts: np.ndarray,
    stops: np.ndarray,
    pitches: np.ndarray,
    velocities: np.ndarray,
) -> Any:
    track = symusic.Track(name="", program=program, is_drum=is_drum)
    small = {"pitch": pitches.astype(np.int8), "velocity": velocities.astype(np.int8)}
    track.notes = symusic.Note.from_numpy(time=starts, duration=np.maximum(stops - starts, 1), **small, ttype="tick")
    return track


def _ends(score: Score, loop_s: float | None) -> list[np.ndarray]:
    """Return when the notes of each part end, in seconds; drums ring on until they are silenced."""
    ends_s = [score.seconds(track.onsets + track.lengths) for track in score.tracks]
    drums = [index for index, track in enumerate(score.tracks) if track.is_drum]
    if drums:
        tracks: Sequence[Track] = [score.tracks[index] for index in drums]
        notes, starts_s = notes_of(score, tracks)
        stops_s = np.minimum(when_silenced(notes, starts_s, loop_s), starts_s + _DRUM_S)
        counts = np.cumsum([len(track.onsets) for track in tracks])[:-1]
        for index, rung_s in zip(drums, np.split(stops_s, counts), strict=True):
            ends_s[index] = rung_s
    return ends_s


def open_soundfont(path: str, rate_hz: int = 44100) -> Any:
    """Return symusic's synthesizer with a SoundFont; the last two stay open.

    Raises
    ------
    DependencyError
        The SoundFont is missing or damaged.
    """
    try:
        require_regular(path)
    except InputError as error:
        raise DependencyError(f"{error.message}; {_ADVICE}", path) from error
    status = Path(path).stat()
    return _opened(path, (status.st_mtime_ns, status.st_size), rate_hz)


@lru_cache(maxsize=2)
def _opened(path: str, state: tuple[int, int], rate_hz: int) -> Any:
    """Return the synthesizer; another `state` means that the file was replaced."""
    # Looked over first: with numbers that lead nowhere symusic would end the process.
    if not is_sound(Path(path)):
        raise DependencyError(f"is damaged, or of another kind; {_ADVICE}", path)
    try:
        return import_module("symusic").Synthesizer(path, rate_hz, _QUALITY)
    # What it throws has no class of its own, and tells of buffers.
    except (RuntimeError, ValueError, MemoryError) as error:
        raise DependencyError(f"cannot be played; {_ADVICE}", path) from error
