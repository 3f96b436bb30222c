"""Stems of one song that keep their balance: how much louder each may become, and how much it should."""

from __future__ import annotations

import math
from pathlib import Path

from gantools.audio.formats import FLOATS
from gantools.audio.io import AudioReader
from gantools.effects.chain import normalise
from gantools.effects.config import ChainConfig
from gantools.effects.features import Features
from gantools.effects.stem import read_stem


def room_of_file(
    path: Path, features: Features, config: ChainConfig, *, role: str, seed: int = 0
) -> dict[str, float | None]:
    """Put a stem through the chain at its own loudness.

    Parameters
    ----------
    path : Path
    features, config, role, seed
        See `gantools.effects.chain.normalise`.

    Returns
    -------
    dict
        ``wanted_lu``: from its loudness to the target of its type. ``room_db``: from its true peak, after all effects
        and at its own loudness, to the ceiling; integers hold no more than full scale, and without a stage for
        loudness there is no other ceiling. Empty for silence.

    Raises
    ------
    InputError
        The file cannot be read, or the features lack the type.
    """
    with AudioReader(path) as reader:
        full_scale_db = math.inf if reader.subtype in FLOATS else 0.0
    stem = read_stem(path, nan=config.nan)
    result = normalise(stem, features, config, role=role, seed=seed, change_lu=0.0)
    if "silent" in result.flags:
        return {}
    target = config.lufs
    if target is None:
        target = features.for_stem(role, config.fallback).loudness_lufs.mean
    ceiling_db = config.true_peak_db if "loudness" in config.stages() else math.inf
    lufs, peak_db = result.figures["lufs"][0], result.figures["true_peak_db"][1]
    assert lufs is not None
    assert peak_db is not None
    return {"wanted_lu": target - lufs, "room_db": min(ceiling_db, full_scale_db) - peak_db}
