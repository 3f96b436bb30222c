"""Mel-spectrograms in dB: the filter bank, and one pass over a wave of any length in constant memory.

Everything here is numpy and scipy.fft in float32. On one core that is as fast as torch.stft, and worker processes
start without loading torch.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.config import AMIN, MelParams
from gantools.errors import InputError

__all__ = ["MelParams", "MelStream", "filter_bank", "hann_window", "hz_to_mel", "mel_db", "mel_to_hz"]

#: Frames per FFT call: windowed frames, spectrum and power of one call stay in the cache.
_BLOCK_FRAMES = 128
#: Bands per matrix product, see `diagonal_blocks`.
_BLOCK_BANDS = 16


def hz_to_mel(hz: np.ndarray | float, scale: str = "htk") -> np.ndarray:
    """Convert Hz to mel.

    Parameters
    ----------
    hz : array or float
        Frequencies, at least 0.
    scale : str
        ``htk``: 2595 log10(1 + f / 700), the formula of the HTK Book (the paper prints it without the 700).
        ``slaney``: Slaney, "Auditory Toolbox" (1998): 3 mel per 200 Hz up to 1 kHz, then 27 mel per factor 6.4.

    Returns
    -------
    float64 array
    """
    hz = np.asarray(hz, np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    return np.where(hz < 1000.0, hz * 3 / 200, 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4))


def mel_to_hz(mel: np.ndarray | float, scale: str = "htk") -> np.ndarray:
    """Convert mel to Hz; the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, np.float64)
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return np.where(mel < 15.0, mel * 200 / 3, 1000.0 * 6.4 ** ((np.maximum(mel, 15.0) - 15.0) / 27.0))


