"""The curves that a piece was asked to follow, as its record keeps them: short, and in units of their own."""

from __future__ import annotations

import numpy as np

from gantools.systems.musika.wishes import Wishes

_STEP_SECONDS = 0.5
#: Curves of long pieces are looked at less often, so that the record of a night stays a line.
_MOST_PLACES = 1200
#: How far a point may be from the line between its neighbours to be left out, as a share of what the curve spans, and
#: as one of its values.
_LEAST_BEND, _LEAST_STEP = 0.01, 1e-3

Points = list[list[float]]


def asked_points(wishes: Wishes, seconds: float, place: float = 0.0, lead: float = 0.0) -> dict[str, Points]:
    """Return what a piece is asked to be, by name: pairs of seconds in its file and a value, straight in between.

    Parameters
    ----------
    wishes : Wishes
    seconds : float
        Length of the piece.
    place : float
        Second of the wishes at which it begins.
    lead : float
        Seconds of the file that are before it.

    Returns
    -------
    dict of str to list of [float, float]
        Density in onsets in a second, loudness in dB, brightness in Hz, tempo in beats in a minute. What is constant
        has one point.
    """
    count = min(_MOST_PLACES, max(2, round(seconds / _STEP_SECONDS) + 1))
    times = np.linspace(0, seconds, count)
    return {name: _points(times + lead, values) for name, values in wishes.curves(times + place).items()}


def _points(times: np.ndarray, values: np.ndarray) -> Points:
    span = float(np.ptp(values))
    most = max(_LEAST_BEND * span, _LEAST_STEP * float(np.abs(values).max()))
    if span <= most:
        return [[round(float(times[0]), 3), _rounded(float(values[0]))]]
    kept, open_ = {0, len(times) - 1}, [(0, len(times) - 1)]
    # Ramer, Douglas and Peucker: the point that is furthest from a line breaks it, until all are near.
    while open_:
        first, last = open_.pop()
        line = np.interp(times[first : last + 1], times[[first, last]], values[[first, last]])
        off = np.abs(values[first : last + 1] - line)
        if off.max() > most:
            middle = first + int(off.argmax())
            kept.add(middle)
            open_ += [(first, middle), (middle, last)]
    return [[round(float(times[n]), 3), _rounded(float(values[n]))] for n in sorted(kept)]


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
