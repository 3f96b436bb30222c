"""Sets of sounds: the pitch of each, and the statistics of the set, beside those of real music."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from gantools.audio.io import load_mono
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pitch.config import PitchConfig
from gantools.metrics.pitch.crepe import RATE_HZ, WINDOW_SAMPLES, Crepe
from gantools.metrics.pitch.statistics import PitchTrack, averaged, spectral_centroid_hz, statistics
from gantools.metrics.pitch.yin import track_yin
from gantools.metrics.thinning import thinned
from gantools.report.clip import Clip

#: (wave at 16 kHz, hop in samples) -> (hz, periodicity) of each frame.
Tracker = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def open_tracker(config: PitchConfig, device: torch.device | str) -> Tracker:
    """Return the tracker that a configuration names."""
    return track_yin if config.tracker == "yin" else Crepe(config.crepe, device).track


def compare_pitch(
    generated: Sequence[Clip], real: Sequence[Clip], config: PitchConfig, conditions: Conditions
) -> Result:
    """Pitch statistics of a set of audio files, beside those of real music where it is given.

    Parameters
    ----------
    generated, real : sequence of Clip
        `real` may be empty.
    config : PitchConfig
    conditions : Conditions

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
    track = open_tracker(config, conditions.device)
    tracker = "yin" if config.tracker == "yin" else f"crepe-{config.crepe}"
    result: Result = {"tracker": tracker, "voiced_from": config.voiced, "hop_s": config.hop_seconds}
    result |= _measure_set(generated, track, config, conditions)
    if real:
        result["real"] = _measure_set(real, track, config, conditions)
    return result


def _measure_set(clips: Sequence[Clip], track: Tracker, config: PitchConfig, conditions: Conditions) -> Result:
    tracks, rows = [], []

    def tracked(path: Path) -> tuple[np.ndarray, ...]:
        # One rate for all: a centroid depends on the band that a file can hold.
        wave = load_mono(path, RATE_HZ, conditions.failed)
        if len(wave) < WINDOW_SAMPLES:
            raise InputError(f"{len(wave) / RATE_HZ:.3f} s long; needs {WINDOW_SAMPLES / RATE_HZ:.3f} s", path)
        return *track(wave, max(1, round(config.hop_seconds * RATE_HZ))), spectral_centroid_hz(wave, RATE_HZ)

    for clip in clips:
        try:
            tracks.append(PitchTrack(*conditions.keep(partial(tracked, clip.path), clip.path)))
            rows.append({"file": clip.name, **statistics(tracks[-1:], config.voiced)})
        except InputError as error:
            conditions.failed(clip.path, error if error.path else InputError(error.message, clip.path))
        conditions.tick()
    if not tracks:
        raise InputError("none of the files could be measured; give audio of at least 0.064 s")
    figures = [{name: value for name, value in row.items() if name != "file"} for row in rows]
    return {
        **statistics(tracks, config.voiced),
        "per_file": averaged(figures),  # type: ignore[arg-type]
        "files": len(tracks),
        "frames": sum(len(one.hz) for one in tracks),
        "rows": rows,
        "pitches": thinned(np.concatenate([one.hz[one.periodicity >= config.voiced] for one in tracks]), digits=2),
    }
