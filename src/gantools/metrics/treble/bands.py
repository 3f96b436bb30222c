"""Energy above 4 and 8 kHz, relative to that below, of generated beside real sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import welch

from gantools.audio.io import AudioReader
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import Pair
from gantools.report.clip import Clip

#: From which frequency on -> name in results.
EDGES_HZ = {"above_4k_db": 4000.0, "above_8k_db": 8000.0}
#: What is so far below the low frequencies counts as nothing.
FLOOR_DB = -100.0
_N_FFT = 4096
_BLOCK_SAMPLES = 1 << 20
_DRAWS = 1000


def treble_ratios(path: Path) -> dict[str, float]:
    """Return the energy from each of `EDGES_HZ` on over that between 20 Hz and 4 kHz, and ``rate_hz``.

    Welch spectra of each channel at the file's own rate, added: channels that cancel each other hide nothing. Beyond
    half the rate there is nothing.

    Raises
    ------
    InputError
        There is nothing between 20 Hz and 4 kHz, or the file cannot be read.
    """
    with AudioReader(path) as reader:
        rate_hz, power, left = reader.rate_hz, np.zeros(_N_FFT // 2 + 1), np.zeros((0, reader.channels), np.float32)
        for block in reader.blocks():
            left = np.concatenate([left, block])
            if len(left) >= _BLOCK_SAMPLES:
                power += _power(left, rate_hz)
                left = left[:0]
        power += _power(left, rate_hz)
    hz = np.fft.rfftfreq(_N_FFT, 1 / rate_hz)
    low = float(power[(hz >= 20.0) & (hz < 4000.0)].sum())
    if not low > 0:
        raise InputError("is silent below 4 kHz", path)
    return {name: float(power[hz >= edge].sum()) / low for name, edge in EDGES_HZ.items()} | {"rate_hz": rate_hz}


def _power(block: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the energy by frequency of a block (n, channels), float64 (2049,)."""
    if not len(block):
        return np.zeros(_N_FFT // 2 + 1)
    padded = np.pad(block, ((0, max(0, _N_FFT - len(block))), (0, 0))).astype(np.float64)
    _, density = welch(padded, rate_hz, "hann", _N_FFT, detrend=False, axis=0)
    return np.asarray(density.sum(axis=1) * len(padded))


def compare_treble(
    generated: Sequence[Clip], real: Sequence[Clip], conditions: Conditions, pairs: Sequence[Pair] = ()
) -> Result:
    """Compare the treble of two sets of files.

    Parameters
    ----------
    generated, real : sequence of Clip
    conditions : Conditions
    pairs : sequence of (Clip, Clip)
        Generated files with the real one of the same song, where there are some: songs differ more than networks do.

    Returns
    -------
    dict
        ``above_4k_db`` and ``above_8k_db``: the mean ratio of the generated files over that of the real ones, in dB, 0
        is as real, negative is dull; with ``_low`` and ``_high``, the 95 % interval over draws of files of both sets
        with replacement. ``levels_db`` holds the ratios in dB, ``real`` those of the real files; ``rows`` each
        generated file over the mean of the real ones. NaN where real files have nothing there. Of ``pairs`` of files
        with a partner ``above_4k_paired_db`` and ``above_8k_paired_db`` are the means of their own differences, with
        intervals over draws of pairs.

    Raises
    ------
    InputError
        No file of a set could be measured.
    """
    made, beside = (_measured(clips, conditions) for clips in (generated, real))
    for name, found in (("generated", made), ("real", beside)):
        if not found:
            raise InputError(f"none of the {name} files could be measured")
    random = np.random.default_rng(conditions.seed)
    draws = [random.integers(len(found), size=(_DRAWS, len(found))) for found in (made, beside)]
    result: Result = {"files_generated": len(made), "files_real": len(beside), "levels_db": {}, "real": {}}
    rows: list[dict[str, Any]] = [{"file": clip.name, "rate_hz": ratios["rate_hz"]} for clip, ratios in made]
    for name in EDGES_HZ:
        own, other = (np.array([ratios[name] for _, ratios in found]) for found in (made, beside))
        result |= {name: _over(own.mean(), other.mean())}
        spread = _over(own[draws[0]].mean(1), other[draws[1]].mean(1))
        # One file says nothing of how files differ.
        low, high = _interval(spread) if min(len(own), len(other)) > 1 else (np.nan, np.nan)
        result |= {f"{name}_low": low, f"{name}_high": high}
        for key, values in (("levels_db", own), ("real", other)):
            result[key][name] = float(_db(values.mean()))
        for row, value in zip(rows, own, strict=True):
            row[name] = _over(value, other.mean())
    own_songs = {one.path: other.path for one, other in pairs}
    real_ratios = {clip.path: ratios for clip, ratios in beside}
    partners = [real_ratios.get(own_songs.get(clip.path, Path())) for clip, _ in made]
    for row, (_, ratios), partner in zip(rows, made, partners, strict=True):
        if partner is not None:
            row |= {_paired_name(name): _over(ratios[name], partner[name]) for name in EDGES_HZ}
    return result | _paired(rows, random) | {"rows": rows}


def _interval(values: np.ndarray | float) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _paired_name(name: str) -> str:
    return f"{name.removesuffix('_db')}_paired_db"


def _paired(rows: Sequence[Mapping[str, Any]], random: np.random.Generator) -> Result:
    """Return the mean difference of files from their own partners, with its interval."""
    result: Result = {}
    for name in map(_paired_name, EDGES_HZ):
        values = np.array([row[name] for row in rows if name in row])
        if len(values):
            means = values[random.integers(len(values), size=(_DRAWS, len(values)))].mean(axis=1)
            low, high = _interval(means) if len(values) > 1 else (np.nan, np.nan)
            result |= {"pairs": len(values), name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}
    return result


def _measured(clips: Sequence[Clip], conditions: Conditions) -> list[tuple[Clip, dict[str, float]]]:
    found = []
    for clip in clips:
        try:
            found.append((clip, conditions.keep(partial(treble_ratios, clip.path), clip.path)))
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    return found


def _db(ratio: np.ndarray | float) -> np.ndarray:
    return np.asarray(10 * np.log10(np.maximum(ratio, 10 ** (FLOOR_DB / 10))))


def _over(own: np.ndarray | float, real: np.ndarray | float) -> np.ndarray | float:
    """Return ratios over those of real files in dB, NaN where these have nothing."""
    there = np.asarray(real) > 10 ** (FLOOR_DB / 10)
    difference = np.where(there, _db(own) - _db(real), np.nan)
    return float(difference) if difference.ndim == 0 else difference
