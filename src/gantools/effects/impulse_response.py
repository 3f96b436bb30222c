"""Impulse responses of rooms: synthesised from a reverberation time, or read from recordings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import fft

from gantools.audio.io import read_audio
from gantools.audio.loudness import k_weighting, measure_loudness
from gantools.audio.resample import resample
from gantools.errors import InputError

_SUFFIXES = (".wav", ".flac", ".ogg", ".aif", ".aiff")
_LOWEST_BAND_HZ, _BANDS = 63.0, 9
#: Levels between which the decay is read, extrapolated to 60 dB (T30 of ISO 3382).
_DECAY_DB = (-5.0, -35.0)


def band_decay_seconds(rt60_s: float, hz: np.ndarray | float) -> np.ndarray:
    """Reverberation time at a frequency of a synthesised room: `rt60_s` up to 1 kHz, then down to 60 % of it."""
    return rt60_s * (0.6 + 0.4 * np.minimum(1.0, 1000.0 / np.asarray(hz, np.float64)))


def synthetic_response(rt60_s: float, rate_hz: int, seed: int, channels: int = 2) -> np.ndarray:
    """Return the impulse response of a room that does not exist.

    Independent Gaussian noises in the octave bands 63 Hz to 16 kHz, each decaying by 60 dB in its own time.

    Parameters
    ----------
    rt60_s : float
        Seconds in which frequencies up to 1 kHz decay by 60 dB.
    rate_hz, seed, channels : int

    Returns
    -------
    array (channels, n) of float32
        Prepared by `prepared_response`; n is about rt60_s * rate_hz.
    """
    n_samples = max(16, round(rt60_s * rate_hz))
    n_fft = fft.next_fast_len(n_samples, real=True)
    spectra = fft.rfft(np.random.default_rng(seed).standard_normal((channels, n_fft)).astype(np.float32), workers=1)
    hz = np.arange(spectra.shape[1]) * rate_hz / n_fft
    # Octave number of each frequency, everything below the lowest and above the highest band belonging to it.
    band = np.clip(np.round(np.log2(np.maximum(hz, 1.0) / _LOWEST_BAND_HZ)), 0, _BANDS - 1).astype(int)
    time = np.arange(n_samples, dtype=np.float32) / np.float32(rate_hz)
    response = np.zeros((channels, n_samples), np.float32)
    for number in range(band.max() + 1):
        decay = float(band_decay_seconds(rt60_s, _LOWEST_BAND_HZ * 2.0**number))
        noise = fft.irfft(np.where(band == number, spectra, np.complex64(0)), n_fft, workers=1)[:, :n_samples]
        # Over the time `decay` the exponential falls to exp(-3 ln 10) = 1e-3, which is -60 dB.
        response += noise * np.exp(time * np.float32(-3 * np.log(10) / decay))
    return prepared_response(response, rate_hz)


def prepared_response(response: np.ndarray, rate_hz: int) -> np.ndarray:
    """Begin a response (channels, n) at its largest sample, so that it does not delay, and give it unit K-energy.

    The energy is the sum of the squares of the K-weighted samples (BS.1770), the mean over the channels.
    """
    start = int(np.argmax(np.abs(response).max(axis=0)))
    cut = np.ascontiguousarray(response[:, start:], np.float32)
    energy = k_energy(cut, rate_hz) / len(cut)
    if not energy > 0:
        raise InputError("is silent; it cannot serve as impulse response")
    return np.asarray(cut / np.float32(np.sqrt(energy)))


def k_energy(wave: np.ndarray, rate_hz: int) -> float:
    """Sum of squares of the K-weighted samples of all channels of a short sound (channels, n)."""
    from scipy.signal import sosfilt  # only reverberation filters so, and loading it takes a second

    sections = k_weighting(rate_hz)
    # SciPy's form of a section is b0 b1 b2 1 a1 a2; `k_weighting` leaves the 1 out.
    cascade = np.column_stack([sections[:, :3], np.ones(2), sections[:, 3:]])
    return float(np.square(sosfilt(cascade, wave.astype(np.float64))).sum())


def streamed_k_energy(wave: np.ndarray, rate_hz: int) -> float:
    """Sum of squares of the K-weighted samples of all channels of a sound (1 or 2, n) of any length."""
    loudness = measure_loudness(wave, rate_hz)
    return float(loudness.hop_energy.sum() + loudness.tail_energy.sum())


def decay_seconds(response: np.ndarray, rate_hz: int) -> float:
    """Return the reverberation time T30 of a response (n,): the decay from -5 to -35 dB, extrapolated to 60 dB.

    The decay is read from the energy that is still to come (Schroeder 1965). NaN where it does not fall so far.
    """
    energy = np.cumsum(np.square(response.astype(np.float64))[::-1])[::-1]
    level = 10 * np.log10(np.maximum(energy / max(energy[0], 1e-300), 1e-12))
    first, last = (int(np.argmax(level <= db)) for db in _DECAY_DB)
    # A level that is never reached has index 0 (argmax of nothing true).
    if last <= first:
        return float("nan")
    slope = np.polyfit(np.arange(first, last) / rate_hz, level[first:last], 1)[0] if last - first > 1 else -np.inf
    return float(-60 / slope)


@lru_cache(maxsize=8)
def response_files(folder: Path) -> tuple[Path, ...]:
    """Return the recordings of impulse responses in a folder and those below, sorted.

    Raises
    ------
    InputError
        There are none.
    """
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES))
    if not found:
        raise InputError(f"no impulse responses; looked for {', '.join(_SUFFIXES)}", folder)
    return found


@lru_cache(maxsize=16)
def read_response(path: Path, rate_hz: int) -> np.ndarray:
    """Return a recorded response (1 or 2, n) at a sample rate, prepared by `prepared_response`; not to be changed.

    Raises
    ------
    InputError
        Unreadable, silent, or more than two channels.
    """
    wave, own_rate_hz = read_audio(path)
    if len(wave) > 2:
        raise InputError(f"has {len(wave)} channels; impulse responses are mono or stereo", path)
    wave = resample(wave, own_rate_hz, rate_hz)
    try:
        return prepared_response(np.atleast_2d(wave), rate_hz)
    except InputError as error:
        raise InputError(error.message, path) from None
