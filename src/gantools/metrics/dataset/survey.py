"""A folder of music: how much there is of what, how training would split it, what is there twice, what is of no use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from gantools.audio.fingerprint import Fingerprint, twins
from gantools.chunks.splits import SPLITS, assign
from gantools.errors import InputError
from gantools.metrics.dataset.config import DatasetConfig
from gantools.metrics.dataset.measuring import measure_file, print_of
from gantools.metrics.metric import Conditions, Result
from gantools.options import parsed
from gantools.report.clip import Clip
from gantools.training.songs import split_songs

#: Fields of a file that are told of all files together, with their quantiles.
_SPREAD = ("seconds", "lufs", "peak_db", "silent_share")
_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True)
class _Drawn(DatasetConfig):
    """The options of a split that is drawn with a seed."""

    seed: int = 0


def survey_files(clips: Sequence[Clip], config: DatasetConfig, conditions: Conditions) -> Result:
    """Look at each file, and at all together.

    Returns
    -------
    dict
        ``files`` and ``songs`` that can be read; ``audio_seconds`` of all, ``spread`` (quantiles 0, .05, .5, .95 and
        1) of each of `_SPREAD`; ``rates_hz``, ``channels``, ``formats``, ``roles``: how many files have each;
        ``silent_share`` of all sound; ``splits``, see `splits`; ``twins``, groups of files that are one recording;
        ``apart``, those of them that the split by name puts on several sides; ``unusable``, files that training leaves
        out, with the reason; ``rows`` of files.

    Raises
    ------
    InputError
        No file could be read.
    ConfigError
        The splits name songs that there are not.
    """
    rows, prints, unusable = [], dict[str, Fingerprint](), []
    songs = {clip.name: clip.song for clip in clips}
    for clip in clips:
        try:
            found = conditions.keep(partial(measure_file, clip.path, config.least_level_db), clip.path)
        except InputError as error:
            conditions.failed(clip.path, error)
            unusable.append({"file": clip.name, "why": error.message})
        else:
            if found["why"]:
                unusable.append({"file": clip.name, "why": found["why"]})
            prints[clip.name] = print_of(found)
            kept = {name: value for name, value in found.items() if name not in ("digest", "levels_db")}
            rows.append({"file": clip.name, "role": clip.role, **kept})
        conditions.tick()
    if not rows:
        raise InputError("no file could be read")
    seconds = {row["file"]: row["seconds"] for row in rows if not row["why"]}
    same = twins({name: prints[name] for name in seconds})
    by_name = {name: _side(songs[name], config) for name in seconds}
    return {
        "files": len(rows),
        "songs": len({songs[row["file"]] for row in rows}),
        "audio_seconds": sum(row["seconds"] for row in rows),
        "spread": {name: _spread([row[name] for row in rows]) for name in _SPREAD},
        "silent_share": float(np.average([r["silent_share"] for r in rows], weights=[r["seconds"] for r in rows])),
        **{name: _counts(row[field] for row in rows) for name, field in _COUNTED.items()},
        "splits": splits(seconds, songs, same, by_name, config, conditions.seed),
        "twins": same,
        "apart": [group for group in same if len({by_name[name] for name in group}) > 1],
        "unusable": unusable,
        "rows": rows,
        "config": asdict(config),
    }


_COUNTED = {"rates_hz": "rate_hz", "channels": "channels", "formats": "format", "roles": "role"}


def _counts(values: Any) -> dict[str, int]:
    return {str(value): count for value, count in Counter(values).most_common()}


def _spread(values: Sequence[float]) -> list[float]:
    known = np.array(values, np.float64)
    known = known[np.isfinite(known)]
    return np.quantile(known, _QUANTILES).tolist() if len(known) else [float("nan")] * len(_QUANTILES)


def _side(song: str, config: DatasetConfig) -> str:
    return assign(song, parsed(config, "split"), parsed(config, "val_songs"), parsed(config, "test_songs"))


def splits(
    seconds: Mapping[str, float],
    songs: Mapping[str, str],
    same: Sequence[Sequence[str]],
    by_name: Mapping[str, str],
    config: DatasetConfig,
    seed: int,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return how training would split files that sound, by both of its rules.

    ``seed``: as `train wavegan`, `musika` and `codec` do, which draw songs with the seed and keep a recording that is
    there twice on one side; a file is a song. ``name``: as `chunk` and the systems on MIDI do, by a hash of the song's
    name; the stems of a song stay together.

    Returns
    -------
    dict
        Rule -> side -> ``files``, ``songs`` (how many) and ``seconds``; where songs were not held out, validation has
        those of training.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {"seed": {}, "name": {}}
    if not seconds:
        return found
    drawn_with: Any = _Drawn(
        config.role, config.split, config.val_songs, config.test_songs, config.least_level_db, seed
    )
    drawn = split_songs(list(seconds), drawn_with, same)
    for side in SPLITS:
        named = [name for name in seconds if by_name[name] == side]
        for rule, names in (("seed", drawn[side]), ("name", named)):
            found[rule][side] = {
                "files": len(names),
                "songs": len(names) if rule == "seed" else len({songs[name] for name in names}),
                "seconds": sum(seconds[name] for name in names),
            }
    return found
