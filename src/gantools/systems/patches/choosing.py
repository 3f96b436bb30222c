"""Which of several draws to keep: one that attacks and sounds on like the clip, and stands in it nowhere for long."""

from __future__ import annotations

import numpy as np

from gantools.audio.resample import resample
from gantools.errors import InputError
from gantools.metrics.novelty.crosscorrelation import longest_run_s
from gantools.metrics.texture.attacks import onset_seconds, rises_db
from gantools.metrics.texture.measures import heard_alone
from gantools.metrics.texture.partials import find_partials
from gantools.metrics.texture.spectrum import RATE_HZ, power_spectra

#: The figures say little of shorter sounds.
LEAST_SECONDS = 4.0
_MOST_SECONDS = 60.0
#: What stands in the clip as it is counts from so many seconds on. At this rate it is as long as at 16 kHz, within
#: 0.1 s, and found in a quarter of the time.
_COPY_SECONDS, _COPY_HZ = 0.7, 4000
#: A draw with no more against it is kept without another one.
GOOD = 0.1


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


class Judge:
    """What speaks against draws from a clip.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    """

    def __init__(self, clip: np.ndarray, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._texture, self._low = texture(clip, rate_hz), self._lowered(clip)

    def fault(self, wave: np.ndarray, first_s: float = 0.0) -> float:
        """Return how far a draw is from the clip, and for each second that stands in it beyond 0.7 s one more.

        Parameters
        ----------
        wave : float32 array (channels, n)
            At the rate of the clip.
        first_s : float
            Where in the clip the minute begins that it was drawn from.
        """
        begin = round(first_s * _COPY_HZ)
        drawn_from = self._low[begin : begin + round(_MOST_SECONDS * _COPY_HZ)]
        copied = longest_run_s(self._lowered(wave), drawn_from, _COPY_HZ)
        own = texture(wave, self.rate_hz)
        return distance(own, self._texture) + float(np.nan_to_num(max(0.0, copied - _COPY_SECONDS)))

    def _lowered(self, wave: np.ndarray) -> np.ndarray:
        low = resample(wave.mean(0, dtype=np.float32), self.rate_hz, _COPY_HZ)
        return np.asarray(low - low.mean())
