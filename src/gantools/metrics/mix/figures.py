"""A mix against a reference mix of the same song: loudness, spectrum, stereo image, dynamics, balance.

All figures are absolute differences in the units of hearing. The paper reports mean absolute percentage errors of
similar features, which explode where a feature is near 0 (a side channel, a peak at 0 dB).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import read_audio
from gantools.audio.loudness import measure_loudness
from gantools.audio.resample import resample
from gantools.audio.truepeak import true_peak
from gantools.chunks.multitrack import WHOLE, Multitrack, StemFile, group_stems
from gantools.errors import GantoolsError, InputError
from gantools.files.partial import Keep, made_anew
from gantools.metrics.mix.balance import balance_differences_db
from gantools.report.clip import Clip

_FFT, _STEREO_FFT = 4096, 2048
_FRAMES = 512  # that are transformed at a time
_GATE_DB = -60.0  # frames so far below the loudest do not count
_ROLL_OFF = 0.85
_SEGMENT_S = 3.0
BANDS_HZ = 1000 * 2.0 ** (np.arange(-15, 13) / 3)  # 31.25 Hz to 16 kHz
STEREO_BANDS_HZ = ((0.0, math.inf), (0.0, 250.0), (250.0, 2500.0), (2500.0, math.inf))
DRAWS = 2000

#: Name of each figure -> what it is, for tables.
FIGURES = {
    "lufs": "integrated loudness, LU",
    "true_peak": "true peak, dB",
    "range": "loudness range, LU",
    "spectrum": "1/3-octave spectrum of the song, dB RMS, loudness matched",
    "spectrum_3s": "the same in segments of 3 s, mean",
    "centroid": "spectral centroid, octaves",
    "roll_off": "85 % roll-off, octaves",
    "stereo": "stereo panning spectrum, RMS in four bands, mean",
    "crest": "crest factor of frames, dB",
    "spread": "dynamic spread, dB",
    "balance": "loudness of the stems in the mix, dB, by segments",
    "balance_song": "the same, averaged over the song first",
}


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
    """Return the absolute differences of two readings, by the names in `FIGURES`."""
    segments = min(len(mix.band_power), len(reference.band_power))
    made, wanted = mix.band_power[:segments], reference.band_power[:segments]
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


def compare_song(mix: Path, reference: Path | None, stems: Mapping[str, Path]) -> dict[str, float]:
    """Return all differences between a mix and its reference.

    Parameters
    ----------
    mix : Path
    reference : Path or None
        None takes the sum of the stems.
    stems : mapping
        Role -> wet stem; without any, the figures of balance are left out.

    Raises
    ------
    InputError
        A file cannot be read, is silent, or there is no reference.
    """
    if reference is None and not stems:
        raise InputError("has no reference mix and no stems", mix)
    made, rate_hz = _stereo_wave(mix)
    parts = [_stereo_wave(path, rate_hz)[0] for path in stems.values()]
    length = max((part.shape[1] for part in parts), default=0)
    wet = [np.pad(part, ((0, 0), (0, length - part.shape[1]))) for part in parts]
    wanted = np.sum(wet, axis=0) if reference is None else _stereo_wave(reference, rate_hz)[0]
    length = min(wave.shape[1] for wave in (made, wanted, *wet))
    made, wanted = made[:, :length], wanted[:, :length]
    result = differences(read_mix(made, rate_hz), read_mix(wanted, rate_hz))
    if wet:
        gains = balance_differences_db(made, wanted, [part[:, :length] for part in wet], rate_hz)
        result["balance"] = float(np.nanmean(np.abs(gains)))
        heard = gains[:, np.isfinite(gains).any(0)]
        means = np.nanmean(heard, axis=0)
        result["balance_song"] = float(np.mean(np.abs(means - means.mean())))
    return result


def _stereo_wave(path: Path, rate_hz: int = 0) -> tuple[np.ndarray, int]:
    wave, own = read_audio(path)
    if len(wave) > 2:
        raise InputError(f"has {len(wave)} channels; give mono or stereo", path)
    if rate_hz:
        wave = resample(wave, own, rate_hz)
    return np.ascontiguousarray(np.repeat(wave, 2, axis=0) if len(wave) == 1 else wave), rate_hz or own


def summarise(songs: Mapping[str, Mapping[str, float]], seed: int = 0) -> dict[str, dict[str, float]]:
    """Return mean, median and a 95 % bootstrap interval of the mean over songs, for each figure that all songs have."""
    random = np.random.default_rng(seed)
    draws = random.integers(len(songs), size=(DRAWS, len(songs)))
    result = {}
    for name in FIGURES:
        if songs and all(name in figures for figures in songs.values()):
            values = np.array([figures[name] for figures in songs.values()])
            low, high = np.percentile(values[draws].mean(1), (2.5, 97.5))
            result[name] = {
                "mean": float(values.mean()),
                "median": float(np.median(values)),
                "low": float(low),
                "high": float(high),
            }
    return result


def pair_with_songs(
    mixes: Sequence[Clip], songs: Sequence[Clip]
) -> list[tuple[str, Path, Path | None, dict[str, Path]]]:
    """Return (song, mix, reference or None, stems) for each mix whose song is known by name.

    Raises
    ------
    InputError
        No mix has its song.
    """
    tracks = group_stems([StemFile(clip.path, clip.role, clip.song, clip.part) for clip in songs])
    references = {track.song: track.mixture for track in tracks if track.mixture}
    stems = {track.song: _each(track) for track in tracks if track.stems}
    known = references.keys() | stems.keys()
    pairs = [(c.song, c.path, references.get(c.song), stems.get(c.song, {})) for c in mixes if c.song in known]
    if not pairs:
        names = ", ".join(sorted(known)[:3])
        raise InputError(f"no mix has the name of a song; the songs are {names} ...")
    return pairs


def _each(track: Multitrack) -> dict[str, Path]:
    """Return a name for each stem file of a song, channels one by one, less what holds the whole song."""
    parts = {role: paths for role, paths in track.stems.items() if role not in WHOLE} or track.stems
    return {f"{role} {number}": path for role, paths in parts.items() for number, path in enumerate(paths, 1)}


def compare_mix(
    pairs: Sequence[tuple[str, Path, Path | None, Mapping[str, Path]]],
    *,
    seed: int = 0,
    failed: Callable[[Path, GantoolsError], None],
    tick: Callable[[], None] = lambda: None,
    keep: Keep = made_anew,
) -> dict[str, Any]:
    """Compare mixes with their references.

    Parameters
    ----------
    pairs : sequence of (song, mix, reference or None, stems)
        See `compare_song`.
    seed : int
        Of the bootstrap.
    failed, tick : callable
        Told each mix that fails; called after each.
    keep : callable
        Given what compares one song; see `gantools.files.partial.Partial.keep`.

    Returns
    -------
    dict
        ``figures`` (see `summarise`), ``songs`` (each figure of each song) and ``n``.
    """
    songs: dict[str, dict[str, float]] = {}
    for song, mix, reference, stems in pairs:
        try:
            others = [path for path in (reference, *stems.values()) if path is not None]
            make = partial(compare_song, mix, reference, stems)
            songs[song] = keep(make, mix, *others, part=" ".join(stems))
        except InputError as error:
            failed(mix, error)
        tick()
    if not songs:
        raise InputError("no mix could be compared with a reference")
    return {"figures": summarise(songs, seed), "songs": songs, "n": len(songs)}
