"""How fast a file is and where its bars lie: by what it says, by its length as a loop, or by its beats.

A tempo that is said somewhere is worth more than one that is heard, and a loop that was trimmed to whole bars tells its
tempo by its length alone. Where the tempo comes from stands in every result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.tags import read_tags
from gantools.audio.tags.loops import LoopTags, read_loop_tags
from gantools.errors import InputError
from gantools.structure.beats import tempo
from gantools.structure.loops.period import repetition_s
from gantools.structure.loops.pulse import Heard, Pulse, find_pulse, pulse_at

#: Bars that a trimmed loop may have where nothing says how many, and tempi that it may then have.
LOOP_BARS = (1, 2, 4, 8, 16)
_SLOWEST_LOOP_BPM, _FASTEST_LOOP_BPM, _USUAL_BPM = 70.0, 180.0, 120.0
_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
#: A loop is trimmed when it misses whole bars by at most this share of a bar, and of its length.
_TRIMMED_BARS, _TRIMMED_SHARE = 0.15, 0.03
#: A loop shorter than this has too few beats to doubt its length by.
_LEAST_DOUBTED_SECONDS = 4.0
#: A pulse must be so clear to speak against the length of a short file.
_DOUBT_CLARITY = 0.4
_LONGEST_UNCLEAR_SECONDS = 20.0
_WHOLE_SHARE, _WHOLE_BARS = 0.012, 0.02
_POWERS = (1, 2, 4, 8, 16, 32)
#: A sound that comes again as it was to this degree is a loop, whatever its beats.
_REPEATED = 0.5
#: What is shorter is no bar of any tempo.
_LEAST_SECONDS = 0.5
#: Loop points of an instrument's sound lie closer together.
_LEAST_LOOP_SECONDS = 1.3

_NUMBER = r"(\d{2,3}(?:[.,]\d{1,3})?)"
_NAME_BPM = re.compile(rf"(?<![\d.,]){_NUMBER}[ _-]?bpm(?![a-z])|(?<![a-z])bpm[ _-]?{_NUMBER}(?!\d)", re.IGNORECASE)
_NAME_BARS = re.compile(r"(?<![\d.,])(\d{1,2})[ _-]?bars?(?![a-z])", re.IGNORECASE)


class NoPulseError(InputError):
    """A sound has no clear pulse, and nothing says its tempo."""


@dataclass(frozen=True)
class Said:
    """What a file and its user say of its tempo.

    Attributes
    ----------
    bpm : float
        0 where nothing says it.
    source : str
        ``given``, ``tag``, ``name``, ``acid``, or empty.
    bars : float
        How many bars the file or its loop has; 0 where nothing says it.
    loop_s : (float, float)
        The loop that is marked in the file, in seconds; (0, 0) where there is none.
    offset_s : float, optional
        Where a bar begins, given by the user.
    """

    bpm: float = 0.0
    source: str = ""
    bars: float = 0.0
    loop_s: tuple[float, float] = (0.0, 0.0)
    offset_s: float | None = None


@dataclass(frozen=True, eq=False)
class Grid:
    """The bars of a sound.

    Attributes
    ----------
    edges_s : float64 array (bars + 1,)
        Seconds at which the whole bars begin, and where the last one ends.
    bpm : float
        Quarters per minute.
    source : str
        Where the tempo is from: ``given``, ``tag``, ``name``, ``acid``, ``smpl``, ``length`` or ``beats``; ``none`` for
        a drone or silence.
    trimmed : bool
        The bars fill the file, or the loop that is marked in it: its ends are those of a loop already.
    steady : bool
        All bars are equally long.
    """

    edges_s: np.ndarray
    bpm: float
    source: str
    trimmed: bool = False
    steady: bool = True

    def __len__(self) -> int:
        return len(self.edges_s) - 1


def read_said(path: Path, rate_hz: int, bpm: float | None = None, offset_s: float | None = None) -> Said:
    """Return what is said of the tempo of a file: by the user, its tags, its name, its chunk `acid`, in this order."""
    tags = read_loop_tags(read_tags(path))
    named_bpm, named_bars = read_name(path.stem)
    return _said(tags, named_bpm, named_bars, rate_hz, bpm, offset_s)


def read_name(stem: str) -> tuple[float, int]:
    """Return the tempo and the bars that a file name says, 0 for what it does not: ``break_130bpm_4bar``."""
    found, bars = _NAME_BPM.search(stem), _NAME_BARS.search(stem)
    bpm = float((found[1] or found[2]).replace(",", ".")) if found else 0.0
    return bpm if _SLOWEST_BPM <= bpm <= _FASTEST_BPM else 0.0, int(bars[1]) if bars and int(bars[1]) <= 64 else 0


def _said(
    tags: LoopTags, named_bpm: float, named_bars: int, rate_hz: int, bpm: float | None, offset_s: float | None
) -> Said:
    loop_s = (tags.start / rate_hz, tags.end / rate_hz)
    if loop_s[1] - loop_s[0] < _LEAST_LOOP_SECONDS:
        loop_s = (0.0, 0.0)
    if tags.one_shot and not (bpm or named_bpm):
        # A hit has a tempo only by mistake.
        return Said(bpm or 0.0, "given" if bpm else "", offset_s=offset_s)
    acid_bars = tags.beats / tags.meter[0] if tags.beats else 0.0
    sources = (
        (bpm or 0.0, "given", 0.0),
        (tags.tag_bpm, "tag", 0.0),
        (named_bpm, "name", float(named_bars)),
        (tags.bpm, "acid", acid_bars),
    )
    for value, source, _ in sources:
        if value:
            bars = float(named_bars) or acid_bars
            return Said(value, source, bars, loop_s, offset_s)
    return Said(0.0, "", float(named_bars) or acid_bars, loop_s, offset_s)


def bars_of_length(seconds: float) -> tuple[int, float]:
    """Return the bars and tempo of a trimmed loop by its length: the power of 2 whose tempo is nearest 120 bpm.

    Returns
    -------
    bars : int
        0 where no tempo from 70 to 180 bpm fits.
    bpm : float
    """
    fitting = [(abs(240 * n / seconds - _USUAL_BPM), n) for n in LOOP_BARS if seconds > 0]
    fitting = [(far, n) for far, n in fitting if _SLOWEST_LOOP_BPM <= 240 * n / seconds <= _FASTEST_LOOP_BPM]
    bars = min(fitting)[1] if fitting else 0
    return bars, 240 * bars / seconds if bars else 0.0


def find_grid(clip: np.ndarray, rate_hz: int, said: Said, seconds: float | None = None) -> Grid:
    """Find the bars of a sound, of four quarters each.

    A loop that fills its file, or that is marked in it, has its ends as the ends of bars, and exactly the tempo of its
    length. Anything else is heard: its bars begin where the music says, or at the offset that is given.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    said : Said
    seconds : float, optional
        Its length, where the clip is what became of it at a lower rate: a loop's tempo is that of its own samples.

    Raises
    ------
    InputError
        It holds not one whole bar, or is aligned to no bars: no tempo is said, and no clear pulse is heard.
    """
    whole_s = clip.shape[1] / rate_hz if seconds is None else seconds
    start_s, end_s = said.loop_s if said.loop_s[1] > 0 else (0.0, whole_s)
    end_s = min(end_s, whole_s)
    if end_s < _LEAST_SECONDS:
        raise InputError(f"{_length(end_s)} are too short for a bar")
    clip = np.ascontiguousarray(clip, np.float32)
    heard = Heard.of(clip, rate_hz)
    if said.offset_s is None:
        marked = said.loop_s[1] > 0
        if (grid := _trimmed(heard, said, start_s, end_s, marked=marked)) is not None:
            return grid
    if said.bpm:
        pulse: Pulse | None = pulse_at(clip, rate_hz, said.bpm, heard)
    else:
        pulse = _repeated(clip, rate_hz, heard)
    if pulse is None:
        raise NoPulseError(f"{_length(end_s)} with no clear pulse, and nothing says its tempo; give --bpm")
    grid = _pulsed(pulse, whole_s, said)
    if not len(grid):
        raise InputError(f"{_length(end_s)} hold no whole bar at {grid.bpm:.4g} bpm; a loop has one at least")
    return grid


def equal_bars(seconds: float, bpm: float = _USUAL_BPM) -> Grid:
    """Return bars of a sound that has none, at 120 bpm: for asking whether anything happens in it at all."""
    return Grid(240 / bpm * np.arange(max(1, int(seconds * bpm / 240)) + 1), bpm, "none")


def _repeated(clip: np.ndarray, rate_hz: int, heard: Heard) -> Pulse | None:
    """Return the pulse by which a sound that comes again as it was does so, where the one that is heard does not fit.

    Voices and chords have no clear beats, but a loop of them has a length, which tells its bars.
    """
    pulse = find_pulse(clip, rate_hz, heard)
    length_s, alike = repetition_s(clip.mean(axis=0, dtype=np.float32), rate_hz)
    if alike < _REPEATED:
        return pulse
    beats = length_s * pulse.bpm / 60 if pulse is not None else 0.0
    if round(beats) and abs(beats - round(beats)) <= 0.01 * max(2.0, beats):
        return pulse
    bars, bpm = bars_of_length(length_s)
    return pulse_at(clip, rate_hz, bpm, heard) if bars else pulse


def _length(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.1f} s"


def _trimmed(heard: Heard, said: Said, start_s: float, end_s: float, *, marked: bool) -> Grid | None:
    """Return the bars of a loop that was trimmed to whole ones; None where the sound is no such loop."""
    seconds = end_s - start_s
    if seconds <= 0:
        return None
    if said.bpm:
        bars = _whole_bars(seconds, said)
        source = said.source
    elif said.bars and _SLOWEST_BPM <= 240 * said.bars / seconds <= _FASTEST_BPM and said.bars == round(said.bars):
        bars, source = round(said.bars), "name"
    else:
        bars, source = bars_of_length(seconds)[0], "smpl" if marked else "length"
        if bars and not marked:
            bars = _heard_bars(heard, seconds, bars)
    if not bars:
        return None
    return Grid(start_s + seconds * np.arange(bars + 1) / bars, 240 * bars / seconds, source, trimmed=True)


def _whole_bars(seconds: float, said: Said) -> int:
    """Return how many bars of a said tempo fill a loop; 0 where they do not, or where it is as long as a song."""
    bars = seconds * said.bpm / 240
    nearest = round(bars)
    if said.bars and abs(bars / said.bars - 1) <= _TRIMMED_SHARE and said.bars == round(said.bars):
        return round(said.bars)
    off = abs(bars - nearest)
    fits = 1 <= nearest <= max(LOOP_BARS) and off <= _TRIMMED_BARS and off <= _TRIMMED_SHARE * nearest
    return nearest if fits else 0


def _heard_bars(heard: Heard, seconds: float, bars: int) -> int:
    """Return the bars of a short file by its length, after a look at its pulse; 0 where that tells of another length.

    The pulse of a trimmed loop divides it: its beats, or its dotted ones. Twelve bars and others that are no power of 2
    show in a pulse that divides the file exactly.
    """
    if seconds < _LEAST_DOUBTED_SECONDS:
        return bars
    bpm, clarity = tempo(heard.strength, heard.low, heard.frame_hz)
    if clarity < _DOUBT_CLARITY:
        # What has so many bars and no pulse is a piece of music, and no loop.
        return bars if seconds <= _LONGEST_UNCLEAR_SECONDS else 0
    count = seconds * bpm / 240
    whole = round(count)
    if whole and abs(count - whole) <= max(_WHOLE_BARS, 0.002 * whole):
        # More than a loop has are a song that happens to end with a bar.
        return bars if whole in _POWERS else whole if whole <= max(LOOP_BARS) else 0
    # Dotted beats fit into long files by chance.
    dotted = abs((np.log2(count) - np.log2(4 / 3) + 0.5) % 1.0 - 0.5) <= np.log2(1 + _WHOLE_SHARE)
    return bars if dotted and seconds <= _LONGEST_UNCLEAR_SECONDS else 0


def _pulsed(pulse: Pulse, seconds: float, said: Said) -> Grid:
    """Return the whole bars of a sound with a pulse."""
    source = said.source or "beats"
    if pulse.beats_s is not None and said.offset_s is None:
        # A player's bars are as long as they are.
        edges = pulse.beats_s[pulse.downbeat :: 4]
        bpm = 240 / float(np.median(np.diff(edges))) if len(edges) > 1 else pulse.bpm
        return Grid(edges, bpm, source, steady=False)
    bar_s = 240 / pulse.bpm
    first_s = said.offset_s if said.offset_s is not None else pulse.first_s
    # What is said to begin later has bars before it too.
    first_s -= bar_s * np.floor(first_s / bar_s + 0.01)
    bars = max(0, int(np.floor((seconds - first_s) / bar_s + 0.02)))
    return Grid(first_s + bar_s * np.arange(bars + 1), pulse.bpm, source)
