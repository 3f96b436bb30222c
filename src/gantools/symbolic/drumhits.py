"""Hits cut from a recording of drums: where each begins, what drum it is, and which of them are clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from gantools.audio.onset_strength import onset_strength

#: A frame whose onset strength is the highest within this many frames to either side, and above this many deviations.
_AROUND_FRAMES, _LEAST_STRENGTH = 3, 0.5
#: The hit itself lies within these seconds of its frame; it begins where the level passes a fifth of its peak there.
_BEFORE_S, _AFTER_S, _RISE = 0.020, 0.050, 0.2
_SMOOTH_S, _LEAD_S = 0.002, 0.002
#: What is looked at of a hit, in seconds, and where its bands meet, in Hz: below kicks, then bodies of toms and snares,
#: then snares, sticks, cymbals.
_HEARD_S, _STROKE_S = 0.08, 0.02
_EDGES_HZ = (0, 130, 400, 2500, 6000, np.inf)
#: Hits more than this below the loudest are left out, in dB; the next one must leave this long, in seconds.
_QUIETEST_DB, _SHORTEST_S = 36.0, 0.06
#: Decibels by which a cymbal falls while it is closed, open, or neither, and after how many seconds it has.
_FALL_DB, _CLOSED_S, _OPEN_S = 20.0, 0.14, 0.5
#: A hit is the better the more it stands out of what rings before it and the longer nothing follows: as far as these.
_MOST_CLEAR_DB, _LONGEST_S = 30.0, 0.6
_LEAST_CLEAR_DB = 6.0
_LONGEST_CUT_S = 3.0
#: Hits are taken whose level is at most so far from that of most of their kind, in dB.
_USUAL_DB = 6.0
#: ... and whose shares of the bands differ by at most this much in all from theirs.
_UNUSUAL = 0.5
#: Where toms are so many times as frequent as kicks, they are the kick.
_TOMS_ARE_KICKS = 3
_FADE_IN_S = 0.001


@dataclass(frozen=True, eq=False)
class Hit:
    """A hit of a drum recording.

    Attributes
    ----------
    part : str
        ``kick``, ``snare``, ``tom``, ``hat``, ``open``, ``crash`` or ``other``.
    start, stop : int
        Samples of the recording; it is over, or another one follows.
    peak_db : float
        Level of its largest sample.
    pitch_hz : float
        Centre of gravity of its spectrum below 400 Hz.
    shares : array (5,)
        Of its energy in five bands, see `find_hits`.
    merit : float
        How clean it is: the share of its own bands, how far it stands out, how long it may ring. About 0 to 3.
    """

    part: str
    start: int
    stop: int
    peak_db: float
    pitch_hz: float
    shares: np.ndarray
    merit: float

    def cut(self, wave: np.ndarray, rate_hz: int) -> np.ndarray:
        """Return the hit out of its recording, (channels, n), of peak 1, without clicks at either end."""
        cut = wave[:, self.start : min(self.stop, self.start + round(_LONGEST_CUT_S * rate_hz))].astype(np.float32)
        peak = float(np.abs(cut).max())
        begin, end = max(1, round(_FADE_IN_S * rate_hz)), cut.shape[1] // 3
        cut[:, :begin] *= np.linspace(0, 1, begin, dtype=np.float32)
        # What followed is heard no more: the last third goes down.
        cut[:, cut.shape[1] - end :] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, end, dtype=np.float32))
        return cut / np.float32(max(peak, 1e-9))


def find_hits(wave: np.ndarray, rate_hz: int) -> list[Hit]:
    """Return the hits of a recording of drums, in order.

    Parameters
    ----------
    wave : float32 array (channels, n)
    rate_hz : int

    Notes
    -----
    A drum is named by the share of its energy in five bands over its first 80 ms: a kick has it below 130 Hz, a cymbal
    above 2.5 kHz and nothing below, a tom from 130 to 400 Hz, a snare there too, but its wires sound on after the
    stroke. Cymbals differ by how long they ring. The bounds were set on the bundled recordings and five songs.
    """
    if wave.shape[1] < round(_SHORTEST_S * rate_hz) or not wave.any():
        return []
    strength, _, frame_hz = onset_strength(wave, rate_hz)
    strongest = maximum_filter1d(strength, 2 * _AROUND_FRAMES + 1)
    frames = np.flatnonzero((strength == strongest) & (strength > _LEAST_STRENGTH))
    mono = wave.mean(0, dtype=np.float32)
    level = np.sqrt(np.maximum(uniform_filter1d(mono**2, max(1, round(_SMOOTH_S * rate_hz))), 1e-14))
    starts = sorted({_start(level, frame / frame_hz, rate_hz) for frame in frames.tolist()})
    ends = [*starts[1:], len(mono)]
    found = [_described(mono, level, start, end, rate_hz) for start, end in zip(starts, ends, strict=True)]
    hits = [hit for hit in found if hit is not None]
    loudest = max((hit.peak_db for hit in hits), default=0.0)
    return [hit for hit in hits if hit.peak_db > loudest - _QUIETEST_DB]


def _start(level: np.ndarray, at_s: float, rate_hz: int) -> int:
    """Return the sample at which a hit begins that was found near a time."""
    first = max(0, round((at_s - _BEFORE_S) * rate_hz))
    stretch = level[first : round((at_s + _AFTER_S) * rate_hz)]
    if not len(stretch):
        return first
    rise = int(np.argmax(stretch > _RISE * stretch.max()))
    return max(0, first + rise - round(_LEAD_S * rate_hz))


def _described(mono: np.ndarray, level: np.ndarray, start: int, end: int, rate_hz: int) -> Hit | None:
    """Return a hit with its drum; None where it is too short or does not stand out of what rings before it."""
    heard = round(_HEARD_S * rate_hz)
    if end - start < round(_SHORTEST_S * rate_hz):
        return None
    shares, later, pitch_hz = _bands(mono[start : start + min(heard, end - start)], rate_hz)
    peak = float(np.abs(mono[start : min(end, start + heard)]).max())
    if not peak:
        return None
    ringing = float(level[max(0, start - round(0.02 * rate_hz)) : max(1, start)].mean())
    clear_db = 20 * np.log10(peak / ringing)
    if clear_db < _LEAST_CLEAR_DB:
        return None
    own = level[start:end]
    top = int(own[:heard].argmax())
    fallen = np.flatnonzero(own[top:] < own[top] * 10 ** (-_FALL_DB / 20))
    rings_s = (top + (int(fallen[0]) if len(fallen) else len(own) - top)) / rate_hz
    part, purity = _drum(shares, later, rings_s)
    length_s = (end - start) / rate_hz
    merit = purity + min(clear_db, _MOST_CLEAR_DB) / _MOST_CLEAR_DB + min(length_s, _LONGEST_S) / _LONGEST_S
    return Hit(part, start, end, 20 * float(np.log10(peak)), pitch_hz, shares, float(merit))


def _bands(piece: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the shares of five bands in the energy of a hit, those of its rest with emphasis, and its pitch in Hz.

    The rest is what follows the first 20 ms, the emphasis 3 dB an octave: there wires of a snare go on and the stroke
    of a tom is over.
    """
    size = round(_HEARD_S * rate_hz)
    whole = np.zeros(size)
    whole[: len(piece)] = piece
    rest = whole.copy()
    rest[: round(_STROKE_S * rate_hz)] = 0
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    power, later = (np.abs(np.fft.rfft(x * np.hanning(2 * size)[size:])) ** 2 for x in (whole, rest))
    low = hz < _EDGES_HZ[2]
    pitch_hz = float((hz[low] * power[low]).sum() / max(power[low].sum(), 1e-30))
    return _shares(power, hz), _shares(later * hz, hz), pitch_hz


