"""Windows of a piece, each judged: does it loop, how well does its end join its beginning, is there anything to hear.

Han et al., section 3.2: windows of 8 bars, a bar apart, scored by how alike their bars are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from gantools.errors import InputError
from gantools.structure.loops.correlation import (
    Kind,
    audio_bars,
    audio_correlation,
    audio_windows,
    pairs,
    roll_windows,
    triangle,
)
from gantools.structure.loops.detector import Domain, LoopDetector
from gantools.structure.loops.tempo import Grid
from gantools.symbolic.roll import DRUM_ROWS, Roll, all_parts, drums_and_bass, find_bass
from gantools.symbolic.score import Score

#: Sound this far below the loudest bar, or below full scale, is silence.
_SILENT_DB, _SILENT_DBFS = -50.0, -70.0
#: Bars that are at least so alike are one bar again and again, or a drone.
TRIVIAL = 0.995
#: Thresholds of the two methods that nothing was trained for, by what real loops have; see docs/loops.md.
_UNTRAINED = {"bookend": 0.15, "meancorr": 0.35}
_JOIN_FLOOR = 0.02
_MOST_CELLS, _BLOCK_BARS = 1 << 27, 2048


#: Correlations of all windows of some bars, of which the first is the bar with this number.
_Correlate = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Window:
    """Some bars of a piece.

    Attributes
    ----------
    start_bar : int
        Counted from 1, as musicians do.
    bars : int
        Of the piece: fewer than the window where a short loop was repeated to fill it.
    start_s, end_s : float
    score : float
        Lower is better; NaN for silence, and where a method cannot tell.
    percentile : float
        Percentage of known loops that score lower; NaN where there is no trained detector.
    seam : float
        How much the last bar and the first differ, over the mean difference of neighbours inside: 1 is as usual, more
        is a break where the loop begins again.
    verdict : str
        ``loop``, ``no``, ``trivial`` (one bar again and again, or a drone) or ``silent``.
    """

    start_bar: int
    bars: int
    start_s: float
    end_s: float
    score: float
    percentile: float
    seam: float
    verdict: str

    def overlaps(self, other: Window) -> bool:
        """Tell whether two windows have a bar in common."""
        return abs(self.start_bar - other.start_bar) < max(self.bars, other.bars)


@dataclass(frozen=True, eq=False)
class Scan:
    """All windows of a piece.

    Attributes
    ----------
    windows : list of Window
    features : array (bars, features)
        What stands for each bar; `kind` says which.
    domain : str
        ``audio`` or ``midi``.
    threshold : float
    remarks : list of str
    warning : str
        Why it has no bars, and so one window that is none; empty where it has.
    """

    windows: list[Window]
    features: np.ndarray
    domain: Domain
    threshold: float
    remarks: list[str] = field(default_factory=list)
    warning: str = ""

    def best(self, count: int) -> list[Window]:
        """Return so many windows that do not overlap, the best first; all of them, in their order, for 0."""
        if not count:
            return self.windows
        chosen: list[Window] = []
        for window in ranked(self.windows):
            if not any(window.overlaps(other) for other in chosen):
                chosen.append(window)
        return chosen[:count]


_ORDER = {"loop": 0, "trivial": 1, "no": 2, "silent": 3}


def ranked(windows: list[Window]) -> list[Window]:
    """Return windows, the best first: loops before others, lower scores first, of about equal ones the better seam."""

    def place(window: Window) -> tuple[float, ...]:
        score = window.score if np.isfinite(window.score) else np.inf
        # Scores that differ by less than a tenth are equal: then the join decides.
        level = np.round(np.log(max(score, 1e-9)) / 0.1) if np.isfinite(score) else np.inf
        return (_ORDER[window.verdict], float(level), window.seam, window.start_bar)

    return sorted(windows, key=place)


@dataclass(frozen=True)
class Judge:
    """What windows are judged by.

    Attributes
    ----------
    bars, stride : int
    kind : str
        Of features, see `gantools.structure.loops.correlation`.
    method : str
        ``svdd``, ``bookend`` or ``meancorr``.
    detector : LoopDetector, optional
        For ``svdd``.
    threshold : float, optional
        In place of the detector's own.
    """

    bars: int = 8
    stride: int = 1
    kind: Kind = "grid"
    method: str = "svdd"
    detector: LoopDetector | None = None
    threshold: float | None = None

    def limit(self, domain: Domain) -> float:
        """Return the score up to which a window is a loop."""
        if self.threshold is not None:
            return self.threshold
        if self.detector is not None and self.method == "svdd":
            return self.detector.threshold(self.bars, domain)
        return _UNTRAINED[self.method]

    def scores(self, correlations: np.ndarray, following: np.ndarray, domain: Domain) -> tuple[np.ndarray, np.ndarray]:
        """Return scores and percentiles of windows.

        Parameters
        ----------
        correlations : array (n, pairs)
        following : array (n,)
            How alike the first bar and the one behind the last are; NaN where there is none.
        domain : str
        """
        unknown = np.full(len(correlations), np.nan)
        if self.method == "bookend":
            return 1 - following, unknown
        if self.method == "meancorr":
            return 1 - correlations.mean(axis=1), unknown
        assert self.detector is not None
        scores = self.detector.scores(correlations, self.bars, domain)
        return scores, self.detector.percentile(scores, self.bars, domain)


def scan_audio(mono: np.ndarray, rate_hz: int, grid: Grid, judge: Judge) -> Scan:
    """Judge the windows of a sound.

    Parameters
    ----------
    mono : float32 array (n,)
    rate_hz : int
    grid : Grid
    judge : Judge
    """
    features = audio_bars(mono, rate_hz, grid.edges_s, judge.kind)
    ends = np.clip(np.round(grid.edges_s * rate_hz).astype(np.int64), 0, len(mono))
    total = np.concatenate([[0.0], np.cumsum(np.square(mono, dtype=np.float64))])
    power = (total[ends[1:]] - total[ends[:-1]]) / np.maximum(1, np.diff(ends))
    loud = 10 ** (_SILENT_DBFS / 10), float(power.max(initial=0.0)) * 10 ** (_SILENT_DB / 10)
    silent = power <= max(loud)

    def correlate(bars: np.ndarray, _first: int) -> np.ndarray:
        return audio_windows(bars, judge.bars, judge.kind)

    return _scanned(features, silent, grid.edges_s, judge, "audio", correlate)


def scan_midi(score: Score, judge: Judge, layout: str = "auto") -> Scan:
    """Judge the windows of a piece of notes, in bars of any meter.

    Parameters
    ----------
    score : Score
    judge : Judge
    layout : str
        ``bass+drums``, ``all``, or ``auto``: drums and bass where there are both.
    """
    roll, remarks = _rolled(score, layout)
    lengths = np.diff(roll.edges)
    longest = int(lengths.max())
    if len(roll) * longest * roll.sounding.shape[1] > _MOST_CELLS:
        raise InputError(f"{len(roll)} bars of up to {longest} sixteenths are too much for one matrix; cut it up")
    # Shorter bars end with silence, which no other bar has there.
    cells = np.zeros((len(roll), longest, roll.sounding.shape[1]), bool)
    inside = np.arange(longest) < lengths[:, None]
    cells[inside] = roll.sounding
    features = cells.reshape(len(roll), -1)
    edges_s = score.seconds(score.bars.edges)
    width = roll.sounding.shape[1]

    def correlate(bars: np.ndarray, first: int) -> np.ndarray:
        # A short piece that was repeated has the lengths of its bars again and again.
        return _roll_windows(bars, lengths[(first + np.arange(len(bars))) % len(lengths)], width, judge)

    scan = _scanned(features, np.asarray(np.sum(features, axis=1) == 0), edges_s, judge, "midi", correlate)
    return replace(scan, remarks=[*score.remarks, *remarks])


def _rolled(score: Score, layout: str) -> tuple[Roll, list[str]]:
    both = any(track.is_drum for track in score.tracks) and find_bass(score)[0]
    if layout == "bass+drums" or (layout == "auto" and both):
        roll = drums_and_bass(score)
        if layout == "bass+drums" or (roll.sounding[:, :DRUM_ROWS].any() and roll.sounding[:, DRUM_ROWS:].any()):
            return roll, list(roll.remarks)
    return all_parts(score), []


def _roll_windows(bars: np.ndarray, lengths: np.ndarray, width: int, judge: Judge) -> np.ndarray:
    """Return the correlations of windows, each with its bars as long as the longest of its own."""
    if len(bars) < judge.bars or len(np.unique(lengths)) == 1:
        return roll_windows(bars, judge.bars, judge.kind)
    longest = np.lib.stride_tricks.sliding_window_view(lengths, judge.bars).max(axis=1)
    made = np.empty((len(longest), pairs(judge.bars)))
    for length in np.unique(longest):
        # What lies behind the longest bar is silent in all of these windows.
        of_it = longest == length
        made[of_it] = roll_windows(bars[:, : length * width], judge.bars, judge.kind)[of_it]
    return made


def _scanned(
    features: np.ndarray,
    silent: np.ndarray,
    edges_s: np.ndarray,
    judge: Judge,
    domain: Domain,
    correlate: _Correlate,
) -> Scan:
    """Judge all windows of bars that are given by their features."""
    count = len(features)
    # A short loop plays on until the window is full.
    tiled = features[np.arange(judge.bars) % count] if count < judge.bars else features
    correlations = _in_blocks(tiled, judge.bars, correlate)[:: judge.stride]
    places = np.arange(0, len(tiled) - judge.bars + 1, judge.stride)
    unknown = np.full(len(places), np.nan)
    closed = len(tiled) == judge.bars
    following = _following(tiled, places, judge.bars, closed=closed) if judge.method == "bookend" else unknown
    scores, percentiles = judge.scores(correlations, following, domain)
    quiet = np.array([np.resize(silent, len(tiled))[place : place + judge.bars].mean() > 0.5 for place in places])
    trivial = (correlations >= TRIVIAL).all(axis=1) | (count == 1)
    limit = judge.limit(domain)
    verdicts = np.select(
        [quiet, trivial, np.nan_to_num(scores, nan=np.inf) <= limit], ["silent", "trivial", "loop"], "no"
    )
    span = min(count, judge.bars)
    seams = _seams(correlations, judge.bars, span) if span > 1 else np.ones(len(places))
    windows = [
        Window(
            int(place) + 1,
            span,
            float(edges_s[place]),
            float(edges_s[place + span]),
            float(scores[n]) if not quiet[n] else float("nan"),
            float(percentiles[n]) if not quiet[n] else float("nan"),
            float(seams[n]),
            str(verdicts[n]),
        )
        for n, place in enumerate(places.tolist())
    ]
    return Scan(windows, features, domain, limit)


def _in_blocks(bars: np.ndarray, length: int, correlate: _Correlate) -> np.ndarray:
    """Return the correlations of all windows; of long pieces in parts, as each part compares all its bars."""
    step = _BLOCK_BARS - length + 1
    firsts = range(0, max(1, len(bars) - length + 1), step)
    parts = [correlate(bars[first : first + _BLOCK_BARS], first) for first in firsts]
    return np.concatenate(parts)


def _seams(correlations: np.ndarray, bars: int, span: int) -> np.ndarray:
    """Return how far apart the last of `span` bars and the first are, over the mean of neighbours inside, (n,)."""
    rows, columns = triangle(bars)
    apart = 1 - np.clip(correlations, -1, 1)
    inside = apart[:, (columns - rows == 1) & (columns < span)].mean(axis=1)
    join = apart[:, (rows == 0) & (columns == span - 1)][:, 0]
    return np.asarray((join + _JOIN_FLOOR) / (inside + _JOIN_FLOOR))


def _following(bars: np.ndarray, places: np.ndarray, length: int, *, closed: bool) -> np.ndarray:
    """Return how alike the first bar of each window and the bar behind its last are; NaN at the end of a piece.

    A file that is a loop itself begins again behind its end.
    """
    made = np.full(len(places), np.nan)
    there = places + length < len(bars)
    if there.any():
        first = places[there]
        made[there] = audio_correlation(np.stack([bars[first], bars[first + length]], axis=1), "grid")[:, 0]
    if closed:
        made[~there] = 1.0
    return made
