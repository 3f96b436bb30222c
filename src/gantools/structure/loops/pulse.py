"""The pulse of a recording to a ten-thousandth: one straight line through the beats of a whole song.

A loop of 8 bars that is to stay in tempo over minutes needs a bar that is exact to a millisecond. Interval by interval
no tracker of beats is, but a machine's beats over minutes are: the energy of the onsets at the frequencies of the beat,
its half and its quarter has a peak as narrow as the song is long, and its phase says where the beats are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.audio.onset_strength import onset_strength
from gantools.structure.beats import CLEAR, find_beats, tempo
from gantools.structure.loops.period import repeated_bar_s

#: Parts of a beat whose frequencies are looked at: beats, halves and quarters of it.
_PARTS = (1, 2, 4)
#: Tempi that are mistaken for each other: dotted and triplet values. Octaves are left as they are heard.
_MISTAKEN = (1.0, 3 / 2, 2 / 3, 4 / 3, 3 / 4)
_CLEARLY = 3.0
#: Share of the tempo in which it is sought around what is heard, and around what is said, which may be rounded.
_HEARD_SPAN, _SAID_SPAN = 0.02, 0.004
#: Share of the energy of onsets that adds up over the song, and energy at the frequencies of beats, from which they
#: are a machine's. Measured: machines have 0.76 and 0.045 at least, players 0.72 and 0.025 at most.
_STEADY, _ENERGY = 0.5, 0.03
_SEGMENT_SECONDS = 15.0
#: A part with a machine's beats is sought so long at first, and must come to this share of the whole.
_STRETCH_SECONDS, _LEAST_STRETCH = 24.0, 0.5
#: Whole tempi are likelier than others: a heard one becomes whole within what the length of the song leaves open.
_SNAP, _SNAP_BEATS = 1e-4, 0.03
#: Onset strength sees an onset by a frame before it comes.
_EARLY_SECONDS = 0.010
#: What a bar line must precede: attacks take some milliseconds, and the loudest moment is not their beginning.
_BEFORE_ATTACK_SECONDS = 0.001
_SEARCH_SECONDS = 0.04
_RISE_SECONDS = 0.012
_LEAST_RISE = 0.05
#: How much changes of the sound count beside low onsets, in a song of many bars.
_CHANGES_TELL, _MANY_BARS = 0.15, 48


@dataclass(frozen=True, eq=False)
class Pulse:
    """The pulse of a recording.

    Attributes
    ----------
    bpm : float
    first_s : float
        Where the first bar begins, in seconds; before 0 where the sound begins within a bar.
    steady : float
        Share of the energy of onsets that keeps time over the whole song, 0 to 1.
    beats_s : float64 array (beats,), optional
        The beats of a player, who keeps no machine's time, and which of the first four begins a bar.
    downbeat : int
    """

    bpm: float
    first_s: float
    steady: float
    beats_s: np.ndarray | None = None
    downbeat: int = 0


@dataclass(frozen=True, eq=False)
class Heard:
    """Onset strength of all bands and of the low ones, see `gantools.audio.onset_strength`.

    Attributes
    ----------
    strength, low : float64 arrays (frames,)
    frame_hz : float
    """

    strength: np.ndarray
    low: np.ndarray
    frame_hz: float

    @classmethod
    def of(cls, clip: np.ndarray, rate_hz: int) -> Heard:
        """Return the onsets of a sound (channels, n)."""
        return cls(*onset_strength(clip, rate_hz))

    def part(self, start: int, stop: int) -> Heard:
        """Return the frames from `start` to `stop`."""
        return Heard(self.strength[start:stop], self.low[start:stop], self.frame_hz)

    def onsets(self) -> _Onsets:
        """Return the spectrum of both together."""
        return _Onsets(self.strength + self.low, self.frame_hz)


def find_pulse(clip: np.ndarray, rate_hz: int, heard: Heard) -> Pulse | None:
    """Return the pulse of a recording; None where none is clear.

    Where the whole has no machine's beats, a part of it may have them: a loop with something else before and behind.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    heard : Heard
        Its onsets.
    """
    frames, start, stop = len(heard.strength), 0, len(heard.strength)
    beat_hz, energy, clear = _period(heard)
    steady = heard.onsets().steadiness(beat_hz) if clear else 0.0
    if steady < _STEADY or energy < _ENERGY:
        beat_hz, start, stop = _stretch(heard)
        if stop - start < _LEAST_STRETCH * frames or not beat_hz:
            return _played(clip, rate_hz, steady) if clear else None
        steady = heard.part(start, stop).onsets().steadiness(beat_hz)
    bpm = _snapped(60 * beat_hz, (stop - start) / heard.frame_hz)
    return _placed(clip, rate_hz, bpm, heard, steady, start, stop)


def _period(heard: Heard) -> tuple[float, float, bool]:
    """Return the frequency of the beats that are heard, the energy of onsets at it, and whether it is clear."""
    bpm, clarity = tempo(heard.strength, heard.low, heard.frame_hz)
    onsets = heard.onsets()
    found = [onsets.peak(bpm * ratio / 60, _HEARD_SPAN) for ratio in _MISTAKEN]
    best = max(range(len(found)), key=lambda index: found[index][1])
    # Another than what was heard must be clearly better.
    chosen = best if found[best][1] > _CLEARLY * found[0][1] else 0
    return *found[chosen], clarity >= CLEAR


def _stretch(heard: Heard) -> tuple[float, int, int]:
    """Return the longest part around the steadiest one that keeps its time: the frequency, first and last frame."""
    frames = len(heard.strength)
    step = max(1, round(_STRETCH_SECONDS / 3 * heard.frame_hz))
    width = min(3 * step, frames)
    parts = [(start, start + width) for start in range(0, frames - width + 1, step)]
    found = [(*_period(heard.part(*part)), part) for part in parts]
    clear = [(energy, beat_hz, part) for beat_hz, energy, is_clear, part in found if is_clear]
    if not clear:
        return 0.0, 0, 0
    most, beat_hz, (start, stop) = max(clear)
    growing = True
    while growing:
        growing = False
        for wider in ((max(0, start - step), stop), (start, min(frames, stop + step))):
            first, last = min(start, wider[0]), max(stop, wider[1])
            if (first, last) == (start, stop):
                continue
            onsets = heard.part(first, last).onsets()
            there, energy = onsets.peak(beat_hz, _SAID_SPAN)
            if energy >= max(_ENERGY, 0.6 * most) and onsets.steadiness(there) >= _STEADY:
                beat_hz, start, stop, growing = there, first, last, True
    return beat_hz, start, stop


def pulse_at(clip: np.ndarray, rate_hz: int, bpm: float, heard: Heard) -> Pulse:
    """Return the pulse of a recording whose tempo is said.

    The tempo is sharpened within 0.4 %, as names and tags round it, where the onsets are clear about it.
    """
    onsets = heard.onsets()
    beat_hz, _ = onsets.peak(bpm / 60, _SAID_SPAN)
    steady = onsets.steadiness(beat_hz)
    seconds = clip.shape[1] / rate_hz
    tolerance = max(_SNAP, _SNAP_BEATS * 60 / (max(seconds, 1.0) * bpm))
    if steady >= _STEADY and abs(60 * beat_hz / bpm - 1) > tolerance:
        bpm = _snapped(60 * beat_hz, seconds)
    return _placed(clip, rate_hz, bpm, heard, steady, 0, len(heard.strength))


def _snapped(bpm: float, seconds: float) -> float:
    tolerance = max(_SNAP, _SNAP_BEATS * 60 / (max(seconds, 1.0) * bpm))
    return float(round(bpm)) if abs(bpm / round(bpm) - 1) <= tolerance else bpm


class _Onsets:
    """The spectrum of onset strength.

    Parameters
    ----------
    strength : float64 array (frames,)
    frame_hz : float
    """

    def __init__(self, strength: np.ndarray, frame_hz: float) -> None:
        self._signal, self._frame_hz = strength - strength.mean(), frame_hz
        # Four times as fine as the length of the song gives: the peak is then a parabola.
        size = fft.next_fast_len(4 * len(strength), real=True)
        scale = max(float(np.square(self._signal).sum()), 1e-12) * len(strength)
        self._power = np.abs(fft.rfft(self._signal, size)) ** 2 / scale
        self._bin_hz = frame_hz / size

    def peak(self, beat_hz: float, span: float) -> tuple[float, float]:
        """Return the frequency near `beat_hz`, within a share of it, at which beats have most energy, and how much."""
        around = np.arange(beat_hz * (1 - span), beat_hz * (1 + span), self._bin_hz / 8)
        bins = np.arange(len(self._power))
        energy = sum(np.interp(around * part / self._bin_hz, bins, self._power) for part in _PARTS)
        at = int(np.argmax(energy))
        shift = 0.0
        if 0 < at < len(around) - 1:
            before, here, after = (float(value) for value in energy[at - 1 : at + 2])
            curvature = before - 2 * here + after
            shift = float(np.clip(0.5 * (before - after) / curvature, -1, 1)) if curvature < 0 else 0.0
        return float(around[at] + shift * self._bin_hz / 8), float(energy[at])

    def steadiness(self, beat_hz: float) -> float:
        """Return how much of the energy at a beat's frequencies adds up over the song, by its parts of 15 s, 0 to 1."""
        count = max(1, round(len(self._signal) / self._frame_hz / _SEGMENT_SECONDS))
        times = np.arange(len(self._signal)) / self._frame_hz
        together = apart = 0.0
        for part in _PARTS:
            turning = self._signal * np.exp(-2j * np.pi * part * beat_hz * times)
            sums = np.add.reduceat(turning, np.linspace(0, len(turning), count + 1).astype(int)[:-1])
            together += abs(sums.sum()) ** 2
            apart += float(np.abs(sums).sum()) ** 2
        return together / apart if apart > 0 else 0.0


