"""What files were asked to be against what is heard of it: what ``gantools evaluate conditions`` runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from gantools.audio.io import load_mono
from gantools.errors import InputError
from gantools.metrics.conditions.config import ConditionsConfig
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.records import told
from gantools.report.clip import Clip
from gantools.structure.curves import MEASURED, RATE_HZ, Curves, measure, window_tempi

#: Rank correlation of requested and measured density, and error of the tempo, from which a model follows.
LEAST_SPEARMAN, MOST_TEMPO_ERROR = 0.6, 0.04
#: Curves are compared at these distances: the density is smoothed over a second.
_STEP_SECONDS = 0.5
#: A stretch whose requested tempo changes by more has none.
_STEADY = 0.04
#: Other pieces that the curves of each are held against.
_MOST_OTHERS = 5
#: Files of the figure, and places of each.
_DRAWN, _MOST_DRAWN = 3, 400


@dataclass(frozen=True, eq=False)
class Heard:
    """A file, and what it was asked to be.

    Attributes
    ----------
    name : str
    asked : dict of str to float64 array (T,)
        Name of a condition -> the requested values every half second.
    curves : Curves
        The measured ones.
    tempi : float64 array (windows,)
        Tempo of each stretch.
    """

    name: str
    asked: dict[str, np.ndarray]
    curves: Curves
    tempi: np.ndarray


Pairs = Sequence[tuple[Mapping[str, np.ndarray], Heard]]


def compare_conditions(generated: Sequence[Clip], config: ConditionsConfig, conditions: Conditions) -> Result:
    """Measure how far generated files are what they were asked to be.

    Parameters
    ----------
    generated : sequence of Clip
        Files whose record says what they were asked to be.
    config : ConditionsConfig
    conditions : Conditions

    Returns
    -------
    dict
        By condition, ``<name>_follows`` and ``<name>_other``, the same for the curves of one file and the sound of
        another: rank correlation of the density, correlation of loudness and brightness (in octaves), median
        ``|measured / requested - 1|`` of the tempo, octaves apart being equal. ``density_ratio`` is the median of
        measured over requested density, ``loudness_off_db`` and ``brightness_ratio`` those of the others. ``passed`` by
        name where there is a gate; ``rows`` of files, and ``drawn`` for the figure.

    Raises
    ------
    InputError
        No file says what it was asked to be.
    """
    heard = []
    for clip in generated:
        try:
            heard.append(_heard(clip, config, conditions))
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    if not heard:
        raise InputError("no file could be measured; give files of generate musika whose model has conditions")
    own = [(one.asked, one) for one in heard]
    result: dict[str, Any] = {
        "files": len(heard),
        "seconds": sum(len(one.curves.tempo) for one in heard) * _STEP_SECONDS,
    }
    window = config.tempo_seconds
    for name in MEASURED:
        if any(name in one.asked for one in heard):
            result[f"{name}_follows"] = figure_of(name, own, window)
            brackets = [figure_of(name, pairs, window) for pairs in _others(heard)]
            known = [value for value in brackets if math.isfinite(value)]
            result[f"{name}_other"] = float(np.mean(known)) if known else math.nan
    result |= _offsets(own)
    result["passed"] = {}
    if "density_follows" in result:
        result["passed"]["density"] = result["density_follows"] >= LEAST_SPEARMAN
    if "tempo_follows" in result:
        result["passed"]["tempo"] = result["tempo_follows"] < MOST_TEMPO_ERROR
    result["rows"] = [_row(one, window) for one in heard]
    result["drawn"] = [_drawn(one) for one in heard[:_DRAWN] if "density" in one.asked]
    return result


def _heard(clip: Clip, config: ConditionsConfig, conditions: Conditions) -> Heard:
    points = read_points(told(clip.path, "asked"), clip.path)
    wave = load_mono(clip.path, RATE_HZ, conditions.failed)
    if not wave.any():
        raise InputError("is silent", clip.path)
    # A recording that comes first was asked for nothing.
    lead = min(float(values[0, 0]) for values in points.values())
    wave = wave[round(lead * RATE_HZ) :]
    count = int(len(wave) / RATE_HZ / _STEP_SECONDS)
    if count < 2:
        raise InputError("is too short to tell what it is like; make a longer piece", clip.path)
    middles = lead + (np.arange(count) + 0.5) * _STEP_SECONDS
    asked = {name: np.interp(middles, values[:, 0], values[:, 1]) for name, values in points.items()}
    return Heard(clip.name, asked, measure(wave, _STEP_SECONDS, count), window_tempi(wave, config.tempo_seconds))


def read_points(recorded: Any, path: Path) -> dict[str, np.ndarray]:
    """Return the curves of a record by name, float64 (points, 2) of seconds and values.

    Raises
    ------
    InputError
        There are none, or they are damaged.
    """
    if recorded is None:
        raise InputError("does not tell what it was asked to be; make it with a model that has conditions", path)
    try:
        found = {name: np.array(recorded[name], np.float64) for name in MEASURED if name in recorded}
    except (TypeError, ValueError) as error:
        raise InputError("has a record that is damaged; make it again", path) from error
    for points in found.values():
        if points.ndim != 2 or points.shape[1:] != (2,) or not len(points) or not np.isfinite(points).all():
            raise InputError("has a record that is damaged; make it again", path)
    if not found:
        raise InputError("was asked for nothing that can be measured", path)
    return found


def _others(heard: Sequence[Heard]) -> list[Pairs]:
    """Return the curves of each file with the sounds of others.

    A file that no other was asked to be unlike is held against its own curves, half of it later.
    """
    found: list[Pairs] = []
    for shift in range(min(max(1, len(heard) - 1), _MOST_OTHERS)):
        pairs: list[tuple[Mapping[str, np.ndarray], Heard]] = []
        for n, one in enumerate(heard):
            others = [other for other in (*heard[n + 1 :], *heard[:n]) if not _asked_alike(one, other)]
            later = {name: np.roll(values, len(values) // 2) for name, values in one.asked.items()}
            pairs.append((one.asked, others[shift % len(others)]) if others else (later, one))
        found.append(pairs)
    return found


def _asked_alike(one: Heard, other: Heard) -> bool:
    if one.asked.keys() != other.asked.keys():
        return False
    count = min(len(one.curves.tempo), len(other.curves.tempo))
    return all(np.allclose(one.asked[name][:count], other.asked[name][:count], rtol=0.01) for name in one.asked)


def figure_of(name: str, pairs: Pairs, tempo_seconds: float) -> float:
    """Return how well sounds follow curves by one condition: an error of the tempo, else a correlation; NaN if unknown.

    Parameters
    ----------
    name : str
        Of `MEASURED`.
    pairs : sequence of (mapping of str to array, Heard)
        Requested curves and the sound that they are held against; all count together.
    tempo_seconds : float
    """
    if name == "tempo":
        errors = [_tempo_errors(asked[name], heard.tempi, tempo_seconds) for asked, heard in pairs if name in asked]
        return float(np.median(joined)) if len(joined := np.concatenate(errors)) else math.nan
    wanted, found = _both(name, pairs)
    # The density by its order alone: what is asked for and what onsets are counted have scales of their own.
    change: Callable[[np.ndarray], np.ndarray] = {"density": rankdata, "brightness": np.log2}.get(name, np.asarray)
    return _correlation(change(wanted), change(found))


def _both(name: str, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Return all requested and all measured values of a condition, (n,) each."""
    wanted, found = [np.zeros(0)], [np.zeros(0)]
    for asked, heard in pairs:
        if name in asked:
            measured = getattr(heard.curves, name)
            count = min(len(asked[name]), len(measured))
            wanted.append(asked[name][:count])
            found.append(measured[:count])
    return np.concatenate(wanted), np.concatenate(found)


