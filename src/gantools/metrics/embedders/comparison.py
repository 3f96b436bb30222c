"""Sets of audio files in the space of a network: a metric's figures, what could fake them, and other sets beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import load_mono
from gantools.audio.resample import resample
from gantools.errors import InputError
from gantools.metrics.brackets import BRACKETS, RATE_HZ, Bracket
from gantools.metrics.embedders.embedding import (
    Embedder,
    Embeddings,
    describe_sets,
    embed_files,
    embed_set,
    open_embedder,
)
from gantools.metrics.embedders.metric import OTHERS, EmbeddingMetric, Judge, SpaceConfig
from gantools.metrics.frechet.extrapolation import blocks_of
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.runtime.seeds import item_seed

#: Files of each set from which on whole files are drawn, else runs of neighbouring windows.
LEAST_FILES = 5
DRAWS = 200
#: What is drawn where the files of two sets have the same names.
PAIRS = "pairs of files"


def compare_sets(metric: EmbeddingMetric[Any], sets: ClipSets, config: SpaceConfig, conditions: Conditions) -> Result:
    """Measure generated files beside real ones, and where asked for brackets and other generated sets.

    Parameters
    ----------
    metric : EmbeddingMetric
    sets : ClipSets
        ``generated``, ``real``, and ``other 1``, ``other 2`` ...
    config : SpaceConfig
    conditions : Conditions

    Returns
    -------
    dict
        What the metric measures, the embedder, and the numbers of vectors and files. ``brackets``, by name the figures
        of `metric.better` against one half of the real files, see `_brackets`. ``compared``, for each other set its
        ``place`` and ``figures``, see `difference`.
    """
    embedder = open_embedder(config, conditions.device, metric.layer)
    made, real = (embed_set(sets[name], embedder, config, conditions) for name in ("generated", "real"))
    result = {**describe_sets(embedder, config, made, real), **metric.measure(made, real, sets, config, conditions)}
    if config.brackets:
        try:
            result["brackets"] = _brackets(metric, made, real, sets, embedder, config, conditions)
        # The figures themselves stand without them.
        except InputError as error:
            result["brackets_refused"] = error.message
    names = {clip.path: clip.name for clips in sets.values() for clip in clips}
    if others := [name for name in sets if name.startswith(OTHERS.name)]:
        result["compared"] = [
            _compared(
                metric, made, real, embed_set(sets[name], embedder, config, conditions), names, config, conditions
            )
            | {"place": sets.places.get(name, name)}
            for name in others
        ]
    return result


def _brackets(
    metric: EmbeddingMetric[Any],
    made: Embeddings,
    real: Embeddings,
    others: ClipSets,
    embedder: Embedder,
    config: SpaceConfig,
    conditions: Conditions,
) -> dict[str, dict[str, float]]:
    """Return the figures of several sets against the second half of the real files, by name.

    ``generated``; ``copy``, that half itself; ``held_out``, the first half; ``shuffled`` and ``noise``, what is made of
    the first half; ``untrained``, what a model made before it was trained, where that is known. Windows of what was
    generated are thinned to the number of the first half: many figures depend on it.

    Raises
    ------
    InputError
        There is one real file, or too little of it for the metric.
    """
    even = real.groups % 2 == 0
    if even.all() or not even.any():
        raise InputError("brackets need two real files or more that sound")
    held_out, reference = (real.part(half) for half in (even, ~even))
    judges = [metric.judge(vectors, config) for vectors in reference.vectors]
    sets = {"generated": made.thinned(len(held_out.groups)), "copy": reference, "held_out": held_out}
    files = [real.files[number] for number in np.unique(held_out.groups)]
    quiet = replace(conditions, failed=lambda path, error: None, tick=lambda: None)
    if untrained := others.get("untrained"):
        with suppress(InputError):  # it may be silent
            made_first = embed_set(untrained, embedder, config, quiet)
            sets["untrained"] = made_first.thinned(len(held_out.groups))
    for name, bracket in reversed(BRACKETS.items()):
        made_of = _loader(bracket, embedder.rate_hz, conditions.seed)
        try:
            sets[name] = embed_files(files, embedder, quiet, config.count_silence, config.clip_seconds, made_of, name)
        except InputError:
            continue  # there are no bars to shuffle
    return {name: _judged(judges, one.vectors) for name, one in sets.items()}


def _loader(bracket: Bracket, rate_hz: int, seed: int) -> Callable[[Path], np.ndarray]:
    """Return what reads a file and makes a bracket of it."""

    def load(path: Path) -> np.ndarray:
        made = bracket(load_mono(path, RATE_HZ), item_seed(seed, "bracket", path.name))
        if made is None:
            raise InputError("has no bars", path)
        return resample(made, RATE_HZ, rate_hz)

    return load


def _judged(judges: Sequence[Judge], vectors: Iterable[np.ndarray]) -> dict[str, float]:
    """Return the means over networks of the figures of vectors (n, d) of each."""
    each = [judge(own) for judge, own in zip(judges, vectors, strict=True)]
    return {name: float(np.mean([figures[name] for figures in each])) for name in each[0]}


def _compared(
    metric: EmbeddingMetric[Any],
    made: Embeddings,
    real: Embeddings,
    other: Embeddings,
    names: Mapping[Path, str],
    config: SpaceConfig,
    conditions: Conditions,
) -> dict[str, Any]:
    size = min(len(made.groups), len(other.groups))
    one, two = made.thinned(size), other.thinned(size)
    try:
        networks = [metric.prepared(*vectors) for vectors in zip(one.vectors, two.vectors, real.vectors, strict=True)]
        judges = [metric.judge(beside, config) for _, _, beside in networks]
        sides = [[prepared[side] for prepared in networks] for side in (0, 1)]
        units, unit = _units(one, two, names)
        figures = difference(judges, sides, units, metric.better, conditions.seed, paired=unit == PAIRS)
    except InputError as error:
        return {"refused": error.message}
    return {"n": size, "unit": unit, "figures": figures}


def difference(
    judges: Sequence[Judge],
    sides: Sequence[Sequence[np.ndarray]],
    units: Sequence[Sequence[np.ndarray]],
    better: Mapping[str, bool],
    seed: int,
    *,
    paired: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return by how much two generated sets differ in each figure, with a 95 % bootstrap interval.

    Their units are drawn with replacement. A draw repeats vectors, and many figures then differ as those of a smaller
    set: the interval carries the spread of the draws around their own mean over to the measured difference.

    Parameters
    ----------
    judges : sequence of callable
        For each network.
    sides : two sequences of numpy.ndarray
        Vectors (n, d) of each network.
    units : two sequences of numpy.ndarray
        Indices of the vectors that are drawn together.
    better : mapping of str to bool
        Figures -> whether more is better.
    seed : int
    paired : bool
        The units of both sets belong together, one by one, and are drawn together: what makes both files of a pair hard
        or easy does not widen the interval.

    Returns
    -------
    dict of str to dict
        ``generated`` and ``other``, the two values; their ``difference``, ``low`` and ``high``; ``better``, which of
        the two is, or None where 0 lies within.
    """
    values = [_judged(judges, side) for side in sides]
    random = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {name: [] for name in better}
    for _ in range(DRAWS):
        found = []
        chosen = [random.integers(len(parts), size=len(parts)).tolist() for parts in units]
        for side, parts, own in zip(sides, units, [chosen[0]] * 2 if paired else chosen, strict=True):
            rows = np.concatenate([parts[number] for number in own])
            found.append(_judged(judges, [vectors[rows] for vectors in side]))
        for name, kept in draws.items():
            kept.append(found[0][name] - found[1][name])
    result = {}
    for name, more in better.items():
        one, other = (value[name] for value in values)
        spread = np.percentile(draws[name], [2.5, 97.5]) - np.mean(draws[name])
        low, high = (one - other + float(end) for end in spread)
        best = None if low <= 0 <= high else "generated" if (low > 0) == more else "other"
        figures = {"generated": one, "other": other, "difference": one - other, "low": low, "high": high}
        result[name] = figures | {"better": best}
    return result


def _units(one: Embeddings, two: Embeddings, names: Mapping[Path, str]) -> tuple[list[list[np.ndarray]], str]:
    """Return the vectors of each set that are drawn together, and what they are.

    Whole files; pairs of them where each file of a set has one of the same name in the other; and where a set has few,
    runs of up to eight windows.
    """
    present = [np.unique(side.groups) for side in (one, two)]
    if min(map(len, present)) < LEAST_FILES:
        return [blocks_of(side.groups) for side in (one, two)], "runs of windows"
    files = [
        {names.get(side.files[int(number)], str(number)): np.flatnonzero(side.groups == number) for number in there}
        for side, there in zip((one, two), present, strict=True)
    ]
    # Names that a set has twice pair nothing.
    if files[0].keys() == files[1].keys() and len(files[0]) == len(present[0]) == len(present[1]):
        return [[side[name] for name in sorted(side)] for side in files], PAIRS
    return [
        [np.flatnonzero(side.groups == number) for number in there]
        for side, there in zip((one, two), present, strict=True)
    ], "files"
