"""How long a bar is, by the waveform of bars that come again."""

from __future__ import annotations

import numpy as np
from scipy import fft

from gantools.audio.resample import resample

_RATE_HZ = 4000
#: Bars that are laid upon those so many later, how far apart they may lie, and how alike they must be.
_APART, _REACH_SECONDS, _ALIKE = (4, 8), 0.03, 0.7
_MOST_BARS, _LEAST_PAIRS = 48, 3
#: Error of a tempo that was heard, as a share of a bar over the length of the song, and what it is at least.
_UNSURE, _LEAST_SECONDS = 0.04, 0.002
#: Repetitions that are looked for, and how good a shorter one must be beside the best.
_SHORTEST_SECONDS, _LONGEST_SECONDS, _ABOUT = 1.3, 40.0, 0.93
#: Lengths of a bar that agree so well are one.
_AGREE_SECONDS = 0.0005


def repeated_bar_s(mono: np.ndarray, rate_hz: int, first_s: float, bar_s: float) -> float:
    """Return the length of a bar by bars that come again as they were; `bar_s` where too few do.

    The waveform of a bar is laid upon that of the bar 4 and 8 bars later, as far from where the tempo says as it is
    uncertain, and the shift at which they agree best, to a quarter of a millisecond, tells how long bars are.

    Parameters
    ----------
    mono : float32 array (n,)
    rate_hz : int
    first_s, bar_s : float
        Where a bar begins, and its length as far as it is known.
    """
    sound = resample(np.ascontiguousarray(mono, np.float32), rate_hz, _RATE_HZ)
    width = round(bar_s * _RATE_HZ)
    bars = int((len(sound) / _RATE_HZ - first_s) / bar_s)
    found = []
    for bar in range(0, bars, max(1, bars // _MOST_BARS)):
        start = round((first_s + bar * bar_s) * _RATE_HZ)
        for apart in _APART:
            # The longer the song, the better its tempo is known. Tones would agree at each of their periods.
            unsure_s = apart * bar_s * _UNSURE * bar_s * _RATE_HZ / len(sound)
            reach = round(min(_REACH_SECONDS, _LEAST_SECONDS + unsure_s) * _RATE_HZ)
            later = round(start + apart * bar_s * _RATE_HZ)
            if start < 0 or later - reach < 0 or later + width + reach > len(sound):
                continue
            shift, alike = _shift(sound[start : start + width], sound[later - reach : later + width + reach])
            if alike >= _ALIKE:
                found.append((later - reach + shift - start) / _RATE_HZ / apart)
    if len(found) < _LEAST_PAIRS:
        return bar_s
    middle = float(np.median(found))
    near = [length for length in found if abs(length - middle) <= _AGREE_SECONDS]
    return float(np.mean(near)) if 2 * len(near) > len(found) else bar_s


def repetition_s(mono: np.ndarray, rate_hz: int) -> tuple[float, float]:
    """Return after how many seconds a sound comes again as it was, and how much of it does, up to 1.

    The autocorrelation of the waveform: of tones it falls within a second, of music that is played anew it is nothing,
    of a loop it stands up at its length. The shortest repetition that is about as good as the best counts.
    """
    sound = resample(np.ascontiguousarray(mono, np.float32), rate_hz, _RATE_HZ).astype(np.float64)
    low, high = round(_SHORTEST_SECONDS * _RATE_HZ), min(round(_LONGEST_SECONDS * _RATE_HZ), len(sound) // 2)
    if high <= low + 2:
        return 0.0, 0.0
    size = fft.next_fast_len(len(sound) + high, real=True)
    product = fft.irfft(np.abs(fft.rfft(sound, size)) ** 2, size)[:high]
    # Over the overlap of each lag, that of the beginning and that of the end.
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    lags = np.arange(high)
    both = np.sqrt(energy[len(sound) - lags] * (energy[-1] - energy[lags]))
    alike = product / np.maximum(both, 1e-9 * max(float(energy[-1]), 1e-12))
    best = float(alike[low:].max())
    at = low + int(np.argmax(alike[low:] >= _ABOUT * best))
    # From where it is about as good, up to its peak.
    at += int(np.argmax(alike[at : at + round(0.01 * _RATE_HZ)]))
    return at / _RATE_HZ, best


def _shift(piece: np.ndarray, around: np.ndarray) -> tuple[float, float]:
    """Return where in `around` a piece lies best, to a part of a sample, and how alike they are there, up to 1."""
    size = fft.next_fast_len(len(around), real=True)
    product = fft.irfft(fft.rfft(around, size) * np.conj(fft.rfft(piece, size)), size)
    shifts = len(around) - len(piece) + 1
    energy = np.concatenate([[0.0], np.cumsum(np.square(around, dtype=np.float64))])
    energy = energy[len(piece) :] - energy[: -len(piece)]
    own = max(float(np.square(piece, dtype=np.float64).sum()), 1e-12)
    alike = product[:shifts] / np.sqrt(np.maximum(energy[:shifts], 1e-3 * own) * own)
    best = int(np.argmax(alike))
    if not 0 < best < shifts - 1:
        return float(best), 0.0
    before, here, after = (float(value) for value in alike[best - 1 : best + 2])
    curvature = before - 2 * here + after
    return best + (0.5 * (before - after) / curvature if curvature < 0 else 0.0), here