def _tempo_errors(asked: np.ndarray, tempi: np.ndarray, seconds: float) -> np.ndarray:
    """Return ``|measured / requested - 1|`` of each stretch of one requested tempo, octaves apart being equal."""
    size = max(1, round(seconds / _STEP_SECONDS))
    errors = []
    for number, bpm in enumerate(tempi):
        wanted = asked[number * size : (number + 1) * size]
        if len(wanted) and np.ptp(wanted) <= _STEADY * wanted.mean() and bpm > 0:
            octaves = math.log2(bpm / wanted.mean())
            errors.append(abs(2 ** (octaves - round(octaves)) - 1))
    return np.array(errors)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if len(a) < 3 or not a.std() > 0 or not b.std() > 0:
        return math.nan
    return float(np.corrcoef(a, b)[0, 1])


def _offsets(pairs: Pairs) -> dict[str, float]:
    """Return how far measured values are from requested ones as a whole."""
    found = {}
    for name, key in (
        ("density", "density_ratio"),
        ("loudness", "loudness_off_db"),
        ("brightness", "brightness_ratio"),
    ):
        wanted, heard = _both(name, pairs)
        if len(wanted):
            found[key] = float(np.median(heard - wanted if name == "loudness" else heard / np.maximum(wanted, 1e-6)))
    return found


def _row(one: Heard, tempo_seconds: float) -> dict[str, Any]:
    """Return what one file was asked to be and is, in the middle, and how well it follows."""
    row: dict[str, Any] = {"file": one.name}
    for name in MEASURED:
        if name in one.asked:
            measured = one.tempi if name == "tempo" else getattr(one.curves, name)
            row |= {f"{name}_asked": float(np.median(one.asked[name])), name: float(np.median(measured))}
            row[f"{name}_follows"] = figure_of(name, [(one.asked, one)], tempo_seconds)
    return row


def _drawn(one: Heard) -> dict[str, Any]:
    step = -(-len(one.curves.density) // _MOST_DRAWN)
    curves = {"asked": one.asked["density"], "heard": one.curves.density}
    found = {name: values[::step].round(3).tolist() for name, values in curves.items()}
    return {"file": one.name, "step_seconds": step * _STEP_SECONDS, **found}
