"""Loops cut out of a recording so that nothing is heard where they begin again.

A loop is exactly as long as its bars: both its ends move together, by a few milliseconds, to where all channels cross
zero, or else to where the step from the end to the beginning is smallest. Where every step would click the end is faded
into what precedes the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gantools.structure.loops.seam import Seam, flux_at, measure_seam, usual_step

#: How far the ends move, before and behind their place. A loop that begins late has lost the attack of its first beat.
_EARLIER_SECONDS, _LATER_SECONDS = 0.005, 0.0005
#: Moves by all of it cost as much as a step that is larger by this share of the usual one.
_FAR = 0.25
_FADE_SECONDS = 0.003
#: What rings on is folded in over at most so long, and only as far as it does not rise by so much.
_TAIL_SECONDS, _TAIL_RISE_DB, _TAIL_HOP_SECONDS = 2.0, 2.0, 0.010


@dataclass(frozen=True, eq=False)
class CutLoop:
    """A loop as samples.

    Attributes
    ----------
    samples : float32 array (channels, n)
    start, end : int
        Where it was taken from, in samples, the end behind its last one.
    how : str
        ``trimmed`` (the ends of the file are those of the loop), ``zero crossing``, ``smallest step`` or ``crossfade``.
    rate_hz : int
    tail_s : float
        How much of what rings on was folded into the beginning.
    """

    samples: np.ndarray
    start: int
    end: int
    how: str
    rate_hz: int
    tail_s: float = 0.0

    @cached_property
    def seam(self) -> Seam:
        """How its end joins its beginning."""
        return measure_seam(self.samples, self.rate_hz)


def cut_loop(
    clip: np.ndarray,
    rate_hz: int,
    start_s: float,
    end_s: float,
    *,
    trimmed: bool = False,
    fold_tail: bool = False,
    earlier_s: float = _EARLIER_SECONDS,
) -> CutLoop:
    """Cut a loop out of a recording.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    start_s, end_s : float
        Bar lines.
    trimmed : bool
        The bar lines are those of a file that was trimmed: they stay where they are.
    fold_tail : bool
        Fade what rings on behind the end into the beginning, up to where something new begins.
    earlier_s : float
        How far before the bar line a loop may begin. A file of its own begins with the bar; a player that comes from
        the beginning of the song may jump before it, where less begins.

    Returns
    -------
    CutLoop
        round((end_s - start_s) * rate_hz) samples, or what the file has of them.
    """
    samples = clip.shape[1]
    length = min(samples, max(2, round((end_s - start_s) * rate_hz)))
    start = min(max(0, round(start_s * rate_hz)), samples - length)
    how = "trimmed"
    if not trimmed:
        start, how = _place(clip, rate_hz, start, length, earlier_s)
    loop = clip[:, start : start + length].copy()
    usual = usual_step(loop)
    if (np.abs(loop[:, 0] - loop[:, -1]) > usual).any():
        fade = min(round(_FADE_SECONDS * rate_hz), length // 8)
        loop, how = _joined(clip, loop, start, fade), "crossfade"
    tail_s = 0.0
    if fold_tail:
        tail = _tail(clip, rate_hz, start + length, length)
        loop[:, : tail.shape[1]] += tail
        tail_s = tail.shape[1] / rate_hz
    return CutLoop(loop, start, start + length, how, rate_hz, tail_s)


def _place(clip: np.ndarray, rate_hz: int, start: int, length: int, earlier_s: float) -> tuple[int, str]:
    """Return where a loop begins with the least audible join, and how it was found."""
    samples = clip.shape[1]
    low = max(1, start - round(earlier_s * rate_hz))
    high = min(samples - length, start + round(_LATER_SECONDS * rate_hz))
    if high < low:
        return start, "smallest step"
    places = np.arange(low, high + 1)
    usual = usual_step(clip[:, start : start + length])[:, None]
    step = (np.abs(clip[:, places] - clip[:, places + length - 1]) / usual).max(axis=0)
    cost = step + _FAR * np.abs(places - start) / max(1, start - low)
    # Where every channel crosses zero at the beginning, and the end is no further from it than usual steps go.
    crosses = (clip[:, places - 1] * clip[:, places] <= 0).all(axis=0) & (step <= 1)
    candidates: list[tuple[int, str]] = []
    if crosses.any():
        nearest = places[crosses][int(np.argmin(np.abs(places[crosses] - start)))]
        candidates.append((int(nearest), "zero crossing"))
        quietest = places[crosses][int(np.argmin(cost[crosses]))]
        candidates.append((int(quietest), "zero crossing"))
    # Of each 5 ms the place of the smallest step; near the bar line there is one such stretch.
    for first in range(0, len(places), max(1, round(_EARLIER_SECONDS * rate_hz) + high - start + 1)):
        part = cost[first : first + round(_EARLIER_SECONDS * rate_hz) + high - start + 1]
        candidates.append((int(places[first + int(np.argmin(part))]), "smallest step"))
    # What clicks is left out where anything does not.
    smooth = [one for one in candidates if step[one[0] - low] <= 1]
    candidates = smooth or candidates
    # Each is listened to: the one whose join brings the least that is new.
    reach = min(round(0.05 * rate_hz), length)
    heard = [
        flux_at(clip[:, at + length - reach : at + length], clip[:, at : at + reach], rate_hz) for at, _ in candidates
    ]
    return candidates[int(np.argmin(heard))]


def _joined(clip: np.ndarray, loop: np.ndarray, start: int, fade: int) -> np.ndarray:
    """Return a loop whose end is faded into what precedes its beginning, so that the beginning follows by nature."""
    if fade < 2:
        return loop
    before = clip[:, max(0, start - fade) : start]
    # Before the beginning of a file there is nothing to fade into: both ends then meet half-way, in a few samples.
    if before.shape[1] < fade:
        apart = (loop[:, :1] - loop[:, -1:]) / 2
        bend = np.linspace(0, 1, fade, dtype=np.float32) ** 2
        loop[:, -fade:] += apart * bend
        loop[:, :fade] -= apart * bend[::-1]
        return loop
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / fade)).astype(np.float32)
    loop[:, -fade:] = loop[:, -fade:] * (1 - rise) + before * rise
    return loop


def _tail(clip: np.ndarray, rate_hz: int, end: int, length: int) -> np.ndarray:
    """Return what rings on behind a loop, faded out, up to where something new begins; float32 (channels, n)."""
    tail = clip[:, end : end + min(round(_TAIL_SECONDS * rate_hz), length)].copy()
    hop = max(1, round(_TAIL_HOP_SECONDS * rate_hz))
    frames = tail.shape[1] // hop
    if not frames:
        return tail[:, :0]
    power = np.square(tail[:, : frames * hop], dtype=np.float64).reshape(len(tail), frames, hop).mean(axis=(0, 2))
    before = clip[:, max(0, end - hop) : end]
    lowest = np.minimum.accumulate(np.append(np.square(before, dtype=np.float64).mean() if before.size else 0.0, power))
    new = power > lowest[:-1] * 10 ** (_TAIL_RISE_DB / 10) + 1e-12
    kept = (int(np.argmax(new)) if new.any() else frames) * hop
    fade = (0.5 + 0.5 * np.cos(np.pi * np.arange(kept) / max(1, kept))).astype(np.float32)
    return np.asarray(tail[:, :kept] * fade, np.float32)
