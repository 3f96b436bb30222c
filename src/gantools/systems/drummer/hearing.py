"""What the drummer hears of a recording: its beats as one straight line where they are steady, and its bass on them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d

from gantools.audio.onset_strength import onset_strength
from gantools.errors import InputError
from gantools.structure.beats import CLEAR, find_beats, tempo
from gantools.symbolic.roll import BAR_STEPS, STEPS_PER_QUARTER
from gantools.systems.drummer.bars import bar_place
from gantools.systems.drummer.music import BASS_ROWS, LEVEL, ONSET, SOUNDING, level_of
from gantools.systems.drummer.playing import step_times

#: Rate that a recording is heard at, in Hz.
HEARD_HZ = 22050
PLAIN_BPM = 120.0
#: Slower pulses count twice: a bass often tells half the tempo that its drums have.
_SLOWEST_BPM = 75.0
#: Onsets agree so much with a line, in deviations of what onsets anywhere would, where there is a pulse; and so many.
_AGREED, _LEAST_ONSETS = 3.5, 16
#: Basses speak late: of four songs 30 to 60 ms after their drums, of a fifth at once. The grid lies before them.
_LATE_S = 0.015
#: Tempi around the one that the autocorrelation tells, as shares of it, of which the sharpest line is taken.
_NEAR, _TRIED = 8e-4, 81
#: A song keeps one tempo where its onsets agree with one line nearly as well as those of each stretch with their own.
_STRETCH_S, _STEADY = 12.0, 0.7
#: Onsets are peaks this far above the mean of a second, in deviations, and the strongest of their surroundings.
_LEAST_RISE, _AROUND_S = 0.8, 0.06
#: Centred windows see an onset before it comes.
_EARLY_S = 0.010
#: Levels are those of so many seconds. A bass sounds where it is less than so much below its loud notes, and not below
#: -70 dBFS.
_LEVEL_S, _GATE_DB, _SILENT_DB = 0.02, -25.0, -70.0


@dataclass(frozen=True, eq=False)
class Grid:
    """Where beats and bars are.

    Attributes
    ----------
    beats_s : float64 array (beats + 1,)
        When each beat begins, from the first one in the recording on; the last one lies at its end or behind it.
    first : int
        Place of the first beat in its bar, 0 to 15, in sixteenths.
    bpm : float
    clear : bool
        False: no pulse was found, and no tempo was named.
    """

    beats_s: np.ndarray
    first: int
    bpm: float
    clear: bool


@dataclass(frozen=True, eq=False)
class Onsets:
    """Where sounds begin.

    Attributes
    ----------
    times_s : float64 array (onsets,)
    strengths : float64 array (onsets,)
        In deviations above the mean around.
    """

    times_s: np.ndarray
    strengths: np.ndarray


_NO_ONSETS = Onsets(np.zeros(0), np.zeros(0))
_LEAST_S = 1.0


def find_onsets(wave: np.ndarray) -> tuple[Onsets, float, float]:
    """Return the onsets of a recording at `HEARD_HZ`, its tempo and how clear that is (see `tempo`)."""
    strength, low, frame_hz = onset_strength(wave[None], HEARD_HZ)
    around = 2 * round(_AROUND_S * frame_hz / 2) + 1
    peaks = np.flatnonzero((strength == maximum_filter1d(strength, around)) & (strength > _LEAST_RISE))
    bpm, clarity = tempo(strength, low, frame_hz)
    return Onsets(peaks / frame_hz + _EARLY_S, strength[peaks]), bpm, clarity


def hear(
    wave: np.ndarray, places: np.ndarray, bpm: float | None = None, downbeat_s: float | None = None
) -> tuple[Grid, np.ndarray]:
    """Find the beats and bars of a bass, and what it does on them.

    Parameters
    ----------
    wave : float32 array (n,)
        At `HEARD_HZ`.
    places : float array (4, 16)
        By which the bars are found (see `bar_place`).
    bpm : float, optional
        The tempo, where it is known: all beats then lie on one line, and only where they begin is searched.
    downbeat_s : float, optional
        Where a bar begins, where that is known.

    Returns
    -------
    Grid
    float32 array (first + 4 * beats, 3)
        The bass from the start of its first bar on, also where that lies before the recording.

    Raises
    ------
    InputError
        It is shorter than a beat.
    """
    seconds = len(wave) / HEARD_HZ
    if seconds < 60 / (bpm or PLAIN_BPM):
        raise InputError(f"is too short for drums: {seconds:.2f} s hold no beat")
    onsets, found, clarity = find_onsets(wave) if seconds >= _LEAST_S else (_NO_ONSETS, PLAIN_BPM, 0.0)
    count, step_s = len(onsets.times_s), 15 / (bpm or found)
    # What the autocorrelation of few notes does not tell, their agreement with a line may.
    agreed = count >= _LEAST_ONSETS and best_line(onsets, step_s, fixed=bpm is not None)[3] * count**0.5 > _AGREED
    clear = bpm is not None or clarity >= CLEAR or agreed
    if bpm is None and found < _SLOWEST_BPM:
        found *= 2
    if clear and count:
        grid = _grid_of(wave, onsets, places, bpm or found, downbeat_s, given=bpm is not None)
    else:
        grid = line_of(bpm or PLAIN_BPM, downbeat_s or 0.0, seconds, clear)
    times_s = np.append(step_times(grid.beats_s, 0.5), grid.beats_s[-1])
    rows = bass_on(wave, onsets, times_s)
    return grid, np.concatenate([np.zeros((grid.first, BASS_ROWS), np.float32), rows])


def _grid_of(
    wave: np.ndarray, onsets: Onsets, places: np.ndarray, bpm: float, downbeat_s: float | None, *, given: bool
) -> Grid:
    """Return the beats of a recording with a pulse."""
    seconds = len(wave) / HEARD_HZ
    step_s, start_s, steady, _ = best_line(onsets, 15 / bpm, fixed=given)
    if not (steady or given):
        return _of_chain(wave, downbeat_s)
    if downbeat_s is None:
        times_s = np.arange(start_s, seconds + step_s, step_s)
        # The line says where sixteenths are; which of them begin a bar, the notes say.
        downbeat_s = start_s + step_s * bar_place(bass_on(wave, onsets, times_s), places) - _LATE_S
    return line_of(15 / step_s, downbeat_s, seconds)


def line_of(bpm: float, downbeat_s: float, seconds: float, clear: bool = True) -> Grid:
    """Return beats of one tempo through a recording, of which one lies at `downbeat_s` and begins a bar."""
    period = 60 / bpm
    # The first beat may lie a little before the recording, as the lines of whole loops do.
    before = int(np.floor((downbeat_s + 0.03) / period))
    beats_s = downbeat_s - before * period + period * np.arange(int(np.ceil(seconds / period)) + 2)
    last = int(np.searchsorted(beats_s, seconds))
    return Grid(beats_s[: last + 1], -before % 4 * STEPS_PER_QUARTER, bpm, clear)


def _of_chain(wave: np.ndarray, downbeat_s: float | None) -> Grid:
    """Return the beats of somebody who plays without a machine, one by one."""
    found = find_beats(wave[None], HEARD_HZ)
    beats_s, first = found.edges / HEARD_HZ, found.downbeat
    if downbeat_s is not None:
        nearest = int(np.argmin(np.abs(beats_s - downbeat_s)))
        beats_s, first = beats_s + (downbeat_s - beats_s[nearest]), nearest
    last_s = beats_s[-1] - beats_s[-2]
    more = beats_s[-1] + last_s * np.arange(1, int(np.ceil(max(0.0, len(wave) / HEARD_HZ - beats_s[-1]) / last_s)) + 1)
    return Grid(np.concatenate([beats_s, more]), -first % 4 * STEPS_PER_QUARTER, found.bpm, found.clear)


def best_line(onsets: Onsets, step_s: float, fixed: bool) -> tuple[float, float, bool, float]:
    """Return the line of sixteenths that onsets agree with best.

    Its step and its first point at 0 or later, in seconds; whether the tempo is steady; and how well the onsets agree
    with it, 0 to 1.

    Onsets on a line add up in the Fourier sum of its frequency. Over minutes that tells tempi apart which the
    autocorrelation does not: a hundredth of a percent moves the last beat by a sixteenth.

    Parameters
    ----------
    onsets : Onsets
    step_s : float
        About a sixteenth, in seconds.
    fixed : bool
        It is exact: only the phase is searched.
    """
    shares = np.zeros(1) if fixed else np.linspace(-_NEAR, _NEAR, _TRIED)
    tried_hz = (1 + shares) / step_s
    # Sixteenths, eighths and quarters speak for a tempo; the phase is that of the sixteenths.
    sums = sum(np.abs(_agreement(onsets, tried_hz / parts)) for parts in (1, 2, 4))
    hz = float(tried_hz[int(np.argmax(sums))])
    whole = complex(_agreement(onsets, np.array([hz]))[0])
    start_s = float(np.angle(whole)) / (2 * np.pi * hz) % (1 / hz)
    parts = np.floor(onsets.times_s / _STRETCH_S).astype(int)
    own = 0.0
    for part in np.unique(parts):
        some = Onsets(onsets.times_s[parts == part], onsets.strengths[parts == part])
        own += abs(_agreement(some, np.array([hz]))[0]) * float(some.strengths.sum())
    total = float(onsets.strengths.sum())
    return 1 / hz, start_s, abs(whole) * total >= _STEADY * own, abs(whole)


def _agreement(onsets: Onsets, hz: np.ndarray) -> np.ndarray:
    """Return the Fourier sums of onsets at some frequencies, their phases those of the first onset behind 0."""
    waves = np.exp(2j * np.pi * hz[:, None] * onsets.times_s)
    return np.asarray(waves @ onsets.strengths / max(1e-9, float(onsets.strengths.sum())))


def bass_on(wave: np.ndarray, onsets: Onsets, times_s: np.ndarray) -> np.ndarray:
    """Return what a bass does at each step, float32 (len(times_s) - 1, 3).

    Parameters
    ----------
    wave : float32 array (n,)
        At `HEARD_HZ`.
    onsets : Onsets
    times_s : float64 array
        When the steps begin, and where the last one ends.
    """
    hop = round(_LEVEL_S * HEARD_HZ)
    blocks = np.zeros(-(-len(wave) // hop) * hop, np.float32)
    blocks[: len(wave)] = wave
    levels_db = 10 * np.log10(np.maximum(np.square(blocks.reshape(-1, hop)).mean(1, dtype=np.float64), 1e-12))
    heard = levels_db[levels_db > _SILENT_DB]
    rows = np.zeros((len(times_s) - 1, BASS_ROWS), np.float32)
    if not len(heard):
        return rows
    loud_db = float(np.percentile(heard, 95))
    edges = np.clip((times_s / _LEVEL_S).astype(int), 0, len(levels_db) - 1)
    # The loudest moment of each step: a short note counts in full.
    step_db = np.array([levels_db[a : max(a, b - 1) + 1].max() for a, b in pairwise(edges.tolist())])
    sounds = step_db > max(loud_db + _GATE_DB, _SILENT_DB)
    rows[:, SOUNDING] = sounds
    rows[:, LEVEL] = level_of(step_db - loud_db) * sounds
    middles = (times_s[:-1] + times_s[1:]) / 2
    # The nearest step: between the middles of its neighbours.
    steps = np.searchsorted(middles, onsets.times_s)
    inside = (steps < len(rows)) & (onsets.times_s >= times_s[0] - (times_s[1] - times_s[0]) / 2)
    rows[steps[inside], ONSET] = sounds[steps[inside]]
    return rows


def rests(bass: np.ndarray, first: int, bars: int) -> np.ndarray:
    """Return the steps at which a bass has not sounded for long, bool (steps,).

    Parameters
    ----------
    bass : float32 array (steps, 3)
    first : int
        Step at which the music begins.
    bars : int
        A rest shorter than this counts for nothing.
    """
    silent = bass[:, SOUNDING] == 0
    silent[:first] = False
    found = np.zeros(len(silent), bool)
    edges = np.flatnonzero(np.diff(silent.astype(np.int8), prepend=0, append=0))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        found[start:stop] = stop - start >= bars * BAR_STEPS
    return found
