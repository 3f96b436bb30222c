"""Planning a chunk folder: the range, the parameters, and which shard each source gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.melfile import HISTOGRAM_BINS, HISTOGRAM_LOW_DB, SUFFIX, MelFile, read_mel
from gantools.audio.quantise import DbRange, covering_range
from gantools.chunks.config import ChunkConfig
from gantools.chunks.shards import SHARD_NAME
from gantools.errors import ConfigError, InputError
from gantools.files.hashing import hash_json
from gantools.options import parsed, to_mapping

#: Options that say what is expected of a source, not what a chunk is; they may differ between runs.
_PER_RUN = ("role",)
_MEL_ONLY = ("frames", "stride", "codes", "db_range", "windows_per_song", "active_share", "silence_db")
_AUDIO_ONLY = ("samples", "clips_per_song", "sample_rate_hz")


def kind_of(paths: Iterable[Path]) -> str:
    """Return ``mel`` or ``audio``; raises ConfigError when both are among the inputs."""
    kinds = {"mel" if path.name.endswith(SUFFIX) else "audio" for path in paths}
    if len(kinds) > 1:
        raise ConfigError("mel files and audio together; give one kind, and write each to its own folder")
    return kinds.pop() if kinds else "mel"


def _readable(paths: Sequence[Path]) -> list[MelFile]:
    mels = []
    for path in paths:
        try:
            mels.append(read_mel(path))
        except InputError:
            continue  # reported when its turn comes
    return mels


def describe(kind: str, paths: Sequence[Path], config: ChunkConfig, known: dict[str, Any] | None) -> dict[str, Any]:
    """Return the content of ``dataset.json``.

    Parameters
    ----------
    kind : str
    paths : sequence of Path
        All inputs, in order.
    config : ChunkConfig
    known : dict or None
        What the folder's ``dataset.json`` says. Its range stays when the options are the same, so that added songs
        do not change the chunks of the others.

    Raises
    ------
    ConfigError
        No input can be read, so that nothing is known of its parameters.
    """
    drop = _PER_RUN + (_AUDIO_ONLY if kind == "mel" else _MEL_ONLY)
    options = {key: value for key, value in to_mapping(config).items() if key not in drop}
    if known and known["kind"] == kind and known["config"] == options:
        same_params = kind == "audio" or any(to_mapping(mel.params) == known["params"] for mel in _readable(paths))
        if same_params or not paths:
            return known
    if kind == "audio":
        return {"kind": kind, "config": options}
    mels = _readable(paths)
    if not mels:
        raise ConfigError(f"none of {len(paths)} mel files can be read; make them with gantools melify")
    params = mels[0].params
    if config.db_range == "auto":
        total = np.zeros(HISTOGRAM_BINS, np.int64)
        for mel in mels:
            # Files of other parameters are refused when their turn comes; they must not widen the range.
            if mel.params == params:
                total += mel.histogram
        db_range = covering_range(total, HISTOGRAM_LOW_DB)
    else:
        db_range = DbRange(*parsed(config, "db_range"))
    return {
        "kind": kind,
        "params": to_mapping(params),
        "db_range": [db_range.lo_db, db_range.hi_db],
        "config": options,
    }


def params_of(dataset: Mapping[str, Any]) -> tuple[MelParams, DbRange]:
    """Return mel parameters and range of a mel dataset."""
    return MelParams(**dataset["params"]), DbRange(*dataset["db_range"])


def dataset_hash(dataset: Mapping[str, Any]) -> str:
    """Return the hash on which every shard of a folder depends."""
    return hash_json({key: dataset.get(key) for key in ("kind", "params", "db_range", "config")})


def shard_names(keys: Sequence[str], taken: Mapping[str, str], index: int, count: int) -> dict[str, str]:
    """Return source key -> shard name.

    Parameters
    ----------
    keys : sequence of str
        Sources in order.
    taken : mapping
        Key -> shard name of the sources that have one; they keep it.
    index, count : int
        Part `index` of `count` of a job array uses every `count`-th number, so that parts never meet.
    """
    used = {int(match[1]) for name in taken.values() if (match := SHARD_NAME.match(name))}
    names: dict[str, str] = {}
    number = index - 1
    for key in keys:
        if key in taken:
            names[key] = taken[key]
            continue
        while number in used:
            number += count
        used.add(number)
        names[key] = f"shard-{number:05d}.safetensors"
    return names


def shards_of(records: Mapping[str, dict[str, Any]], without: Iterable[str] = ()) -> dict[str, str]:
    """Return source key -> shard name of what a manifest says was cut; other names than those of shards are ignored."""
    found = {}
    for key in set(records) - set(without):
        names = [name for name in records[key]["outputs"] if SHARD_NAME.match(name)]
        if names and "dataset" in records[key]["fields"]:
            found[key] = names[0]
    return found


def stale_keys(records: Mapping[str, dict[str, Any]], digest: str, keys: Iterable[str], force: bool) -> set[str]:
    """Return the sources of an earlier run with other options that this run does not redo.

    Raises
    ------
    ConfigError
        There are some, and ``--force`` was not given: a folder holds chunks of one kind only.
    """
    cut = {key: record["fields"]["dataset"] for key, record in records.items() if "dataset" in record["fields"]}
    others = {key for key, made_with in cut.items() if made_with != digest} - set(keys)
    if others and not force:
        raise ConfigError(
            f"the output folder holds {len(others)} other sources cut with other options (such as {min(others)}); "
            "write to another folder, or drop them with --force"
        )
    return others
