"""Windows of paired mel spectrograms, for the metrics that compare them in time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.melfile import SUFFIX
from gantools.audio.melwindows import MelWindow, common_params, cut, load_mel
from gantools.errors import InputError
from gantools.files.hashing import hash_json
from gantools.metrics.metric import Conditions, Keep
from gantools.options import to_mapping
from gantools.report.clip import Clip


def paired_windows(pairs: Sequence[tuple[Clip, Clip]], frames: int, conditions: Conditions) -> list[MelWindow]:
    """Return the mel windows of files beside those of their counterparts, see `gantools.audio.melwindows.cut`.

    Parameters
    ----------
    pairs : sequence of (Clip, Clip)
        Generated file and counterpart; audio or mel files.
    frames : int
        Length of a window.
    conditions : Conditions
        A pair that fails is told as its generated file.

    Raises
    ------
    InputError
        No window is left.
    """
    params = common_params(tuple(clip.path for pair in pairs for clip in pair))
    windows: list[MelWindow] = []
    for clip, other in pairs:
        try:
            own, beside = (_mel(one.path, params, conditions.keep) for one in (clip, other))
            windows += cut(own, beside, frames, params, clip.name)
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    if not windows:
        raise InputError("no window of any pair is left: the files are too short, silent or broken")
    return windows


def _mel(path: Path, params: MelParams, keep: Keep) -> np.ndarray:
    """Return the mel of a file; only that of a sound is work worth keeping."""
    make = partial(load_mel, path, params)
    return make() if path.name.endswith(SUFFIX) else keep(make, path, part=hash_json(to_mapping(params)))