def _shares(power: np.ndarray, hz: np.ndarray) -> np.ndarray:
    energies = np.array([power[(hz >= low) & (hz < high)].sum() for low, high in pairwise(_EDGES_HZ)])
    return energies / max(float(energies.sum()), 1e-30)


def _drum(shares: np.ndarray, later: np.ndarray, rings_s: float) -> tuple[str, float]:
    """Return the drum of a hit and how much of its energy lies where that drum's does, 0 to 1."""
    low, body, middle, high, air = shares.tolist()
    if high + air >= 0.68 and low + body <= 0.1:
        part = "hat" if rings_s < _CLOSED_S else "open" if rings_s < _OPEN_S else "crash"
        return part, high + air
    if low >= 0.4:
        return "kick", low + 0.5 * body
    wires = float(later[3:].sum())
    if body >= 0.4 and wires < 0.25:
        return "tom", low + body
    if middle >= 0.6 and wires < 0.25:
        return "other", 0.0
    # A kick with a cymbal is no snare: what lies lowest counts against it.
    return "snare", max(0.0, 1 - 3 * low)


def best_hits(hits: Sequence[Hit], most: int) -> dict[str, list[Hit]]:
    """Return up to some hits of each drum, in order of time: clean, like most of their kind, and about as loud.

    A kick may have its body above 130 Hz: where what sounds like toms is struck three times as often as what sounds
    like a kick, it is the kick.
    """
    parts = [hit.part for hit in hits]
    if parts.count("tom") >= max(1, _TOMS_ARE_KICKS * parts.count("kick")):
        parts = ["kick" if part == "tom" else "rumble" if part == "kick" else part for part in parts]
    kept: dict[str, list[Hit]] = {}
    for part in dict.fromkeys(parts):
        own = [hit for hit, named in zip(hits, parts, strict=True) if named == part]
        usual_db = float(np.median([hit.peak_db for hit in own]))
        usual = np.median([hit.shares for hit in own], axis=0)
        unlike = {id(hit): float(np.abs(hit.shares - usual).sum()) for hit in own}
        near = [hit for hit in own if abs(hit.peak_db - usual_db) <= _USUAL_DB and unlike[id(hit)] <= _UNUSUAL]
        chosen = sorted(near, key=lambda hit: 2 * unlike[id(hit)] - hit.merit)[:most]
        if chosen and part not in ("rumble", "other"):
            kept[part] = sorted(chosen, key=lambda hit: hit.start)
    return kept
