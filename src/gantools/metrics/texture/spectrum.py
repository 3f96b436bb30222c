"""The spectra that all measures read, and the rises of their bands."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.mel import hann_window

#: All sound is brought to this rate: what a file of a higher rate holds above 8 kHz counts for nothing.
RATE_HZ = 22050
#: Windows of 46 ms every 5 ms. A peak of noise is gone after 30 ms in them; in windows of 93 ms it stays for 70 ms and
#: more, as short notes do.
N_FFT, HOP = 1024, 110
FRAME_HZ = RATE_HZ / HOP
LOWEST_HZ, HIGHEST_HZ = 50.0, 8000.0
#: What lies so far below the loudest place counts as silence.
RANGE_DB = 60.0
_RISE_FRAMES = 2
_BLOCK_FRAMES = 128


def power_spectra(wave: np.ndarray, n_fft: int = N_FFT, hop: int = HOP) -> np.ndarray:
    """Return the power of each bin up to 8 kHz, float32 (frames, bins), frames centred on multiples of `hop`.

    Parameters
    ----------
    wave : float32 array (n,)
        At 22,050 Hz, longer than half a window.
    n_fft, hop : int
    """
    padded = np.pad(wave, n_fft // 2, mode="reflect")
    frames, window = sliding_window_view(padded, n_fft)[::hop], hann_window(n_fft)
    power = np.empty((len(frames), int(HIGHEST_HZ * n_fft / RATE_HZ) + 2), np.float32)
    for first in range(0, len(frames), _BLOCK_FRAMES):
        spectra = fft.rfft(frames[first : first + _BLOCK_FRAMES] * window, axis=1)[:, : power.shape[1]]
        power[first : first + _BLOCK_FRAMES] = spectra.real**2 + spectra.imag**2
    return power


def band_power(power: np.ndarray, n_fft: int = N_FFT) -> np.ndarray:
    """Return the power in third octaves from 50 Hz to 8 kHz, float64 (frames, bands); none is narrower than a bin."""
    octaves = np.arange(0, np.log2(HIGHEST_HZ / LOWEST_HZ), 1 / 3)
    edges = np.unique(np.ceil(LOWEST_HZ * 2**octaves * n_fft / RATE_HZ).astype(np.int64))
    return np.add.reduceat(power, edges, axis=1, dtype=np.float64)


def levels_db(bands: np.ndarray) -> np.ndarray:
    """Return power in dB, no lower than 60 dB below its largest value."""
    floor = max(float(bands.max(initial=0.0)) * 10 ** (-RANGE_DB / 10), 1e-30)
    return np.asarray(10 * np.log10(np.maximum(bands, floor)))


def band_rises(power: np.ndarray) -> np.ndarray:
    """Return by how many dB each third octave rises in 10 ms, float64 (frames, bands); falls are 0.

    Over 20 or 30 ms noise rises more beside music than over 10. Frames 10 ms apart would see a stroke between two of
    them less than one upon a frame, and equal bars would differ. Of third, sixth and twelfth parts of an octave, single
    bins and mel bands, the first told real music from noise of its envelopes best.
    """
    levels = levels_db(band_power(power))
    rises = np.zeros_like(levels)
    rises[_RISE_FRAMES:] = np.maximum(levels[_RISE_FRAMES:] - levels[:-_RISE_FRAMES], 0.0)
    return rises
