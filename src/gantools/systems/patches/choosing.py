"""Which of several draws to keep: one that attacks and sounds on like the clip, and stands in it nowhere for long."""

from __future__ import annotations

import numpy as np

from gantools.audio.resample import resample
from gantools.errors import InputError
from gantools.metrics.texture.attacks import onset_seconds, rises_db
from gantools.metrics.texture.measures import heard_alone
from gantools.metrics.texture.partials import find_partials
from gantools.metrics.texture.spectrum import RATE_HZ, power_spectra

#: The figures say little of shorter sounds.
LEAST_SECONDS = 4.0
_MOST_SECONDS = 60.0
#: What stands in the clip as it is: so much of the energy at one lag, and from so many seconds on it counts.
_COPY_SHARE, _COPY_SECONDS = 0.95, 0.7
_LAG_SECONDS = 0.001


def texture(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return logarithms of the median attack and the sharpest tenth in dB, and of how long partials last in ms.

    See `gantools.metrics.texture`. The middle minute of longer sounds counts.

    Parameters
    ----------
    wave : float32 array (channels, n)

    Returns
    -------
    float64 array (3,)
        NaN where there is nothing to measure.
    """
    mono = wave.mean(0, dtype=np.float32)
    spare = max(0, len(mono) - round(_MOST_SECONDS * rate_hz)) // 2
    try:
        mono = heard_alone(resample(mono[spare : len(mono) - spare], rate_hz, RATE_HZ))
    except InputError:
        return np.full(3, np.nan)
    rises = rises_db(mono, onset_seconds(mono))
    attacks = np.percentile(rises, (50, 90)) if len(rises) else np.full(2, np.nan)
    return np.asarray(np.log(np.maximum([*attacks, find_partials(power_spectra(mono)).mean_ms], 1e-3)))


def distance(own: np.ndarray, real: np.ndarray) -> float:
    """Return how far figures of `texture` are from those of the clip: the mean of their ratios, as a logarithm."""
    apart = np.abs(own - real)
    known = apart[np.isfinite(apart)]
    return float(known.mean()) if len(known) else 0.0


def copied_seconds(lags: np.ndarray, levels: np.ndarray, frame_seconds: float) -> float:
    """Return for how long most of a sound is played at one lag to the clip: its longest verbatim stretch.

    Parameters
    ----------
    lags : float64 array (bands, frames)
        In seconds. Those that are less than 1 ms apart are one.
    levels : float64 array (bands, frames)
        Energy of what each band plays.
    """
    bins = np.round(lags / _LAG_SECONDS)
    # The energy at the lag of each band: that of all bands which have the same.
    shared = (np.abs(bins[:, None] - bins) <= 1) * levels
    leader = (shared.sum(1) / np.maximum(levels.sum(0), 1e-30)) >= _COPY_SHARE
    longest = run = 0
    before = np.nan
    for frame in range(lags.shape[1]):
        place = int(np.argmax(leader[:, frame]))
        lag = bins[place, frame] if leader[place, frame] else np.nan
        run = run + 1 if abs(lag - before) <= 1 else int(np.isfinite(lag))
        longest, before = max(longest, run), lag
    return longest * frame_seconds


def fault(own: np.ndarray, real: np.ndarray, copied: float) -> float:
    """Return what speaks against a draw: its distance from the clip, and each second of a copy beyond 0.7 s as 1."""
    return distance(own, real) + max(0.0, copied - _COPY_SECONDS)
