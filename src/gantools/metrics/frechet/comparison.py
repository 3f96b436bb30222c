"""Two sets of audio files: their Fréchet and kernel distances in the space of a network, and those of single files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import InputError
from gantools.metrics.embedders.embedding import Embeddings
from gantools.metrics.frechet.config import FrechetConfig
from gantools.metrics.frechet.extrapolation import FadInfinity, bootstrap_interval, fad_infinity
from gantools.metrics.frechet.files import file_distances
from gantools.metrics.frechet.kernel import KernelDistance
from gantools.metrics.metric import Result


def measure_frechet(
    generated: Embeddings, real: Embeddings, names: Mapping[Path, str], config: FrechetConfig, seed: int
) -> Result:
    """Return the Fréchet distance between two sets of audio files, with its intervals.

    Parameters
    ----------
    generated, real : Embeddings
    names : mapping of Path to str
        What the generated files are called.
    config : FrechetConfig
    seed : int

    Returns
    -------
    dict
        ``distance`` with its interval; ``fad_infinity``, or ``fad_infinity_refused``, the reason why there is none;
        ``kad``, the kernel distance with its interval, or ``kad_refused``; ``rows``, the distance of each generated
        file, the farthest first. With several networks (rand-cnn) values are means over them, and ``distance_sd``
        tells how much they differ.
    """
    a, b = generated, real
    networks = list(zip(a.vectors, b.vectors, strict=True))
    measured = [bootstrap_interval(*vectors, a.groups, b.groups, seed) for vectors in networks]
    result: Result = {
        "distance": float(np.mean([interval.value for interval in measured])),
        "distance_low": float(np.mean([interval.low for interval in measured])),
        "distance_high": float(np.mean([interval.high for interval in measured])),
    }
    if len(measured) > 1:
        result["distance_sd"] = float(np.std([interval.value for interval in measured], ddof=1))
    result |= _kernel(networks, a.groups, b.groups, seed)
    result["rows"] = _rows([names[path] for path in a.files], networks, a.groups)
    if config.infinity:
        try:
            pairs = zip(networks, measured, strict=True)
            result |= _infinity([fad_infinity(*vectors, interval, seed) for vectors, interval in pairs])
        # Too little material for the limit is no reason to keep back the distance.
        except InputError as error:
            result["fad_infinity_refused"] = str(error)
    return result


def _kernel(
    networks: Sequence[tuple[np.ndarray, np.ndarray]], groups_a: np.ndarray, groups_b: np.ndarray, seed: int
) -> Result:
    try:
        distances = [KernelDistance(real, groups_b).interval(made, groups_a, seed) for made, real in networks]
    # Of a set that says the same again and again there is a Fréchet distance all the same.
    except InputError as error:
        return {"kad_refused": str(error)}
    ends = {"kad": "value", "kad_low": "low", "kad_high": "high"}
    return {name: float(np.mean([getattr(one, end) for one in distances])) for name, end in ends.items()}


def _rows(
    names: Sequence[str], networks: Sequence[tuple[np.ndarray, np.ndarray]], groups: np.ndarray
) -> list[dict[str, Any]]:
    """Return the distance of each file that sounds, the farthest first."""
    distances = np.mean([file_distances(made, groups, real) for made, real in networks], axis=0)
    windows = np.bincount(groups, minlength=len(names))
    rows = [
        {"file": name, "windows": int(count), "distance": float(distance)}
        for name, count, distance in zip(names, windows, distances, strict=False)
        if count
    ]
    return sorted(rows, key=lambda row: -row["distance"])


def _infinity(lines: Sequence[FadInfinity]) -> Result:
    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    return {
        "fad_infinity": mean([line.limit.value for line in lines]),
        "fad_infinity_low": mean([line.limit.low for line in lines]),
        "fad_infinity_high": mean([line.limit.high for line in lines]),
        "slope": mean([line.slope for line in lines]),
        "r_squared": mean([line.r_squared for line in lines]),
        "core_axes": max(line.core_axes for line in lines),
        "draws": {"sizes": lines[0].sizes, "distances": np.mean([line.distances for line in lines], 0).tolist()},
    }