def _played(clip: np.ndarray, rate_hz: int, steady: float) -> Pulse | None:
    """Return the beats of a player."""
    grid = find_beats(clip, rate_hz)
    if not grid.clear:
        return None
    return Pulse(grid.bpm, float(grid.edges[0]) / rate_hz, steady, grid.edges / rate_hz, grid.downbeat)


def _placed(clip: np.ndarray, rate_hz: int, bpm: float, heard: Heard, steady: float, start: int, stop: int) -> Pulse:
    """Return a pulse of known tempo with its bars in place, by the frames from `start` to `stop`."""
    from_s = start / heard.frame_hz
    clip = clip[:, round(from_s * rate_hz) : round(stop / heard.frame_hz * rate_hz)]
    heard = heard.part(start, stop)
    beat_s, seconds = 60 / bpm, clip.shape[1] / rate_hz
    beats = int(seconds / beat_s)
    if beats < 1:
        return Pulse(bpm, 0.0, steady)
    # All beats laid upon each other: where most begins.
    places = np.arange(0.0, beat_s, 0.002)
    times = places[:, None] + beat_s * np.arange(beats)
    smooth = gaussian_filter1d(heard.strength + heard.low, 1.0)
    folded = np.interp(times * heard.frame_hz, np.arange(len(smooth)), smooth, right=0.0).mean(axis=1)
    phase_s = float(places[int(np.argmax(folded))]) + _EARLY_SECONDS
    # A beat just before the end of its period is one just before the beginning.
    phase_s -= beat_s if phase_s > beat_s - 0.06 else 0.0
    first_s = phase_s + beat_s * _downbeat(clip, rate_hz, phase_s, beat_s, heard.low, heard.frame_hz)
    first_s = _before_attacks(clip, rate_hz, first_s, 4 * beat_s if beats >= 16 else beat_s)
    # Bars that come again sample by sample tell their length better than any onsets.
    bar_s = repeated_bar_s(clip.mean(axis=0, dtype=np.float32), rate_hz, first_s, 4 * beat_s)
    if bar_s != 4 * beat_s and round(240 / bar_s, 2) != round(bpm, 2):
        # The onsets tell best where bars are in the middle: there they stay.
        middle = (seconds / 2 - first_s) / (4 * beat_s)
        first_s += middle * (4 * beat_s - bar_s)
        bpm = 240 / bar_s
    return Pulse(bpm, from_s + first_s, steady)