def filter_bank(params: MelParams) -> np.ndarray:
    """Return the triangular mel filters.

    Band m rises from edge m to edge m + 1 and falls to edge m + 2, the n_mels + 2 edges being equally spaced in mel
    from `fmin_hz` to `fmax_hz`. With norm ``slaney`` each is divided by half its width in Hz.

    Parameters
    ----------
    params : MelParams
        Number and range of the bands, scale and norm.

    Returns
    -------
    float32 array (n_mels, n_fft // 2 + 1)
        Equal to ``librosa.filters.mel(htk=True, norm=None)`` within 1e-6; torchaudio's bank, which is made in single
        precision, differs by up to 3e-5 (256 bands, FFT 2048, 22050 Hz).
    """
    bins_hz = np.linspace(0.0, params.sample_rate_hz / 2, params.n_fft // 2 + 1)
    lowest, highest = hz_to_mel(np.array([params.fmin_hz, params.top_hz]), params.mel_scale)
    edges_hz = mel_to_hz(np.linspace(lowest, highest, params.n_mels + 2), params.mel_scale)
    left, centre, right = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    bank = np.maximum(0.0, np.minimum((bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre)))
    if params.norm == "slaney":
        bank *= 2.0 / (right - left)
    return bank.astype(np.float32)


def hann_window(n_fft: int) -> np.ndarray:
    """Return the periodic Hann window, float32 (n_fft,)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


@lru_cache(maxsize=8)
def diagonal_blocks(params: MelParams) -> tuple[tuple[slice, slice, np.ndarray], ...]:
    """Cut the bank into dense blocks on its diagonal: (bands, bins, weights (bins, bands)).

    A bank of 256 bands has 2 weights per bin, 0.8 % of the matrix. A few small products skip nearly all the zeros and
    need no sparse library; they are also too small for BLAS to start threads, which cost more than they give here.
    """
    bank = filter_bank(params)
    blocks = []
    for first in range(0, params.n_mels, _BLOCK_BANDS):
        rows = bank[first : first + _BLOCK_BANDS]
        used = np.flatnonzero(rows.any(axis=0))
        # A band narrower than a bin can be empty: it keeps one bin of weight 0.
        bins = slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 1)
        blocks.append((slice(first, first + len(rows)), bins, np.ascontiguousarray(rows[:, bins].T)))
    return tuple(blocks)


class MelStream:
    """Mel-spectrogram of a wave that arrives in blocks.

    The frames from `push` and `finish`, one after the other, are those of `mel_db` of the whole wave. Memory is that
    of one block.

    Parameters
    ----------
    params : MelParams

    Raises
    ------
    InputError
        In `finish`, for a wave of at most n_fft / 2 samples: it is too short to be reflected at its ends.
    """

    def __init__(self, params: MelParams) -> None:
        self.params = params
        self.n_samples = 0
        self._pad = params.n_fft // 2
        self._window = hann_window(params.n_fft)
        self._blocks = diagonal_blocks(params)
        self._held = np.zeros(0, np.float32)  # samples not yet done with; begins with the reflection once that exists
        self._next = 0  # where in `_held` the next frame begins
        self._reflected = False

    def push(self, block: np.ndarray) -> np.ndarray:
        """Take float32 samples (n,) and return the frames that they complete, float32 dB (k, n_mels)."""
        if block.ndim != 1:
            raise ValueError(f"a wave has one dimension, not {block.ndim}")
        self.n_samples += len(block)
        parts = [self._held, np.asarray(block, np.float32)]
        if not self._reflected:
            self._held = np.concatenate(parts)
            # The reflection needs pad samples behind the first one; until then no frame is complete.
            if len(self._held) <= self._pad:
                return np.zeros((0, self.params.n_mels), np.float32)
            parts = [self._held[self._pad : 0 : -1], self._held]
            self._reflected = True
        self._held = np.concatenate(parts)
        frames = self._complete_frames()
        # The end must be reflected too, whenever it comes: that takes the last pad + 1 samples.
        drop = min(self._next, len(self._held) - self._pad - 1)
        self._held = self._held[drop:].copy()
        self._next -= drop
        return frames

    def finish(self) -> np.ndarray:
        """Return the last frames, float32 dB (k, n_mels); there are 1 + n_samples // hop_samples in all."""
        if not self._reflected:
            needed = self._pad + 1
            raise InputError(
                f"too short: {self.n_samples} samples at {self.params.sample_rate_hz} Hz, a mel-spectrogram with "
                f"n_fft {self.params.n_fft} needs {needed}; use a longer sound or a smaller n_fft"
            )
        # The image begins beside the last sample, which stands once.
        self._held = np.concatenate([self._held, self._held[-2 : -self._pad - 2 : -1]])
        return self._complete_frames()

    def _complete_frames(self) -> np.ndarray:
        n_fft, hop = self.params.n_fft, self.params.hop_samples
        count = max(0, (len(self._held) - self._next - n_fft) // hop + 1)
        if not count:
            return np.empty((0, self.params.n_mels), np.float32)
        first, self._next = self._next, self._next + count * hop
        return self._levels(self._held[first : first + (count - 1) * hop + n_fft], count)

    def _levels(self, samples: np.ndarray, count: int) -> np.ndarray:
        """Return the levels of the `count` frames that these samples hold exactly, float32 dB (count, n_mels)."""
        mel = np.empty((count, self.params.n_mels), np.float32)
        windows = sliding_window_view(samples, self.params.n_fft)[:: self.params.hop_samples]
        for first in range(0, count, _BLOCK_FRAMES):
            self._transform(windows[first : first + _BLOCK_FRAMES], mel[first : first + _BLOCK_FRAMES])
        np.maximum(mel, np.float32(AMIN), out=mel)
        np.log10(mel, out=mel)
        mel *= np.float32(10)
        return mel

    def _transform(self, windows: np.ndarray, mel: np.ndarray) -> None:
        spectrum = fft.rfft(windows * self._window, axis=1)
        # abs() would take a root only for it to be squared again.
        power = spectrum.real * spectrum.real
        power += spectrum.imag * spectrum.imag
        for bands, bins, weights in self._blocks:
            np.matmul(power[:, bins], weights, out=mel[:, bands])


def mel_db(wave: np.ndarray, params: MelParams) -> np.ndarray:
    """Return the mel-spectrogram of a wave in dB.

    10 log10 max(F |STFT|^2, 1e-10) with a periodic Hann window and frames centred by reflection. A full-scale sine
    reaches about +54 dB with the default parameters. Single precision: within 60 dB of the loudest value the error is
    below 0.001 dB, within 100 dB below 0.02 dB (measured on music).

    Parameters
    ----------
    wave : float32 array (n,)
        Samples at ``params.sample_rate_hz``, full scale 1, more than n_fft / 2 of them.
    params : MelParams
        How to analyse it.

    Returns
    -------
    float32 array (1 + n // hop_samples, n_mels)

    Raises
    ------
    InputError
        The wave is too short to be reflected at its ends.
    """
    stream = MelStream(params)
    return np.concatenate([stream.push(wave), stream.finish()])
