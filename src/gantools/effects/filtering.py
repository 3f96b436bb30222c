"""Long FIR filters by overlap-save, in chunks."""

from __future__ import annotations

import numpy as np
from scipy import fft

#: So many transforms at once are computed in the lanes of one vector register.
_TRANSFORMS = 4


def convolve_into(wave: np.ndarray, taps: np.ndarray, delay_samples: int, out: np.ndarray) -> None:
    """Filter `wave` and take back a delay; the length is kept, beyond both ends is silence.

    Parameters
    ----------
    wave : array (channels, n) of float32
    taps : array (k,)
        Impulse response.
    delay_samples : int
        0 <= delay < k: out[n] is sample n + delay of the full convolution. (k - 1) / 2 makes symmetric taps zero-phase.
    out : array (channels, n) of float32
        May be `wave` itself. Both may be memory maps: they are read and written once, in order.
    """
    channels, n_samples = wave.shape
    history = len(taps) - 1
    # At least four times the history, so that less than a quarter of each transform is overlap, computed twice.
    n_fft = 1 << max(12, (4 * history).bit_length())
    step = n_fft - history
    blocks = max(1, _TRANSFORMS // channels)
    # Rolled back by the delay, the response of symmetric taps is real, and a product with it costs half as much.
    response = fft.rfft(np.roll(np.pad(np.asarray(taps, np.float64), (0, n_fft - len(taps))), -delay_samples))
    symmetric = 2 * delay_samples == history and np.array_equal(taps, taps[::-1])
    response = response.real.astype(np.float32) if symmetric else response.astype(np.complex64)
    # Overlap-save: what lies before this sample is spoilt by the wrap-around of the circular convolution.
    first = history - delay_samples
    segment = np.zeros((channels, history + blocks * step), np.float32)
    _read(wave, delay_samples - history, segment[:, :history])
    for start in range(0, n_samples, blocks * step):
        _read(wave, start + delay_samples, segment[:, history:])
        used = min(blocks, -(-(n_samples - start) // step))
        frames = np.stack([segment[:, b * step : b * step + n_fft] for b in range(used)])
        spectra = fft.rfft(frames, workers=1)
        spectra *= response
        filtered = fft.irfft(spectra, n_fft, workers=1, overwrite_x=True)
        for b in range(used):
            begin = start + b * step
            size = min(step, n_samples - begin)
            out[:, begin : begin + size] = filtered[b, :, first : first + size]
        # Kept from the input, as `out` may be the same array and these samples overwritten in it.
        segment[:, :history] = segment[:, blocks * step :].copy()


def _read(wave: np.ndarray, start: int, into: np.ndarray) -> None:
    """Copy samples from `start` on, with silence outside the sound."""
    stop = start + into.shape[1]
    low, high = min(max(start, 0), wave.shape[1]), max(min(stop, wave.shape[1]), 0)
    into[:] = 0
    if high > low:
        into[:, low - start : high - start] = wave[:, low:high]
