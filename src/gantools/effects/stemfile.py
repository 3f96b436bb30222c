"""One file through the chain: what is not sound stays as it is."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import AudioReader, AudioWriter
from gantools.audio.tags import Tags, read_tags
from gantools.effects.analysis import decibels, warnings_of
from gantools.effects.chain import Normalised, normalise
from gantools.effects.config import ChainConfig
from gantools.effects.features import Features
from gantools.effects.stem import chunks, read_stem
from gantools.files.atomic import atomic_path, scratch_folder
from gantools.files.hashing import hash_json

_MARK = "gantools-fxnorm"
_LONG_FRAMES = 1 << 25  # beyond 12 minutes at 44.1 kHz a folder for scratch files is made


def mark_of(features: Features, config: ChainConfig) -> str:
    """Return the comment by which a processed file is known: features and all options that change samples."""
    options = {f.name: getattr(config, f.name) for f in fields(ChainConfig)}
    return f"{_MARK} feat={features.feature_id} cfg={hash_json(options)[:12]}"


def normalise_file(
    path: Path,
    outputs: Sequence[Path],
    features: Features,
    config: ChainConfig,
    *,
    role: str,
    seed: int = 0,
    dither: bool = True,
    bits: str = "source",
    again: bool = False,
    tick: Callable[[float], None] = lambda share: None,
) -> dict[str, Any]:
    """Write the normalised version of one file, with its rate, channels, length, sample format, tags and cue points.

    Parameters
    ----------
    path : Path
    outputs : sequence of Path
        The file to write, and optionally a PNG picture.
    features, config, role, seed, tick
        See `normalise`.
    dither : bool
        Where the samples become integers.
    bits : str
        See `AudioWriter`.
    again : bool
        Process even what says that it was processed so already; else such a file is copied.

    Returns
    -------
    dict
        ``flags``, the figures (before, after) and ``settings``; for the record.

    Raises
    ------
    InputError
        See `normalise` and `gantools.effects.stem.read_stem`.
    """
    tags, mark = read_tags(path), mark_of(features, config)
    if not again and mark in tags.strings.get("comment", ""):
        _copy(path, outputs[0])
        return {"flags": ["unchanged"]}
    with _scratch(path, outputs[0].parent) as scratch:
        stem = read_stem(path, scratch, nan=config.nan)
        result = normalise(stem, features, config, role=role, seed=seed, scratch=scratch, tick=tick)
        if "silent" in result.flags:
            _copy(path, outputs[0])
        else:
            _write(path, outputs[0], result, tags.with_comment(mark), seed if dither else None, bits)
        tick(0.98)
    if len(outputs) > 1 and result.curves:
        from gantools.effects.plots import write_curves_png  # matplotlib takes a second to load

        write_curves_png(outputs[1], f"{path.name} ({role})", **_curves(result))
    warnings = warnings_of(stem)
    return {
        "flags": result.flags,
        **{name: [_rounded(side) for side in pair] for name, pair in result.figures.items()},
        "gain_db": round(decibels(result.gain), 4),
        "settings": result.settings,
    } | ({"warning": "; ".join(warnings)} if warnings else {})


def _curves(result: Normalised) -> dict[str, dict[str, np.ndarray]]:
    return {"spectra_db": result.curves.get("spectra_db", {}), "similarities": result.curves.get("similarities", {})}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


@contextlib.contextmanager
def _scratch(path: Path, folder: Path) -> Iterator[Path | None]:
    """Give a folder for samples on disk where the file is long, else None."""
    with AudioReader(path) as reader:
        # A stream that does not say how long it is has at most a few bytes for a frame.
        long = (reader.expected_frames or path.stat().st_size) > _LONG_FRAMES
    if not long:
        yield None
        return
    with scratch_folder(folder) as scratch:
        yield scratch


def _copy(path: Path, out: Path) -> None:
    with atomic_path(out) as temporary:
        shutil.copyfile(path, temporary)
        os.chmod(temporary, 0o644)


def _write(path: Path, out: Path, result: Normalised, tags: Tags, dither_seed: int | None, bits: str) -> None:
    gain = np.float32(result.gain)
    with AudioReader(path) as reader:
        kept: dict[str, Any] = {"like": reader, "tags": tags, "dither": dither_seed, "frames": result.wave.shape[1]}
        writer = AudioWriter(out, reader.rate_hz, len(result.wave), bits, **kept)
    with writer:
        for block in chunks(result.wave):
            writer.append(np.multiply(block.T, gain, order="C"))
