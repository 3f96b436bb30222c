"""What is looked at beside the figures: the clip's waveform and spectrum, and those of one generated file.

The spectrum is linear in frequency and goes to the Nyquist frequency of each of the two, so that it shows where a model
ends: one of 16 kHz gives a clip of 44.1 kHz back up to 8 kHz.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_COLUMNS = 400
_BANDS = 240
_N_FFT = 4096
_FLOOR_DB = -120.0


def outline(wave: np.ndarray, rate_hz: int) -> dict[str, Any]:
    """Return the waveform (n,) of an RMS of 1 as columns: ``low`` and ``high`` of each, and the ``seconds`` of all."""
    level = float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) or 1.0
    edges = np.linspace(0, len(wave), min(_COLUMNS, len(wave)) + 1).astype(int)[:-1]
    low, high = (reduce.reduceat(wave.astype(np.float64), edges) / level for reduce in (np.minimum, np.maximum))
    return {"seconds": round(len(wave) / rate_hz, 3), "low": low.round(3).tolist(), "high": high.round(3).tolist()}


def spectrum(wave: np.ndarray, rate_hz: int, highest_hz: int) -> dict[str, Any]:
    """Return the mean power of a sound (n,) in bands of equal width up to its Nyquist frequency, in dB of the loudest.

    Hann windows of 4096 samples that overlap by half; ``hz`` are the middles of the bands. These are as wide as those
    of a sound of the rate `highest_hz`, the higher one of two that are compared.
    """
    centred = wave - wave.mean(dtype=np.float64)
    padded = np.pad(centred, (0, max(0, _N_FFT - len(wave))))
    window = np.hanning(_N_FFT + 1)[:-1]
    power = np.zeros(_N_FFT // 2 + 1)
    for start in range(0, len(padded) - _N_FFT + 1, _N_FFT // 2):
        power += np.square(np.abs(np.fft.rfft(window * padded[start : start + _N_FFT])))
    count = max(1, round(_BANDS * rate_hz / highest_hz))
    edges = np.linspace(0, len(power), count + 1).astype(int)
    bands = np.add.reduceat(power, edges[:-1]) / np.diff(edges)
    hz = (edges[:-1] + edges[1:] - 1) / 2 * rate_hz / _N_FFT
    decibels = 10 * np.log10(np.maximum(bands / max(bands.max(), 1e-300), 10 ** (_FLOOR_DB / 10)))
    return {"hz": hz.round(1).tolist(), "db": decibels.round(2).tolist()}
