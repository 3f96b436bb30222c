"""A mix against a reference mix of the same song: loudness, spectrum, stereo image, dynamics, balance.

All figures are absolute differences in the units of hearing. The authors report mean absolute percentage errors of
similar features, which explode where a feature is near 0 (a side channel, a peak at 0 dB).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gantools.audio.loudness import measure_loudness
from gantools.audio.truepeak import true_peak
from gantools.errors import InputError

_FFT, _STEREO_FFT = 4096, 2048
_FRAMES = 512  # that are transformed at a time
_GATE_DB = -60.0  # frames so far below the loudest do not count
_ROLL_OFF = 0.85
_SEGMENT_S = 3.0
BANDS_HZ = 1000 * 2.0 ** (np.arange(-15, 13) / 3)  # 31.25 Hz to 16 kHz
STEREO_BANDS_HZ = ((0.0, math.inf), (0.0, 250.0), (250.0, 2500.0), (2500.0, math.inf))


@dataclass(frozen=True)
class MixReading:
    """Features of one mix.

    Attributes
    ----------
    lufs, true_peak_db, range_lu, crest_db, spread_db : float
    centroid_octaves, roll_off_octaves : float
        Mean over the frames that sound, log2 of Hz.
    band_power : array (segments, bands)
        Mean power in 1/3 octaves at 0 LUFS, per 3 s.
    stereo : tuple of float
        RMS of the similarity 2 |L| |R| / (|L|^2 + |R|^2) in `STEREO_BANDS_HZ`; 1 is the centre.
    """

    lufs: float
    true_peak_db: float
    range_lu: float
    crest_db: float
    spread_db: float
    centroid_octaves: float
    roll_off_octaves: float
    band_power: np.ndarray
    stereo: tuple[float, ...]


def read_mix(wave: np.ndarray, rate_hz: int) -> MixReading:
    """Measure a mix, float32 (2, n).

    Raises
    ------
    InputError
        It is silent or shorter than 3 s.
    """
    loudness = measure_loudness(wave, rate_hz)
    lufs = loudness.integrated_lufs()
    if not math.isfinite(lufs) or wave.shape[1] < _SEGMENT_S * rate_hz:
        raise InputError("is silent or shorter than 3 s; give whole mixes")
    shape = _spectral_shape(wave, rate_hz)
    return MixReading(
        lufs,
        20 * math.log10(true_peak(wave, rate_hz)),
        loudness.range_lu(),
        *_dynamics(wave),
        shape[0],
        shape[1],
        shape[2] * 10 ** (-lufs / 10),
        _stereo(wave, rate_hz),
    )


def _windows(wave: np.ndarray, size: int) -> np.ndarray:
    """Return views (channels, frames, size) that overlap by half."""
    return np.lib.stride_tricks.sliding_window_view(wave, size, axis=1)[:, :: size // 2]


def _dynamics(wave: np.ndarray) -> tuple[float, float]:
    """Return the mean crest factor of frames, and how far their level lies from its mean on average, both in dB."""
    frames = _windows(wave, _STEREO_FFT)
    rms = np.sqrt(np.einsum("cfn,cfn->f", frames, frames, dtype=np.float64) / (len(wave) * _STEREO_FFT))
    kept = rms > rms.max() * 10 ** (_GATE_DB / 20)
    # From both extremes, as `np.abs` would copy all frames, which are only views.
    peak = np.maximum(frames.max(axis=(0, 2)), -frames.min(axis=(0, 2)))[kept]
    level = 20 * np.log10(rms[kept])
    return float(np.mean(20 * np.log10(peak) - level)), float(np.mean(np.abs(level - level.mean())))


def _spectral_shape(wave: np.ndarray, rate_hz: int) -> tuple[float, float, np.ndarray]:
    """Return mean log2 centroid, mean log2 roll-off, and power in bands per segment."""
    frequencies = np.fft.rfftfreq(_FFT, 1 / rate_hz)
    edges = np.searchsorted(frequencies, np.append(BANDS_HZ, BANDS_HZ[-1] * 2 ** (1 / 3)) * 2 ** (-1 / 6))
    window = np.hanning(_FFT + 1)[:-1].astype(np.float32)
    frames = _windows(wave, _FFT)
    totals, centroids, rolls, bands = [], [], [], []
    for start in range(0, frames.shape[1], _FRAMES):
        power = np.square(np.abs(np.fft.rfft(frames[:, start : start + _FRAMES] * window))).sum(0)
        running = np.cumsum(power, axis=1)
        total = running[:, -1]
        totals.append(total)
        centroids.append((power @ frequencies) / np.maximum(total, 1e-20))
        rolls.append(frequencies[np.argmax(running >= _ROLL_OFF * total[:, None], axis=1)])
        # The power of a band is the difference of the running sum at its edges.
        sums = np.concatenate([np.zeros((len(power), 1)), running], axis=1)[:, edges]
        bands.append(np.diff(sums, axis=1))
    total = np.concatenate(totals)
    kept = total > total.max() * 10 ** (_GATE_DB / 10)
    octaves = [float(np.log2(np.maximum(np.concatenate(x)[kept], 1.0)).mean()) for x in (centroids, rolls)]
    per_segment = round(_SEGMENT_S * rate_hz / (_FFT // 2))
    power = np.concatenate(bands)
    whole = len(power) // per_segment or 1
    segments = np.array([part.mean(0) for part in np.array_split(power[: whole * per_segment], whole)])
    return octaves[0], octaves[1], segments


def _stereo(wave: np.ndarray, rate_hz: int) -> tuple[float, ...]:
    frequencies = np.fft.rfftfreq(_STEREO_FFT, 1 / rate_hz)
    window = np.sqrt(np.hanning(_STEREO_FFT + 1)[:-1]).astype(np.float32)
    frames = _windows(wave, _STEREO_FFT)
    power = np.einsum("cfn,cfn->f", frames, frames, dtype=np.float64)
    kept = np.flatnonzero(power > power.max() * 10 ** (_GATE_DB / 10))
    total = np.zeros(len(frequencies))
    for start in range(0, len(kept), _FRAMES):
        left, right = np.abs(np.fft.rfft(frames[:, kept[start : start + _FRAMES]] * window)) + 1e-10
        total += np.square(2 * left * right / (left**2 + right**2)).sum(0)
    mean = total / len(kept)
    return tuple(float(np.sqrt(mean[(frequencies >= a) & (frequencies < b)].mean())) for a, b in STEREO_BANDS_HZ)


def differences(mix: MixReading, reference: MixReading) -> dict[str, float]:
    """Return the absolute differences of two readings, by the names in `gantools.metrics.mix.comparison.FIGURES`."""
    segments = min(len(mix.band_power), len(reference.band_power))
    made, wanted = mix.band_power[:segments], reference.band_power[:segments]
    # Segments 50 dB below the loudest are no music, and a floor at -80 dB keeps empty bands from outweighing all
    # others.
    loud = wanted.sum(1) > wanted.sum(1).max() * 1e-5
    floor = wanted.sum(1).max() * 1e-8
    parts = 10 * np.log10((made + floor) / (wanted + floor))[loud]
    song = 10 * np.log10((made.mean(0) + floor) / (wanted.mean(0) + floor))
    return {
        "lufs": abs(mix.lufs - reference.lufs),
        "true_peak": abs(mix.true_peak_db - reference.true_peak_db),
        "range": abs(mix.range_lu - reference.range_lu),
        "spectrum": float(np.sqrt(np.mean(song**2))),
        "spectrum_3s": float(np.sqrt(np.mean(parts**2, axis=1)).mean()),
        "centroid": abs(mix.centroid_octaves - reference.centroid_octaves),
        "roll_off": abs(mix.roll_off_octaves - reference.roll_off_octaves),
        "stereo": float(np.mean([abs(a - b) for a, b in zip(mix.stereo, reference.stereo, strict=True)])),
        "crest": abs(mix.crest_db - reference.crest_db),
        "spread": abs(mix.spread_db - reference.spread_db),
    }
