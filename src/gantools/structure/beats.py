"""Where the beats and bars of a clip are: onset strength, tempo, and the best chain of beats.

Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36 (2007). The tempo is read from the
autocorrelation of the onset strength under a log-normal preference; the beats maximise onset strength at the beats
less a penalty for intervals that differ from the period (his equations 1 to 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter1d

from gantools.audio.onset_strength import onset_strength
from gantools.errors import ConfigError

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
#: Preference for tempi, a normal curve over octaves (Ellis: 120 bpm and 0.9, which confused octaves in many loops).
_PREFERRED_BPM, _PREFERENCE_OCTAVES = 120.0, 0.6
_LOW_SHARE = 0.5
_WHOLE_BARS = 0.3
#: Weight of the interval penalty against onset strength of unit deviation (Ellis: 400 and 680 are usual).
_TIGHTNESS = 400.0
#: Autocorrelation at the period from which a pulse counts as found; noise and pads stay below it.
CLEAR = 0.2
#: Beats this close to a straight line come from a machine, and the line is better than each.
_STEADY_SECONDS = 0.015
_EQUAL_SECONDS = 0.5
#: Centred windows see an onset before it comes: by a frame, measured on clicks.
_EARLY_SECONDS = 0.010
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class BeatGrid:
    """Where the beats and bars of a clip are.

    Attributes
    ----------
    edges : array (slices + 1,) of int64
        Samples at which the beats, or the equal slices that stand for them, begin, rising; the last one ends the last
        slice.
    downbeat : int
        Index of the first slice that begins a bar, below `beats_per_bar`.
    beats_per_bar : int
    bpm : float
        Slices per minute.
    clear : bool
        False: no beats were found, the slices are equal.
    note : str
        One sentence for the user: the tempo found, or why the slices are equal.
    """

    edges: np.ndarray
    downbeat: int
    beats_per_bar: int
    bpm: float
    clear: bool
    note: str

    @property
    def slices(self) -> int:
        """Number of beats or equal slices."""
        return len(self.edges) - 1

    @property
    def bars(self) -> int:
        """Number of complete bars."""
        return max(0, self.slices - self.downbeat) // self.beats_per_bar

    def bar_edges(self) -> np.ndarray:
        """Samples at which the complete bars begin, and where the last one ends: int64 (bars + 1,)."""
        return self.edges[self.downbeat :: self.beats_per_bar][: self.bars + 1]


def find_beats(clip: np.ndarray, rate_hz: int, bpm: float | None = None, beats_per_bar: int = 4) -> BeatGrid:
    """Find the beats of a clip.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    bpm : float, optional
        Tempo, where it is known, in [20, 400]; only the phase is then searched and the result counts as clear.
    beats_per_bar : int
        The downbeat is the phase with the strongest onsets, low ones counting double.

    Returns
    -------
    BeatGrid
        Equal slices of about half a second where there is no clear pulse, or less than a second of sound.

    Raises
    ------
    ConfigError
        A tempo out of range, or fewer than one beat per bar.
    """
    if bpm is not None and not 20.0 <= bpm <= 400.0:
        raise ConfigError(f"bpm: {bpm:g} is not a tempo; give 20 to 400")
    if beats_per_bar < 1:
        raise ConfigError(f"beats_per_bar: {beats_per_bar} must be at least 1")
    n = clip.shape[1]
    if n < _LEAST_SECONDS * rate_hz:
        return equal_grid(n, rate_hz, beats_per_bar, f"{n / rate_hz:.1f} s are too short for a tempo", bpm)
    strength, low, frame_hz = onset_strength(clip, rate_hz)
    # First one period for the whole clip, then the beats that lie a period apart and on strong onsets.
    found, clarity = (bpm, 1.0) if bpm else tempo(strength, low, frame_hz)
    if clarity < CLEAR:
        return equal_grid(n, rate_hz, beats_per_bar, f"no clear pulse (strength {clarity:.2f})")
    frames = beat_chain(strength, frame_hz * 60 / found)
    # Of a machine the line through its beats is better than each of them; then the grid goes on to both ends.
    seconds = _straightened(frames / frame_hz + _EARLY_SECONDS, 60 / found, given=bpm is not None)
    edges = _edges(seconds, n, rate_hz, 60 / found)
    if len(edges) < 3:
        return equal_grid(n, rate_hz, beats_per_bar, "fewer than two beats", bpm)
    real_bpm = 60 * rate_hz / float(np.mean(np.diff(edges)))
    downbeat = _downbeat(strength + low, edges[:-1] / rate_hz * frame_hz, beats_per_bar)
    note = f"{real_bpm:.1f} bpm{'' if bpm is None else ' as given'}, {len(edges) - 1} beats"
    return BeatGrid(edges, downbeat, beats_per_bar, real_bpm, True, note)


def equal_grid(samples: int, rate_hz: int, beats_per_bar: int, reason: str = "", bpm: float | None = None) -> BeatGrid:
    """Return slices of equal length that fill a clip, about half a second each or of a given tempo."""
    wanted_seconds = 60 / bpm if bpm else _EQUAL_SECONDS
    slices = max(1, round(samples / rate_hz / wanted_seconds))
    edges = np.round(np.linspace(0, samples, slices + 1)).astype(np.int64)
    note = f"{reason + ': ' if reason else ''}{slices} equal slices of {samples / rate_hz / slices:.2f} s"
    return BeatGrid(edges, 0, beats_per_bar, 60 * rate_hz * slices / max(1, samples), False, note)


def tempo(strength: np.ndarray, low: np.ndarray, frame_hz: float) -> tuple[float, float]:
    """Return the tempo in bpm and how clear it is: the normalised autocorrelation at its period, up to 1.

    A period scores by the autocorrelation at 1, 2, 4 and 8 times its lag, as far as the clip goes, and at its half and
    quarter, under the preference for 120 bpm: Ellis joins a lag and its double (equation 7), which takes dotted
    patterns (3 + 3 + 2) for the beat; bars of two and four settle it. A clip that holds a whole number of bars, as
    loops do, speaks for a tempo too.

    Parameters
    ----------
    strength, low : float64 arrays (frames,)
        Onset strength of all bands and of the low ones, as `onset_strength` returns them.
    frame_hz : float
    """
    frames = len(strength)
    every = autocorrelation(strength)
    shortest, longest = int(np.ceil(frame_hz * 60 / FASTEST_BPM)), int(min(frame_hz * 60 / SLOWEST_BPM, 0.75 * frames))
    if longest <= shortest + 2 or not every.any():
        return _PREFERRED_BPM, 0.0
    correlation = every + _LOW_SHARE * autocorrelation(low)
    # A true period is no whole number of frames, so that the peak at its multiple may lie a lag beside.
    widened = maximum_filter1d(correlation, 3)
    lags, places = np.arange(shortest, longest + 1, dtype=np.float64), np.arange(frames)
    score, weight = correlation[shortest : longest + 1].copy(), np.ones(len(lags))
    # The mean over the multiples that fit, not their sum: else short periods would win by having more of them.
    for multiple in (2, 4, 8):
        inside = multiple * lags < 0.8 * frames
        score += np.where(inside, np.interp(multiple * lags, places, widened), 0.0)
        weight += inside
    score /= weight
    # A beat is divided too: eighths and sixteenths speak for it, with less weight than its repetition.
    for part, share in ((0.5, 0.3), (0.25, 0.2)):
        score += share * np.interp(part * lags, places, widened)
    score *= np.exp(-0.5 * (np.log2(frame_hz * 60 / lags / _PREFERRED_BPM) / _PREFERENCE_OCTAVES) ** 2)
    bars = frames / lags / 4
    # Within about 1 % of the tempo that makes the clip whole bars of four, and not before it holds a bar.
    whole = np.exp(-0.5 * ((bars - np.round(bars)) / bars / 0.01) ** 2)
    score *= 1 + _WHOLE_BARS * whole * (bars > 0.9)
    lag = int(lags[int(np.argmax(score))])
    clarity = float(every[lag - 1 : lag + 2].max())
    if 8 * lag < 0.8 * frames:  # a beat that only the bar repeats
        clarity = max(clarity, float(every[4 * lag - 2 : 4 * lag + 3].max()))
    return 60 * frame_hz / _refined(correlation, float(lag)), clarity


def autocorrelation(strength: np.ndarray) -> np.ndarray:
    """Return the autocorrelation over the overlap of each lag, 1 at lag 0; zeros for constant input."""
    # Twice the length, so that the end does not meet the beginning in the circular transform.
    size = fft.next_fast_len(2 * len(strength), real=True)
    power = np.abs(fft.rfft(strength, size)) ** 2
    # Divided by the overlap: a short clip has few repetitions of a long lag.
    sums = fft.irfft(power, size)[: len(strength)] / np.arange(len(strength), 0, -1)
    return np.asarray(sums / sums[0] if sums[0] > 1e-12 else np.zeros_like(sums))


def _refined(correlation: np.ndarray, period: float) -> float:
    """Sharpen a period on the peaks at its multiples 1, 2, 4 and 8, each a parabola over three lags."""
    for multiple in (1, 2, 4, 8):
        # At a multiple an error of the peak counts that much less; each peak tells where to look for the next.
        centre = round(period * multiple)
        reach = max(1, round(0.02 * centre))
        if centre + reach + 1 >= 0.8 * len(correlation):
            break
        peak = centre - reach + int(np.argmax(correlation[centre - reach : centre + reach + 1]))
        before, here, after = correlation[peak - 1 : peak + 2]
        curvature = before - 2 * here + after
        if here > 0.1 * correlation[0] and curvature < 0:
            shift = 0.5 * (before - after) / curvature
            period = (peak + float(np.clip(shift, -0.5, 0.5))) / multiple
    return period


def beat_chain(strength: np.ndarray, period_frames: float) -> np.ndarray:
    """Return the frames of the best chain of beats, rising (Ellis, equations 1 to 3 and section 3.3).

    Parameters
    ----------
    strength : float64 array (frames,)
        Onset strength of unit deviation.
    period_frames : float
        Period in frames; an interval costs 400 times the squared logarithm of its ratio to the period.
    """
    # The strength is smoothed over 1/32 of a period, so that a beat may be a little early or late.
    width = max(1.0, period_frames / 32)
    reach = int(np.ceil(3 * width))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    local = np.convolve(strength, bell, "same")
    steps = np.arange(max(1, round(period_frames / 2)), round(2 * period_frames) + 1)
    penalty = -_TIGHTNESS * np.log(steps / period_frames) ** 2
    total, before = local.copy(), np.full(len(local), -1, np.int64)
    for frame in range(int(steps[0]), len(local)):
        there = steps[: int(np.searchsorted(steps, frame, side="right"))]
        scores = total[frame - there] + penalty[: len(there)]
        best = int(np.argmax(scores))
        # A chain may begin anywhere: a predecessor that only costs is left out.
        if scores[best] > 0:
            total[frame], before[frame] = local[frame] + scores[best], frame - there[best]
    # The best end lies in the last period: a chain that ended before it would leave out a beat.
    last = max(0, len(total) - round(period_frames))
    frame = last + int(np.argmax(total[last:]))
    chain = []
    while frame >= 0:
        chain.append(frame)
        frame = int(before[frame])
    return np.array(chain[::-1], np.int64)


def _straightened(seconds: np.ndarray, period_s: float, given: bool) -> np.ndarray:
    """Replace beats of a machine by the straight line through them; leave those of a player as they are."""
    if len(seconds) < 4:
        return seconds
    # Which beat of the line each is: an interval of two periods counts as two, the beat between was not heard.
    number = np.concatenate([[0], np.cumsum(np.maximum(1, np.round(np.diff(seconds) / period_s)))])
    if given:
        return number * period_s + float(np.median(seconds - number * period_s))
    slope, start = np.polyfit(number, seconds, 1)
    line = number * slope + start
    return line if float(np.median(np.abs(seconds - line))) < _STEADY_SECONDS else seconds


def _edges(seconds: np.ndarray, samples: int, rate_hz: int, period_s: float) -> np.ndarray:
    """Carry the beats on to both ends of the clip; ends within 30 ms of a beat are that beat."""
    step = float(np.median(np.diff(seconds))) if len(seconds) > 2 else period_s
    end, tolerance = samples / rate_hz, 0.03
    earlier = seconds[0] - step * np.arange(int((seconds[0] + tolerance) / step), 0, -1)
    later = seconds[-1] + step * np.arange(1, max(0, int((end + tolerance - seconds[-1]) / step)) + 1)
    every = np.concatenate([earlier, seconds, later])
    every = every[(every >= -tolerance) & (every <= end + tolerance)]
    return np.unique(np.clip(np.round(every * rate_hz), 0, samples).astype(np.int64))


def _downbeat(strength: np.ndarray, frames: np.ndarray, beats_per_bar: int) -> int:
    """Return the phase of the bar with the strongest beats; the first one wins unless another is clearly stronger."""
    near = np.clip(np.round(frames).astype(np.int64), 0, len(strength) - 1)
    # An onset is at most 20 ms away from its beat on the grid.
    at = np.maximum.reduce([strength[np.clip(near + shift, 0, len(strength) - 1)] for shift in (-2, -1, 0, 1, 2)])
    means = np.array(
        [at[phase::beats_per_bar].mean() if phase < len(at) else -np.inf for phase in range(beats_per_bar)]
    )
    best = int(np.argmax(means))
    return best if means[best] > means[0] + 0.25 else 0