def _before_attacks(clip: np.ndarray, rate_hz: int, first_s: float, every_s: float) -> float:
    """Return where bars begin to within a millisecond: just before the sound rises, which onset strength only blurs."""
    mono = clip.mean(axis=0, dtype=np.float32)
    hop = max(1, round(rate_hz / 1000))
    step_hz = rate_hz / hop
    power = np.add.reduceat(np.square(mono, dtype=np.float64), np.arange(0, len(mono), hop)) / hop
    # How much louder the next 12 ms are than the last 12: a bass drum swings within shorter ones.
    span = max(1, round(_RISE_SECONDS * step_hz))
    total = np.concatenate([np.zeros(span), [0.0], np.cumsum(power), np.full(span, power.sum())])
    mean = (total[span:] - total[:-span]) / span + 1e-3 * max(float(power.mean()), 1e-12)
    rise = np.log10(mean[span:] / mean[:-span])  # rise[t]: power from t on over the power before it
    reach = round(_SEARCH_SECONDS * step_hz)
    at = np.round((first_s + every_s * np.arange(-1, int(len(mono) / rate_hz / every_s) + 1)) * step_hz).astype(int)
    at = at[(at >= reach) & (at + reach < len(rise))]
    if not len(at):
        return first_s
    around = rise[at[:, None] + np.arange(-reach, reach + 1)].mean(axis=0)
    # Of places that rise about equally the nearest one: the onsets themselves say that it is about here.
    best = int(np.argmax(around * (1 - 0.5 * np.abs(np.arange(-reach, reach + 1)) / reach)))
    if around[best] < _LEAST_RISE:
        return first_s
    return first_s + (best - reach) / step_hz - _BEFORE_ATTACK_SECONDS


