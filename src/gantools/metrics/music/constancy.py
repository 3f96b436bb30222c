"""Whether a piece keeps its tempo and its key: both are heard in windows that follow each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gantools.audio.io import load_mono
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.music.config import MusicConfig
from gantools.report.clip import Clip
from gantools.structure.beats import find_beats
from gantools.structure.keys import RATE_HZ, chroma, find_key, key_name, likeness

#: Tempi that differ by less are one, as MIREX takes them.
SAME_TEMPO = 0.04
#: Figures of a piece, in the order of tables.
FIGURES = ("tempo_kept", "pulse_found", "key_kept", "key_near", "key_clarity")
#: A window below this RMS level, relative to the loudest of its file, is silent.
_SILENT = 1e-3


class Window(NamedTuple):
    """What is heard in a window.

    Attributes
    ----------
    bpm : float
        NaN where there is no clear pulse.
    key : int
        See `gantools.structure.keys.Key`.
    clarity : float
    """

    bpm: float
    key: int
    clarity: float


def hear_windows(wave: np.ndarray, seconds: float) -> list[Window]:
    """Return what is heard in the windows of a mono wave at 22,050 Hz; silent ones are left out.

    Raises
    ------
    InputError
        Fewer than two windows sound.
    """
    length = round(seconds * RATE_HZ)
    parts = [wave[start : start + length] for start in range(0, len(wave) - length + 1, length)]
    levels = [float(np.sqrt(np.mean(np.square(part, dtype=np.float64)))) for part in parts]
    parts = [part for part, level in zip(parts, levels, strict=True) if level > _SILENT * max(levels)]
    if len(parts) < 2:
        raise InputError(
            f"{len(wave) / RATE_HZ:.1f} s with {len(parts)} window(s) of {seconds:g} s that sound; two are needed: "
            "give a longer file, or fewer --window-seconds"
        )
    return [_hear(part) for part in parts]


def _hear(part: np.ndarray) -> Window:
    grid, key = find_beats(part[None], RATE_HZ), find_key(chroma(part))
    return Window(grid.bpm if grid.clear else float("nan"), key.number, key.clarity)


def constancy(windows: Sequence[Window]) -> dict[str, float]:
    """Return how far windows agree.

    Returns
    -------
    dict
        ``tempo_kept``, the share of windows with a pulse at the tempo that most of them have, within 4 %, its half or
        its double, NaN below two of them; ``pulse_found``, the share with a pulse; ``bpm``, that tempo; ``key_kept``,
        the share in the commonest key; ``key_near``, the mean likeness of all to it (see `likeness`);
        ``key_clarity``, the mean correlation with the profile; ``key``, its number.
    """
    tempi = np.array([window.bpm for window in windows if np.isfinite(window.bpm)])
    kept, bpm = float("nan"), float("nan")
    if len(tempi) > 1:
        octaves = np.log2(tempi[:, None] / tempi)
        same = np.abs(octaves - np.round(np.clip(octaves, -1, 1))) < np.log2(1 + SAME_TEMPO)
        best = int(np.argmax(same.sum(axis=1)))
        kept, bpm = float(same[best].mean()), float(tempi[best])
    keys = np.bincount([window.key for window in windows], minlength=24)
    # Of keys that are heard equally often, the one that all windows are nearest to.
    near = [float(np.mean([likeness(window.key, key) for window in windows])) for key in range(24)]
    key = max(range(24), key=lambda number: (keys[number], near[number]))
    return {
        "tempo_kept": kept,
        "pulse_found": len(tempi) / len(windows),
        "key_kept": float(keys[key] / len(windows)),
        "key_near": near[key],
        "key_clarity": float(np.mean([window.clarity for window in windows])),
        "bpm": bpm,
        "key": key,
    }


def compare_music(sets: Mapping[str, Sequence[Clip]], config: MusicConfig, conditions: Conditions) -> Result:
    """Measure how pieces keep tempo and key.

    Parameters
    ----------
    sets : mapping
        ``generated``, and ``real``, which may be empty.
    config : MusicConfig
    conditions : Conditions

    Returns
    -------
    dict
        The means of `FIGURES` over files, ``files``, ``rows`` of them; the same of real files under ``real``, and under
        ``chance`` of pieces whose windows are drawn from all real ones: what windows agree in that have nothing to do
        with each other, with these tempi and keys.

    Raises
    ------
    InputError
        No file of a set could be measured.
    """
    result, _ = _measured(sets["generated"], config, conditions)
    if real := sets.get("real"):
        result["real"], pieces = _measured(real, config, conditions)
        if len(pieces) > 1:
            result["chance"] = _means([constancy(piece) for piece in _dealt(pieces, conditions.seed)])
    return result | {"window_s": config.window_seconds}


def _measured(
    clips: Sequence[Clip], config: MusicConfig, conditions: Conditions
) -> tuple[Result, list[Sequence[Window]]]:
    rows: list[dict[str, Any]] = []
    pieces: list[Sequence[Window]] = []

    def heard(clip: Clip) -> list[Window]:
        return hear_windows(load_mono(clip.path, RATE_HZ, conditions.failed), config.window_seconds)

    for clip in clips:
        try:
            # What was kept are lists.
            windows = [Window(*one) for one in conditions.keep(partial(heard, clip), clip.path)]
        except InputError as error:
            conditions.failed(clip.path, error if error.path else InputError(error.message, clip.path))
        else:
            figures = constancy(windows)
            pieces.append(windows)
            row = {"file": clip.name, "windows": len(windows), **figures, "key": key_name(int(figures["key"]))}
            rows.append(row)
        conditions.tick()
    if not rows:
        raise InputError("no file could be measured; give music of two windows or more")
    return {"files": len(rows), **_means(rows), "rows": rows}, pieces


def _dealt(pieces: Sequence[Sequence[Window]], seed: int) -> list[list[Window]]:
    """Return pieces as long as these, of all their windows in a random order."""
    every = list(itertools.chain.from_iterable(pieces))
    order = iter(np.random.default_rng(seed).permutation(len(every)).tolist())
    return [[every[next(order)] for _ in piece] for piece in pieces]


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the means of the figures; what a piece does not have counts for nothing."""
    means = {}
    for name in FIGURES:
        known = [row[name] for row in rows if np.isfinite(row[name])]
        means[name] = float(np.mean(known)) if known else float("nan")
    return means
