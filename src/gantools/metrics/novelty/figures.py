"""How close generated sounds are to the clip that a model learned from, and how much of them is copied from it.

The yardstick of models of a single clip (Catch-A-Waveform and the like): a copy is perfectly likely and worthless,
noise of the right colour is new and worthless. So likeness (spectrum, frames, modulation) and novelty (correlation) are
always given together, and beside them what two halves of the real clip give: `Reference.halves`. Time-aligned distances
(SNR, LSD) mean nothing here, because nothing is aligned.

All comes from log-mel spectra of 64 bands, 64 ms windows every 16 ms (1024 and 256 samples at 16 kHz), of sounds of
equal power, and from correlations over all lags. What cannot be measured (a sound too short, or silent) is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gantools.metrics.novelty.crosscorrelation import best_matches, cut_windows, longest_run_s
from gantools.metrics.novelty.gates import GATES, Verdict, judge
from gantools.metrics.novelty.mel_profile import Profile, nearest_db, profile

__all__ = ["FIGURES", "GATES", "Analysis", "Profile", "Reference", "Verdict", "diversity", "judge", "pairwise_ncc"]

#: Figures of a sound against a clip, in the order of tables.
FIGURES = (
    "ltas_db",
    "recall_db",
    "precision_db",
    "modulation_ratio",
    "ncc_1s",
    "copied_1s",
    "copied_quarter",
    "verbatim_s",
)
#: From these correlations on, a window of 1 s or 0.25 s is a copy. A copy under noise 10 dB below it keeps .91.
COPY_1S, COPY_QUARTER = 0.9, 0.95
#: Correlations of longer sounds are taken from so many excerpts of 10 s, evenly spread.
MOST_EXCERPTS, EXCERPT_S = 6, 10.0
#: Diversity is taken from so many draws, evenly spread, and so much of each.
MOST_DRAWS, DRAW_S = 12, 20.0
#: The halves of a longer clip are compared by this much of each.
_HALF_S = 30.0


@dataclass(frozen=True)
class Analysis:
    """Everything measured of a sound against a clip.

    Attributes
    ----------
    figures : dict of str to float
        By the names of `FIGURES`; NaN where something cannot be measured.
    profile : Profile or None
    ncc_1s, ncc_quarter : float32 arrays
        Best correlation of each sounding window.
    """

    figures: dict[str, float]
    profile: Profile | None
    ncc_1s: np.ndarray
    ncc_quarter: np.ndarray


class Reference:
    """A real clip, made ready to measure any number of sounds against it.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono samples.
    rate_hz : int
        Sample rate of the clip and of all that is measured against it.
    """

    def __init__(self, wave: np.ndarray, rate_hz: int) -> None:
        self.wave, self.rate_hz = _centred(wave), int(rate_hz)
        self.profile = profile(self.wave, self.rate_hz)

    @classmethod
    def of_clips(cls, waves: Sequence[np.ndarray], rate_hz: int) -> Reference:
        """Return one reference of several clips (n,) of a style, which are brought to equal RMS and joined."""
        centred = [_centred(wave) for wave in waves]
        if len(centred) == 1:
            return cls(centred[0], rate_hz)
        levels = [np.sqrt(np.mean(np.square(wave, dtype=np.float64))) for wave in centred]
        joined = [(wave / level).astype(np.float32) for wave, level in zip(centred, levels, strict=True) if level > 0]
        return cls(np.concatenate(joined) if joined else np.zeros(0, np.float32), rate_hz)

    def measure(self, wave: np.ndarray) -> dict[str, float]:
        """Return the figures of mono samples (n,) at the rate of the clip; see `analyse`."""
        return self.analyse(wave).figures

    def analyse(self, wave: np.ndarray) -> Analysis:
        """Measure a sound against the clip.

        Parameters
        ----------
        wave : float32 array (n,)
            Mono samples at `rate_hz`.

        Returns
        -------
        Analysis
            With these figures:

            - ``ltas_db``: mean absolute difference of the long-term average spectra;
            - ``recall_db``: distance of each frame of the clip to the nearest of the sound: is all of it there?
            - ``precision_db``: distance of each frame of the sound to the nearest of the clip: does all belong?
            - ``modulation_ratio``: spread of band levels over time, sound over clip: below .6 it is just noise;
            - ``ncc_1s``, ``copied_1s``: best correlation of 1 s windows every 0.5 s, and the share above .9;
            - ``copied_quarter``: the share of 0.25 s windows above .95: copies in small pieces;
            - ``verbatim_s``: longest stretch at one constant lag, see `longest_run_s`.
        """
        wave = _centred(wave)
        figures = dict.fromkeys(FIGURES, float("nan"))
        own = profile(wave, self.rate_hz)
        if own is not None and self.profile is not None:
            real = self.profile
            figures["ltas_db"] = float(np.mean(np.abs(own.ltas_db - real.ltas_db)))
            figures["recall_db"] = nearest_db(real.frames_db, own.frames_db)
            figures["precision_db"] = nearest_db(own.frames_db, real.frames_db)
            spread = float(real.modulation_db.mean())
            figures["modulation_ratio"] = float(own.modulation_db.mean()) / spread if spread > 0 else float("nan")
        seconds, quarters, runs = [], [], []
        for part in excerpts(wave, self.rate_hz):
            seconds.append(self._matches(part, 1.0, 0.5))
            quarters.append(self._matches(part, 0.25, 0.25))
            runs.append(longest_run_s(part, self.wave, self.rate_hz))
        ncc_1s, ncc_quarter = np.concatenate(seconds), np.concatenate(quarters)
        figures["ncc_1s"] = _mean(ncc_1s)
        figures["copied_1s"] = _mean(ncc_1s > COPY_1S)
        figures["copied_quarter"] = _mean(ncc_quarter > COPY_QUARTER)
        figures["verbatim_s"] = float(np.max(runs))
        return Analysis(figures, own, ncc_1s, ncc_quarter)

    def _matches(self, wave: np.ndarray, window_s: float, hop_s: float) -> np.ndarray:
        windows = cut_windows(wave, round(window_s * self.rate_hz), round(hop_s * self.rate_hz))
        return best_matches(windows, self.wave)

    @cached_property
    def _halves(self) -> tuple[Analysis, Analysis]:
        middle, most = len(self.wave) // 2, round(_HALF_S * self.rate_hz)
        first, second = self.wave[:middle][:most], self.wave[middle:][:most]
        return Reference(first, self.rate_hz).analyse(second), Reference(second, self.rate_hz).analyse(first)

    @property
    def halves(self) -> dict[str, float]:
        """The figures of each half of the clip against the other, averaged: what real and new music would get."""
        one, other = (analysis.figures for analysis in self._halves)
        return {name: (one[name] + other[name]) / 2 for name in FIGURES}

    @property
    def halves_ncc_1s(self) -> np.ndarray:
        """The correlations of 1 s windows of each half with the other, float32 (windows,)."""
        return np.concatenate([analysis.ncc_1s for analysis in self._halves])


def excerpts(wave: np.ndarray, rate_hz: int) -> list[np.ndarray]:
    """Return the wave itself, or six evenly spread excerpts of 10 s where it is longer than a minute."""
    length = round(EXCERPT_S * rate_hz)
    if len(wave) <= MOST_EXCERPTS * length:
        return [wave]
    starts = np.linspace(0, len(wave) - length, MOST_EXCERPTS).astype(int)
    return [wave[start : start + length] for start in starts]


def pairwise_ncc(waves: Sequence[np.ndarray], rate_hz: int) -> np.ndarray:
    """Return how much draws of different seeds repeat each other.

    Parameters
    ----------
    waves : sequence of float32 arrays (n,)
        Mono samples.
    rate_hz : int

    Returns
    -------
    float64 array (waves, waves)
        Mean best correlation of the 1 s windows of one with the other; symmetric, NaN on the diagonal and where a
        sound is silent or shorter than 1 s.
    """
    length = int(rate_hz)
    centred = [_centred(wave)[: round(MOST_EXCERPTS * EXCERPT_S * rate_hz)] for wave in waves]
    windows = [cut_windows(wave, length, length) for wave in centred]
    matrix = np.full((len(waves), len(waves)), np.nan)
    for i in range(len(waves)):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = _mean(best_matches(windows[i], centred[j]))
    return matrix


def diversity(waves: Sequence[np.ndarray], rate_hz: int) -> dict[str, float]:
    """Return how much draws of different seeds repeat each other.

    Parameters
    ----------
    waves : sequence of float32 arrays (n,)
        Mono samples; 12 of them, evenly spread, and 20 s of each count.
    rate_hz : int

    Returns
    -------
    dict of str to float
        ``pairwise_ncc`` and ``pairwise_max``: mean and maximum of `pairwise_ncc` over all pairs; NaN without pairs.
    """
    chosen = sorted({round(place) for place in np.linspace(0, len(waves) - 1, min(MOST_DRAWS, len(waves)))})
    values = pairwise_ncc([waves[index][: round(DRAW_S * rate_hz)] for index in chosen], rate_hz)
    values = values[np.isfinite(values)]
    return {"pairwise_ncc": _mean(values), "pairwise_max": float(values.max()) if len(values) else float("nan")}


def _centred(wave: np.ndarray) -> np.ndarray:
    wave = np.asarray(wave, np.float32)
    if wave.ndim != 1:
        raise ValueError(f"a mono wave has one dimension, not {wave.ndim}")
    return wave - np.float32(wave.mean(dtype=np.float64)) if len(wave) else wave


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