def _downbeat(clip: np.ndarray, rate_hz: int, phase_s: float, beat_s: float, low: np.ndarray, frame_hz: float) -> int:
    """Return which of the first four beats begins a bar.

    Bars begin with a bass drum or a bass, and where the sound of the four beats that follow differs most from that of
    the four before: parts come and go at bar lines. The fewer bars, the less the second tells.
    """
    beats = int((clip.shape[1] / rate_hz - phase_s) / beat_s)
    if beats < 12:
        return 0
    n_fft = max(256, 2 * round(0.023 * rate_hz))
    params = MelParams(sample_rate_hz=rate_hz, n_fft=n_fft, hop_samples=n_fft // 2, n_mels=32, fmin_hz=30.0,
                       fmax_hz=min(8000.0, rate_hz / 2))  # fmt: skip
    mel = mel_db(np.ascontiguousarray(clip.mean(axis=0, dtype=np.float32)), params).astype(np.float64)
    mel = np.maximum(mel, mel.max() - 60.0)
    ends = np.round((phase_s + beat_s * np.arange(beats + 1)) * params.frames_per_second).astype(int)
    total = np.concatenate([np.zeros((1, mel.shape[1])), np.cumsum(mel, axis=0)])[np.clip(ends, 0, len(mel))]
    middle = np.arange(4, beats - 3)
    span = np.maximum(1, ends[middle + 4] - ends[middle])[:, None]
    novelty = np.square((total[middle + 4] - 2 * total[middle] + total[middle - 4]) / span).mean(axis=1)
    frames = np.clip((phase_s - _EARLY_SECONDS + beat_s * np.arange(beats)) * frame_hz, 0, None)
    begins = np.interp(frames, np.arange(len(low)), gaussian_filter1d(low, 1.0))
    changes = np.array([novelty[middle % 4 == phase].mean() for phase in range(4)])
    starts = np.array([max(0.0, float(begins[phase::4].mean())) for phase in range(4)])
    told = _CHANGES_TELL * min(1.0, beats / 4 / _MANY_BARS)
    score = starts / max(float(starts.mean()), 1e-12) + told * changes / max(float(changes.mean()), 1e-12)
    return int(np.argmax(score))
