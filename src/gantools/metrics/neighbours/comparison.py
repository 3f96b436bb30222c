"""How near generated music is to what it was learnt from: what ``gantools evaluate neighbours`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gantools.audio.latentfile import SUFFIX
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.neighbours.config import NeighboursConfig
from gantools.metrics.neighbours.windows import Frames, Nearest, read_frames, standardised
from gantools.metrics.thinning import thinned
from gantools.report.clip import Clip

#: Distance to the nearest of the training over that of music that was held out: below the first it is copied, and
#: between the second and the third it is as new as real music.
COPIED, LOW, HIGH = 0.6, 0.8, 1.25
#: Windows of a set, evenly spread.
_MOST_WINDOWS = 2000
_CLOSEST = 5

Read = Sequence[tuple[Clip, Frames]]


def compare_neighbours(
    generated: Sequence[Clip],
    real: Sequence[Clip],
    held_out: Sequence[Clip],
    config: NeighboursConfig,
    conditions: Conditions,
) -> Result:
    """Measure the distance of windows to their nearest among those that were learnt from.

    Parameters
    ----------
    generated, real, held_out : sequence of Clip
        What is measured, what it was learnt from, and other music of the kind; all sounds, or all latents of one codec.
    config : NeighboursConfig
    conditions : Conditions

    Returns
    -------
    dict
        ``generated`` and ``held_out``, mean distances; their ``ratio``; ``copied``, the share of generated windows that
        are nearer than `COPIED` times the held-out mean, and ``held_out_copied``; ``verdict``; ``unit``; ``closest``,
        the windows most like the training and where they are; ``rows`` of files, and ``distances`` for the figure.

    Raises
    ------
    InputError
        A set has no window, or there are sounds beside latents, or latents of several codecs.
    """
    latent = {clip.path.name.endswith(SUFFIX) for clip in [*generated, *real, *held_out]}
    if len(latent) > 1:
        raise InputError("sounds cannot be compared with latents; encode all of them, or none")
    made, learnt, other = (_read(clips, conditions) for clips in (generated, real, held_out))
    kinds = {(one.values.shape[1], one.codec) for _, one in [*made, *learnt, *other]}
    if len(kinds) > 1:
        raise InputError("these are latents of several codecs, or mono beside stereo; encode all alike")
    if latent == {True}:
        change = standardised([one for _, one in learnt])
        made, learnt, other = ([(clip, change(one)) for clip, one in read] for read in (made, learnt, other))
    frame_hz = learnt[0][1].frame_hz
    length = max(1, round(config.window_seconds * frame_hz))
    found = {}
    for name, read in (("generated", made), ("held_out", other)):
        found[name] = _places(read, length)
    nearest = {
        name: Nearest(np.concatenate([read[n][1].windows(starts, length) for n, starts in enumerate(found[name])]))
        for name, read in (("generated", made), ("held_out", other))
    }
    for name, one in nearest.items():
        if not len(one.windows):
            raise InputError(
                f"no {name.replace('_', '-')} file is {config.window_seconds:g} s long; take shorter windows"
            )
    for number, (_, frames) in enumerate(learnt):
        for one in nearest.values():
            one.push(number, frames, length)
    return _result(made, learnt, found["generated"], nearest, frame_hz) | {
        "unit": "deviations" if latent == {True} else "dB",
        "window_s": length / frame_hz,
        "files": len(made),
    }


def _read(clips: Sequence[Clip], conditions: Conditions) -> list[tuple[Clip, Frames]]:
    found = []
    for clip in clips:
        try:
            found.append((clip, read_frames(clip.path, conditions.failed)))
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    if not found:
        raise InputError("a set has no file that could be measured; give files that are not silent")
    return found


def _places(read: Read, length: int) -> list[np.ndarray]:
    """Return where windows of each file begin, half of a window apart; fewer where there are many."""
    starts = [one.starts(length, max(1, length // 2)) for _, one in read]
    step = max(1, -(-sum(map(len, starts)) // _MOST_WINDOWS))
    return [one[::step] for one in starts]


def _result(
    made: Read, learnt: Read, places: Sequence[np.ndarray], nearest: dict[str, Nearest], frame_hz: float
) -> dict[str, Any]:
    distances = {name: one.distances for name, one in nearest.items()}
    reference = max(float(distances["held_out"].mean()), 1e-9)
    ratio = float(distances["generated"].mean()) / reference
    file = np.repeat(np.arange(len(made)), [len(starts) for starts in places])
    start, own = np.concatenate(places), nearest["generated"]
    closest = [
        {
            "file": made[file[n]][0].name,
            "at_s": round(float(start[n]) / frame_hz, 2),
            "real": learnt[own.file[n]][0].name,
            "real_at_s": round(float(own.start[n]) / frame_hz, 2),
            "ratio": float(distances["generated"][n]) / reference,
        }
        for n in np.argsort(distances["generated"], kind="stable")[:_CLOSEST]
    ]
    rows = []
    for number, (clip, _) in enumerate(made):
        mine = distances["generated"][file == number]
        if len(mine):
            rows.append(
                {"file": clip.name, "ratio": float(mine.mean()) / reference, "nearest": float(mine.min()) / reference}
            )
    return {
        "ratio": ratio,
        "verdict": verdict_of(ratio),
        "generated": float(distances["generated"].mean()),
        "held_out": reference,
        "copied": float(np.mean(distances["generated"] < COPIED * reference)),
        "held_out_copied": float(np.mean(distances["held_out"] < COPIED * reference)),
        "windows": {name: len(values) for name, values in distances.items()},
        "closest": closest,
        "rows": rows,
        "distances": {name: thinned(values, 4) for name, values in distances.items()},
    }


def verdict_of(ratio: float) -> str:
    """Return what a ratio of distances means, in a word."""
    if ratio < COPIED:
        return "copied"
    return "near" if ratio < LOW else "new" if ratio <= HIGH else "far"
