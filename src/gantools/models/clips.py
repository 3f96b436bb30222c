"""The recordings that a model folder keeps: those of a model of single clips, beside its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MOST_RATE_HZ
from gantools.errors import InputError, ModelError
from gantools.files.containers import read_tensors, write_tensors

CLIPS_FILE = "clips.safetensors"


def write_clips(folder: Path, clips: Sequence[np.ndarray], rate_hz: int) -> None:
    """Write the training clips, arrays (channels, n), into a model folder."""
    arrays = {f"clip{index:03d}": clip.astype(np.float32) for index, clip in enumerate(clips)}
    write_tensors(folder / CLIPS_FILE, arrays, {"rate_hz": rate_hz})


def read_clips(folder: str | Path) -> tuple[list[np.ndarray], int]:
    """Return the training clips, float32 (channels, n) of peak 1 each, left and right as such, and their rate in Hz.

    The peak of each in its file is in ``data.clips`` of ``config.json``.

    Raises
    ------
    ModelError
        The file is missing, damaged or of another kind.
    """
    path = Path(folder) / CLIPS_FILE
    try:
        arrays, meta = read_tensors(path)
    except InputError as error:
        raise ModelError(error.message, error.path) from error
    clips, rate_hz = [arrays[name] for name in sorted(arrays)], meta.get("rate_hz")
    # By type(), as true is an int to isinstance.
    if not (type(rate_hz) is int and 1 <= rate_hz <= MOST_RATE_HZ and clips and all(map(_is_clip, clips))):
        raise ModelError("not the clips of a model; train it again, or restore the file", path)
    return clips, rate_hz


def _is_clip(array: np.ndarray) -> bool:
    return array.dtype == np.float32 and array.ndim == 2 and array.shape[0] in (1, 2) and array.shape[1] > 0


def check_clips(model: Mapping[str, Any], folder: str | Path) -> None:
    """Check what ``config.json`` says of the clips: rates, channels, seconds, and the peak and length of each.

    Parameters
    ----------
    model : mapping
        Contents of ``config.json``; see `gantools.models.folder.read_configuration`.
    folder : str or Path

    Raises
    ------
    ModelError
        It is not the configuration of a model of clips.
    """
    if wrong := _what_is_wrong(model["data"]):
        path = Path(folder) / "config.json"
        raise ModelError(f"not the configuration of a model ({wrong}); train it again, or restore the file", path)


def _what_is_wrong(data: Mapping[str, Any]) -> str:
    """Return what keeps the data in `config.json` from being those of a model of clips, or an empty string."""
    rates = data.get("rates_hz")
    # By type(), as true is an int to isinstance.
    if not (isinstance(rates, list) and rates and all(type(r) is int and 1 <= r <= MOST_RATE_HZ for r in rates)):
        return "data.rates_hz is no list of rates"
    clips = data.get("clips")
    if not (isinstance(clips, list) and clips and all(isinstance(clip, dict) for clip in clips)):
        return "data.clips is no list of clips"
    for clip in clips:
        if not all(isinstance(clip.get(part), int | float) for part in ("peak", "seconds")):
            return "a clip without peak or seconds"
    if data.get("channels") not in (1, 2) or not isinstance(data.get("seconds"), int | float):
        return "data.channels or data.seconds is missing"
    return ""
