"""Generated files, and real ones as if they were of patches: what ``gantools evaluate seams`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import load_mono
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.records import told
from gantools.metrics.seams.config import SeamsConfig
from gantools.metrics.seams.flux import AROUND_FRAMES, FRAME_HZ, LAGS, RATE_HZ, Flux, beside
from gantools.report.clip import Clip

#: Where a seam's onsets count as those of the music.
LOW, HIGH = 0.75, 1.35
#: How much more onsets repeat at parts of a patch than beside them, beyond real music, before patches are a rhythm.
MOST_LOCK = 0.1


def compare_seams(
    generated: Sequence[Clip], real: Sequence[Clip], config: SeamsConfig, conditions: Conditions
) -> Result:
    """Measure the seams of generated files.

    Parameters
    ----------
    generated, real : sequence of Clip
        Real music is measured as if it were made of patches of the same length; there may be none.
    config : SeamsConfig
    conditions : Conditions

    Returns
    -------
    dict
        ``onset_ratio`` and ``change_ratio``, each with ``_error``, half the width of its 95 % interval; ``lock``, by
        part of a patch; ``seams`` and ``patch_seconds``; the same under ``real``, and ``lock_excess``; ``verdict``,
        ``rows`` of files, and ``around`` for the figure.

    Raises
    ------
    InputError
        The length of the patches is not known, or no file holds a seam.
    """
    patches = {clip.path: config.patch_seconds or told_patch_s(clip.path) for clip in generated}
    unknown = [path for path, seconds in patches.items() if not seconds]
    if unknown:
        raise InputError("does not tell how long its patches are; give --patch-seconds", unknown[0])
    result = _measured(generated, patches, conditions)
    if not result["seams"]:
        raise InputError("no file is longer than a patch; give longer ones")
    result["patch_seconds"] = float(np.median(list(patches.values())))
    if real:
        equal = {clip.path: result["patch_seconds"] for clip in real}
        result["real"] = _measured(real, equal, conditions)
        locks = zip(result["lock"], result["real"]["lock"], strict=True)
        # Where real music repeats less than beside it, music that does not repeat is no more locked for that.
        result["lock_excess"] = [own - max(0.0, other) for own, other in locks]
    excess = max((value for value in result.get("lock_excess", []) if np.isfinite(value)), default=0.0)
    heard = not LOW <= result["onset_ratio"] <= HIGH
    result["verdict"] = "seams" if heard else "locked" if excess > MOST_LOCK else "seamless"
    return result


def told_patch_s(path: Path) -> float:
    """Return the length of the patches of a file as the record that made it says it; 0 where none does."""
    seconds = told(path, "patch_seconds")
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 0.0


def _measured(clips: Sequence[Clip], patches: dict[Path, float], conditions: Conditions) -> dict[str, Any]:
    onsets, changes, locks, rows, around = [], [], [], [], []
    for clip in clips:
        try:
            wave = load_mono(clip.path, RATE_HZ, conditions.failed)
            if not wave.any():
                raise InputError("is silent", clip.path)
            flux = Flux.of(wave)
        except InputError as error:  # of samples, which have no path, where there are too few of them
            conditions.failed(clip.path, error if error.path else InputError(error.message, clip.path))
            conditions.tick()
            continue
        places = flux.seams(patches[clip.path])
        onset, mean = beside(places, flux.onsets)
        change, _ = beside(places, flux.changes)
        onsets.append(onset)
        changes.append(change)
        locks.append(flux.lock(patches[clip.path]))
        around += _around(flux.rises, places)
        own = {"onset_ratio": _mean(onset), "change_ratio": _mean(change), "seams": len(places), "onset_db": mean}
        rows.append({"file": clip.name, **own})
        conditions.tick()
    if not rows:
        raise InputError("no file could be measured; give audio that is not silent")
    found: dict[str, Any] = {"files": len(rows), "rows": rows, "seams": sum(len(values) for values in onsets)}
    for name, values in (("onset_ratio", np.concatenate(onsets)), ("change_ratio", np.concatenate(changes))):
        found[name] = _mean(values)
        found[f"{name}_error"] = float(1.96 * values.std() / len(values) ** 0.5) if len(values) > 1 else float("nan")
    found["lock"] = [_mean(np.array(values)) for values in zip(*locks, strict=True)]
    found["around"] = np.mean(around, axis=0).round(4).tolist() if around else []
    return found


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _around(rises: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
    """Return the rises around each place over their mean, for the places that have half a second on both sides."""
    mean = max(float(rises.mean()), 1e-9)
    inside = places[(places >= AROUND_FRAMES) & (places + AROUND_FRAMES < len(rises))]
    return [rises[place - AROUND_FRAMES : place + AROUND_FRAMES + 1] / mean for place in inside]


def around_seconds() -> np.ndarray:
    """Return the times of ``around`` in seconds from the seam."""
    return np.arange(-AROUND_FRAMES, AROUND_FRAMES + 1) / FRAME_HZ


def lag_names() -> list[str]:
    """Return the parts of a patch at which the rhythm is looked at, as words."""
    return [{0.25: "a quarter", 0.5: "half", 1.0: "one"}[lag] for lag in LAGS]
