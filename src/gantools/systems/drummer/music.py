"""What the drummer reads and writes: a bass and nine drums on sixteenths, and what a step is told of the past."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gantools.symbolic.roll import BAR_STEPS, DRUM_COLUMN, DRUM_ROWS, steps_of
from gantools.symbolic.score import Score, Track

#: Numbers of a step of the bass: whether a note begins, whether one sounds, how loud it is.
BASS_ROWS = 3
ONSET, SOUNDING, LEVEL = range(BASS_ROWS)
#: How a drum is struck: not at all, softly, medium, hard. Velocities of MIDI from which medium and hard begin, and
#: those that are played.
LEVELS = 4
_MEDIUM, _HARD = 70, 100
VELOCITIES = (0, 55, 86, 112)
#: A bass this much quieter than its loud notes has the level 0.
RANGE_DB = 40.0
#: Bars that are counted before the count begins anew, and steps ago at which a step looks back.
GROUP_BARS = 4
AGO = (BAR_STEPS, 2 * BAR_STEPS, 4 * BAR_STEPS)
#: Places of the table that turns hits a bar into a density.
QUANTILES = 33
#: Sets of drums that play together, of which a piece takes one.
VOICINGS = 128
#: Numbers of what a player is asked for: the density and which of the drums play, each with whether it is said.
ASKED = 2 + DRUM_ROWS + 1
#: Numbers of each place of a bar by which its beginning is found (see `bars`).
PLACE_ROWS = 4
_STRUCK = DRUM_ROWS * (LEVELS - 1)
#: Numbers that a step is told: its place, the drums of the step before, and those at each of `AGO` with whether there
#: were any.
TOLD = BAR_STEPS + GROUP_BARS + _STRUCK + len(AGO) * (_STRUCK + 1)


def bass_rows(score: Score, basses: Sequence[Track], edges: np.ndarray) -> np.ndarray:
    """Return the bass of a score, float32 (steps, 3).

    Parameters
    ----------
    score : Score
    basses : sequence of Track
        All taken together.
    edges : int64 array (bars + 1,)
        Steps at which the bars begin.
    """
    size = int(edges[-1])
    rows, gains = np.zeros((size, BASS_ROWS), np.float32), np.zeros(size)
    loud = float(np.percentile(np.concatenate([t.velocities for t in basses]), 95)) if basses else 1.0
    for track in basses:
        first = steps_of(score, track.onsets, edges)
        last = np.maximum(steps_of(score, track.onsets + track.lengths, edges), first + 1)
        inside = first < size
        rows[first[inside], ONSET] = 1
        for start, stop, velocity in zip(first[inside], last[inside], track.velocities[inside], strict=True):
            gains[start:stop] = np.maximum(gains[start:stop], velocity)
    rows[:, SOUNDING] = gains > 0
    # As loud as General MIDI plays velocities: 40 dB for each factor of ten.
    rows[:, LEVEL] = level_of(40 * np.log10(np.maximum(gains, 1e-3) / max(loud, 1.0)))
    return rows


def level_of(over_loud_db: np.ndarray) -> np.ndarray:
    """Return levels, 0 to 1, of decibels over the loud notes of a bass."""
    return np.clip(1 + np.asarray(over_loud_db) / RANGE_DB, 0, 1).astype(np.float32)


def drum_rows(score: Score, edges: np.ndarray) -> np.ndarray:
    """Return the drums of a score, uint8 (steps, 9) of `LEVELS`; of hits that fall together the hardest."""
    rows = np.zeros((int(edges[-1]), DRUM_ROWS), np.uint8)
    for track in score.tracks:
        if track.is_drum:
            columns, steps = DRUM_COLUMN[np.clip(track.pitches, 0, 127)], steps_of(score, track.onsets, edges)
            inside = (columns >= 0) & (steps < len(rows))
            levels = 1 + (track.velocities >= _MEDIUM).astype(np.uint8) + (track.velocities >= _HARD)
            np.maximum.at(rows, (steps[inside], columns[inside]), levels[inside].astype(np.uint8))
    return rows


def struck(drums: np.ndarray) -> np.ndarray:
    """Return drums (..., 9) as float32 (..., 27): one of three numbers of a drum is 1 where it is struck."""
    return (np.asarray(drums)[..., None] == np.arange(1, LEVELS)).reshape(*drums.shape[:-1], -1).astype(np.float32)


def told(drums: np.ndarray, steps: np.ndarray, first: int = 0) -> np.ndarray:
    """Return what steps are told, float32 (len(steps), TOLD).

    Parameters
    ----------
    drums : uint8 array (n, 9)
        From the start of a bar, at least up to the last step but one.
    steps : int64 array
        Counted from that start.
    first : int
        Step before which there was no music.
    """
    known = np.stack([steps - ago >= first for ago in (1, *AGO)], 1)
    before = np.stack([steps - ago for ago in (1, *AGO)], 1)
    past = (
        struck(drums[np.where(known, before, 0)]) * known[..., None]
        if len(drums)
        else np.zeros((*known.shape, _STRUCK))
    )
    place = (steps[:, None] % BAR_STEPS == np.arange(BAR_STEPS)).astype(np.float32)
    bar = (steps[:, None] // BAR_STEPS % GROUP_BARS == np.arange(GROUP_BARS)).astype(np.float32)
    return np.concatenate([place, bar, past.reshape(len(steps), -1), known[:, 1:]], 1).astype(np.float32)


def hits_per_bar(drums: np.ndarray) -> float:
    """Return the mean number of hits of a bar, of drums (steps, 9)."""
    return float(np.count_nonzero(drums)) * BAR_STEPS / max(1, len(drums))


def density_of(hits: float, densities: np.ndarray) -> float:
    """Return the density, 0 to 1, of hits a bar: the share of the training's windows that have fewer.

    Parameters
    ----------
    hits : float
    densities : float array (QUANTILES,)
        Hits a bar at even quantiles of the training.
    """
    return float(np.interp(hits, densities, np.linspace(0, 1, len(densities))))


def asked(density: float | None, voices: np.ndarray | None) -> np.ndarray:
    """Return what a player is asked for, float32 (ASKED,).

    Parameters
    ----------
    density : float, optional
        0 to 1; left open without one.
    voices : bool array (9,), optional
        Which drums play; left open without them.
    """
    made = np.zeros(ASKED, np.float32)
    if density is not None:
        made[:2] = density, 1
    if voices is not None:
        made[2:-1], made[-1] = voices, 1
    return made
