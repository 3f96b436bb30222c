"""Whether one result keeps its tempo and its key, for choosing among several."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import load_mono
from gantools.errors import ConfigError, InputError
from gantools.metrics.music.constancy import SAME_TEMPO, constancy, hear_windows
from gantools.metrics.music.steady_config import SteadyConfig
from gantools.structure.keys import RATE_HZ, key_name

#: Shares of windows are fractions: 4 of 5 are .8.
_ROUNDING = 1e-9
#: What a result may want, as messages count it.
TEMPO, KEY, BPM, SOUND = "without a steady tempo", "without a steady key", "of another tempo", "without sound enough"


def hear_steadiness(path: str | Path, window_seconds: float) -> dict[str, Any]:
    """Return what is heard of a file from window to window; nothing where fewer than two windows sound.

    Parameters
    ----------
    path : str or Path
    window_seconds : float

    Returns
    -------
    dict
        ``tempo_share``, the share of all windows that have a pulse at the tempo of most; ``key_share``, that of the
        commonest key; ``heard_bpm``, NaN where there is no such tempo; ``heard_key``.

    Raises
    ------
    ConfigError
        The file is shorter than two windows, and so are others that are made like it.
    """
    try:
        wave = load_mono(path, RATE_HZ)
    except InputError:  # NaN: whoever draws it is told by the record of a result, not by one that is refused
        return {}
    seconds = len(wave) / RATE_HZ
    if round(window_seconds * RATE_HZ) * 2 > len(wave):
        raise ConfigError(
            f"window_seconds: results of {seconds:.1f} s hold no two windows of {window_seconds:g} s; ask for longer "
            "ones, or fewer --window-seconds"
        )
    try:
        figures = constancy(hear_windows(wave, window_seconds))
    except InputError:
        return {}
    kept = figures["tempo_kept"]
    return {
        "tempo_share": float(np.nan_to_num(kept) * figures["pulse_found"]),
        "key_share": figures["key_kept"],
        "heard_bpm": figures["bpm"],
        "heard_key": key_name(int(figures["key"])),
    }


def wanting(heard: Mapping[str, Any], config: SteadyConfig) -> str:
    """Return what a result wants for being kept, or an empty string.

    Parameters
    ----------
    heard : mapping
        From `hear_steadiness`; a tempo may be None for NaN, as JSON has it.
    config : SteadyConfig
    """
    if not heard:
        return SOUND
    if heard["tempo_share"] < config.steady_tempo - _ROUNDING:
        return TEMPO
    if config.steady_bpm and not _same_tempo(heard["heard_bpm"], config.steady_bpm):
        return BPM
    return KEY if heard["key_share"] < config.steady_key - _ROUNDING else ""


def _same_tempo(bpm: float | None, wanted: float) -> bool:
    """Tell whether two tempi are one, its half or its double, as `constancy` counts them."""
    if bpm is None or not math.isfinite(bpm):
        return False
    octaves = math.log2(bpm / wanted)
    return abs(octaves - round(min(1.0, max(-1.0, octaves)))) < math.log2(1 + SAME_TEMPO)
