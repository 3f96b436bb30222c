"""Bars cut out of a piece of notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gantools.symbolic.score import Bars, Score, Track

#: A note that has been held into the first bar is struck again if at least a sixteenth of it is left.
_LEAST_HELD_QUARTERS = 0.25


def cut_bars(score: Score, first: int, count: int) -> Score:
    """Return some bars as a piece of their own, with all its tracks, also those that are silent there.

    Tempi and meters are those of the bars. Notes that sound beyond the end are cut there. Notes of pitched parts that
    were held into the first bar are struck again at its beginning where a sixteenth or more of them is left, as a loop
    would otherwise begin without its chord; drums are not.

    Parameters
    ----------
    score : Score
    first, count : int
        Bars, from 0.
    """
    edges = score.bars.edges
    start, end = int(edges[first]), int(edges[first + count])
    least = round(_LEAST_HELD_QUARTERS * score.ticks_per_quarter)
    tracks = tuple(_cut(track, start, end, least) for track in score.tracks)
    # The tempo that holds at the beginning was perhaps named long before.
    before = max(0, int(np.searchsorted(score.tempo_ticks, start, side="right")) - 1)
    inside = (score.tempo_ticks >= start) & (score.tempo_ticks < end)
    inside[before] = True
    ticks = np.maximum(score.tempo_ticks[inside] - start, 0)
    bars = slice(first, first + count)
    meters = Bars(edges[first : first + count + 1] - start, score.bars.numerators[bars], score.bars.denominators[bars])
    return replace(score, tracks=tracks, tempo_ticks=ticks, tempo_bpm=score.tempo_bpm[inside], bars=meters, remarks=())


def _cut(track: Track, start: int, end: int, least: int) -> Track:
    onsets, stops = track.onsets, track.onsets + track.lengths
    inside = (onsets >= start) & (onsets < end)
    if not track.is_drum:
        held = (onsets < start) & (stops >= start + least)
        # A pitch that is struck at the beginning anyway is not struck twice, nor one that is held twice.
        struck = set(track.pitches[onsets == start].tolist())
        for index in np.flatnonzero(held).tolist():
            pitch = int(track.pitches[index])
            if pitch not in struck:
                inside[index] = True
                struck.add(pitch)
    begin = np.maximum(onsets[inside], start) - start
    stop = np.minimum(stops[inside], end) - start
    order = np.lexsort((track.pitches[inside], begin))
    begin, stop = begin[order], stop[order]
    pitches, velocities = track.pitches[inside][order], track.velocities[inside][order]
    return replace(track, onsets=begin, lengths=_apart(begin, stop, pitches), pitches=pitches, velocities=velocities)


def _apart(onsets: np.ndarray, stops: np.ndarray, pitches: np.ndarray) -> np.ndarray:
    """Return lengths so that no note sounds into the next one of its pitch: MIDI cannot tell their ends apart."""
    order = np.lexsort((onsets, pitches))
    stops = stops.copy()
    for here, after in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        if pitches[here] == pitches[after]:
            stops[here] = min(stops[here], max(onsets[after], onsets[here] + 1))
    return np.asarray(np.maximum(stops - onsets, 1))
