"""What a set of short clips is like: level, spectra, modulation, how alike the clips are, lines of upsampling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.mel import filter_bank
from gantools.metrics.novelty.mel_profile import FLOOR_DB, mel_params, profile

#: Samples below this are nothing; from that on they are at full scale.
QUIET, FULL_SCALE = 1e-3, 0.99
#: Correlation of two clips, at the best lag, from which they are one and the same.
TWIN_LINE = 0.98
_COMB_N_FFT = 8192
#: Levels of upsampling by 4 whose lines are looked for: the lines then lie 128 bins apart.
_COMB_LEVELS = 3
_COMB_REACH = 24


@dataclass(frozen=True)
class ClipStatistics:
    """Clips of one length, as mono.

    Parameters
    ----------
    waves : float32 array (n, time)
    rate_hz : int
    """

    waves: np.ndarray
    rate_hz: int

    @cached_property
    def level(self) -> float:
        """Root mean square over all clips."""
        return float(np.sqrt(np.mean(np.square(self.waves, dtype=np.float64))))

    @cached_property
    def quiet_share(self) -> float:
        """Share of samples below 0.001 (-60 dB full scale)."""
        return float(np.mean(np.abs(self.waves) < QUIET))

    @cached_property
    def clipped_share(self) -> float:
        """Share of samples from 0.99 on."""
        return float(np.mean(np.abs(self.waves) >= FULL_SCALE))

    @cached_property
    def _profiles(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = [p for p in (profile(wave, self.rate_hz) for wave in self.waves) if p is not None]
        if not found:
            return np.zeros((0, 0, 0)), np.zeros((0, 0)), np.zeros((0, 0))
        frames = np.stack([p.frames_db for p in found])
        return frames, np.stack([p.ltas_db for p in found]), np.stack([p.modulation_db for p in found])

    @property
    def features(self) -> np.ndarray:
        """Long-term spectrum and modulation of each sounding clip in dB, float64 (clips, 128)."""
        _, ltas, modulation = self._profiles
        return np.concatenate([ltas, modulation], axis=1)

    @cached_property
    def modulation_db(self) -> float:
        """How much the level of a band changes over time, mean of clips and bands; NaN for silence."""
        return float(self._profiles[2].mean()) if len(self._profiles[2]) else float("nan")

    @cached_property
    def flatness(self) -> float:
        """Spectral flatness: geometric over arithmetic mean of the power density of mel bands, mean over frames.

        1 for white noise, near 0 for tones. Frames 30 dB below the mean of their clip do not count.
        """
        frames_db = self._profiles[0]
        if not len(frames_db):
            return float("nan")
        # Power over the width of its band is a density, which is equal in all bands for white noise.
        width_db = 10 * np.log10(filter_bank(mel_params(self.rate_hz)).sum(axis=1) + 1e-9)
        power = 10 ** ((frames_db - width_db) / 10)
        mean = power.mean(axis=2)
        sounding = 10 * np.log10((10 ** (frames_db / 10)).mean(axis=2)) > max(-30.0, FLOOR_DB + 6)
        flatness = np.exp(np.log(power).mean(axis=2)) / mean
        return float(flatness[sounding].mean()) if sounding.any() else float("nan")

    @cached_property
    def pairwise_db(self) -> float:
        """Root mean square difference of the log-mel spectra of two clips, mean over all pairs; NaN for one clip."""
        frames = self._profiles[0]
        if len(frames) < 2:
            return float("nan")
        # Centred, so that the differences of squares below lose few digits.
        frames = (frames - frames.mean(axis=0)).reshape(len(frames), -1)
        squares = np.square(frames).sum(axis=1)
        distances = np.maximum(squares[:, None] + squares[None] - 2 * frames @ frames.T, 0.0) / frames.shape[1]
        return float(np.sqrt(distances)[np.triu_indices(len(frames), 1)].mean())

    @property
    def variety(self) -> float:
        """`pairwise_db` over what clips with this modulation and one spectrum have that move independently.

        1 for noise of any colour, near 0 for one clip again and again, above 1 where spectra differ.
        """
        return self.pairwise_db / (2**0.5 * self.modulation_db)

    @cached_property
    def twin_share(self) -> float:
        """Share of pairs of clips that correlate above 0.98 at the best lag; NaN for fewer than two sounding clips."""
        norms = np.linalg.norm(self.waves, axis=1)
        waves = self.waves[norms > 0] / norms[norms > 0, None]
        if len(waves) < 2:
            return float("nan")
        # Twice the length, so that no lag wraps round.
        size = fft.next_fast_len(2 * waves.shape[1], real=True)
        spectra = fft.rfft(waves, size, axis=1)
        # Parseval over half a spectrum: all bins but DC and the Nyquist frequency stand for two.
        weight = np.full(spectra.shape[1], 2.0 / size)
        weight[0] = 1.0 / size
        if size % 2 == 0:
            weight[-1] = 1.0 / size
        magnitudes = np.abs(spectra) * np.sqrt(weight).astype(np.float32)
        # No lag correlates better than the magnitudes do, so that few pairs need the correlation itself.
        rows, columns = np.nonzero(np.triu(magnitudes @ magnitudes.T > TWIN_LINE, 1))
        twins = 0
        for row, column in zip(rows, columns, strict=True):
            correlation = fft.irfft(spectra[row] * np.conj(spectra[column]), size)
            twins += bool(np.abs(correlation).max() > TWIN_LINE)
        return twins / (len(waves) * (len(waves) - 1) / 2)

    @cached_property
    def comb_lines_db(self) -> np.ndarray:
        """How far each line of an upsampling comb stands out, in dB: float64 (31,), empty for clips too short for it.

        The lines are the multiples of a 64th of the rate, where layers that upsample by 4 leave a tone that does not
        depend on the latent. A line counts where it is the peak of its surroundings, against their median; the median
        over clips leaves out notes that happen to have that pitch.
        """
        n_fft = min(_COMB_N_FFT, 1 << (self.waves.shape[1].bit_length() - 1))
        spacing = n_fft // 4**_COMB_LEVELS
        # The surroundings of a line must not reach to the next one.
        if spacing <= 2 * _COMB_REACH:
            return np.zeros(0)
        frames = sliding_window_view(self.waves, n_fft, axis=1)[:, :: n_fft // 2]
        window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
        power = np.zeros((len(frames), n_fft // 2 + 1))
        for clip, rows in enumerate(frames):
            power[clip] = np.square(np.abs(fft.rfft(rows * window, axis=1))).mean(axis=0)
        level_db = 10 * np.log10(power + 1e-20)
        lines = np.arange(spacing, n_fft // 2, spacing)
        around = level_db[:, lines[:, None] + np.arange(-_COMB_REACH, _COMB_REACH + 1)]
        peak = around[..., _COMB_REACH] >= around.max(axis=2)
        excess = around[..., _COMB_REACH] - np.median(around, axis=2)
        return np.median(np.where(peak, excess, 0.0), axis=0)
