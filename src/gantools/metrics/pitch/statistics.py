"""Pitch statistics of sets of sounds: where the pitch lies, how far it spreads, and how much is pitched at all.

Two sets of statistics. Over voiced frames, in octaves: what a listener would call register and range. And over all
frames, ungated, in log10 Hz, as the evaluation script of the paper on clips of electronic music has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.io import load_mono
from gantools.audio.mel import hann_window
from gantools.errors import GantoolsError, InputError
from gantools.files.partial import Keep, made_anew
from gantools.metrics.config import PitchConfig
from gantools.metrics.pitch.crepe import RATE_HZ, WINDOW_SAMPLES, Crepe
from gantools.metrics.pitch.yin import track_yin
from gantools.report.clip import Clip

#: (wave at 16 kHz, hop in samples) -> (hz, periodicity) of each frame.
Tracker = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]
Failed = Callable[[Path, GantoolsError], None]

#: The lowest and highest pitch that CREPE can say.
LOWEST_HZ, HIGHEST_HZ = 31.7, 2005.5
#: Frames this far below the loudest frame of a sound have no spectral centroid worth averaging.
_CENTROID_RANGE_DB = 60.0
_BLOCK_FRAMES = 512
_MOST_VALUES = 2000

PAPER_NOTE = (
    "The paper's table (mean / standard deviation in Hz: baseline 66.21 / 755.4, improved 8264 / 4410, style 5899 / "
    "6347, transformer 6932 / 4309) cannot be CREPE hertz. CREPE's 360 pitches span 31.7 to 2005.5 Hz, so no mean can "
    "be 5899 or more, and 8264 Hz is above half of its 16 kHz rate. A mean of 66.21 Hz in that range allows a standard "
    "deviation of at most 258.7 Hz (Bhatia and Davis: the root of (2005.5 - 66.21)(66.21 - 31.7)), not 755.4."
)


@dataclass(frozen=True)
class PitchTrack:
    """What was measured of one sound, frame by frame.

    Attributes
    ----------
    hz, periodicity : float64 arrays (frames,)
    centroid_hz : float64 array (frames that sound,)
        Spectral centroid.
    """

    hz: np.ndarray
    periodicity: np.ndarray
    centroid_hz: np.ndarray


def spectral_centroid_hz(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the power-weighted mean frequency of frames of 1024 samples every 256, where they sound; (frames,)."""
    windows = sliding_window_view(wave.astype(np.float32), WINDOW_SAMPLES)[:: WINDOW_SAMPLES // 4]
    bins_hz = np.linspace(0.0, rate_hz / 2, WINDOW_SAMPLES // 2 + 1)
    totals, sums = [], []
    for first in range(0, len(windows), _BLOCK_FRAMES):
        spectrum = fft.rfft(windows[first : first + _BLOCK_FRAMES] * hann_window(WINDOW_SAMPLES), axis=1)
        power = np.square(np.abs(spectrum), dtype=np.float64)
        totals.append(power.sum(axis=1))
        sums.append(power @ bins_hz)
    total, weighted = np.concatenate(totals), np.concatenate(sums)
    sounds = total > max(float(total.max()) * 10 ** (-_CENTROID_RANGE_DB / 10), 1e-20)
    return weighted[sounds] / total[sounds]


def open_tracker(config: PitchConfig, device: torch.device | str) -> Tracker:
    """Return the tracker that a configuration names."""
    return track_yin if config.tracker == "yin" else Crepe(config.model, device).track


def statistics(tracks: Sequence[PitchTrack], voiced: float) -> dict[str, float]:
    """Return the statistics of the frames of all tracks together.

    Parameters
    ----------
    tracks : sequence of PitchTrack
    voiced : float
        Periodicity from which a frame counts as voiced.

    Returns
    -------
    dict of str to float
        ``geo_mean_hz`` and ``spread_oct``: geometric mean and standard deviation in octaves of voiced frames (NaN
        without any); ``voiced``: their share; ``log10_mean``, ``log10_sd``: of log10 Hz of all frames; ``hz_mean``,
        ``hz_sd``: of Hz of all frames; ``centroid_mean_hz``, ``centroid_sd_hz``.
    """
    hz = np.concatenate([track.hz for track in tracks])
    periodicity = np.concatenate([track.periodicity for track in tracks])
    centroid = np.concatenate([track.centroid_hz for track in tracks])
    gate = periodicity >= voiced
    octaves = np.log2(hz[gate])
    mean, sd = _mean_sd(octaves)
    log_mean, log_sd = _mean_sd(np.log10(hz))
    hz_mean, hz_sd = _mean_sd(hz)
    centroid_mean, centroid_sd = _mean_sd(centroid)
    return {
        "geo_mean_hz": float(2.0**mean),
        "spread_oct": sd,
        "voiced": float(gate.mean()),
        "log10_mean": log_mean,
        "log10_sd": log_sd,
        "hz_mean": hz_mean,
        "hz_sd": hz_sd,
        "centroid_mean_hz": centroid_mean,
        "centroid_sd_hz": centroid_sd,
    }


def averaged(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean over files of each statistic, where it could be measured; that of pitches in octaves."""
    result = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        values = values[np.isfinite(values)]
        if name == "geo_mean_hz":
            result[name] = float(2.0 ** _mean_sd(np.log2(values))[0])
        else:
            result[name] = _mean_sd(values)[0]
    return result


def _mean_sd(values: np.ndarray) -> tuple[float, float]:
    return (float(values.mean()), float(values.std())) if len(values) else (float("nan"), float("nan"))


def compare_pitch(
    generated: Sequence[Clip],
    real: Sequence[Clip],
    config: PitchConfig,
    *,
    device: torch.device | str = "cpu",
    failed: Failed,
    tick: Callable[[], None] = lambda: None,
    keep: Keep = made_anew,
) -> dict[str, Any]:
    """Pitch statistics of a set of audio files, beside those of real music where it is given.

    Parameters
    ----------
    generated, real : sequence of Clip
        `real` may be empty.
    config : PitchConfig
    device : torch.device or str
    failed, tick : callable
        Told each file that fails; called after each file.
    keep : callable
        Given what makes the track of a file; see `gantools.files.partial.Partial.keep`.

    Returns
    -------
    dict
        `statistics` over the frames of all files; the means over files under ``per_file``; ``rows``, one for each file;
        the same of the real files under ``real``; ``pitches``, voiced pitches for the plot.

    Raises
    ------
    InputError
        If no generated file, or none of the real ones, could be measured.
    """
    track = open_tracker(config, device)
    tracker = "yin" if config.tracker == "yin" else f"crepe-{config.model}"
    result: dict[str, Any] = {"tracker": tracker, "voiced_from": config.voiced, "hop_s": config.hop_s}
    result |= _measure_set(generated, track, config, failed, tick, keep)
    if real:
        result["real"] = _measure_set(real, track, config, failed, tick, keep)
    return result


def _measure_set(
    clips: Sequence[Clip],
    track: Tracker,
    config: PitchConfig,
    failed: Failed,
    tick: Callable[[], None],
    keep: Keep,
) -> dict[str, Any]:
    tracks, rows = [], []

    def tracked(path: Path) -> tuple[np.ndarray, ...]:
        # One rate for all: a centroid depends on the band that a file can hold.
        wave = load_mono(path, RATE_HZ, failed)
        if len(wave) < WINDOW_SAMPLES:
            raise InputError(f"{len(wave) / RATE_HZ:.3f} s long; needs {WINDOW_SAMPLES / RATE_HZ:.3f} s", path)
        return *track(wave, max(1, round(config.hop_s * RATE_HZ))), spectral_centroid_hz(wave, RATE_HZ)

    for clip in clips:
        try:
            tracks.append(PitchTrack(*keep(partial(tracked, clip.path), clip.path)))
            rows.append({"file": clip.name, **statistics(tracks[-1:], config.voiced)})
        except InputError as error:
            failed(clip.path, error if error.path else InputError(error.message, clip.path))
        tick()
    if not tracks:
        raise InputError("none of the files could be measured; give audio of at least 0.064 s")
    figures = [{name: value for name, value in row.items() if name != "file"} for row in rows]
    return {
        **statistics(tracks, config.voiced),
        "per_file": averaged(figures),  # type: ignore[arg-type]
        "files": len(tracks),
        "frames": sum(len(one.hz) for one in tracks),
        "rows": rows,
        "pitches": _thinned(np.concatenate([one.hz[one.periodicity >= config.voiced] for one in tracks])),
    }


def _thinned(hz: np.ndarray) -> list[float]:
    """Quantiles stand for long lists, so that reports stay small."""
    if not len(hz):
        return []
    hz = np.sort(hz)
    return hz[np.linspace(0, len(hz) - 1, min(_MOST_VALUES, len(hz))).astype(int)].round(2).tolist()
