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

from gantools.audio.formats import SourceFormat, choose, depth
from gantools.audio.io import AudioReader
from gantools.audio.tags import Tags, read_tags
from gantools.audio.writing import AudioWriter, loudness_notice, lowering
from gantools.effects.analysis import decibels, warnings_of
from gantools.effects.chain import Normalised, normalise
from gantools.effects.config import ChainConfig
from gantools.effects.features import Features
from gantools.effects.stem import chunks, read_stem
from gantools.files.atomic import atomic_path, scratch_folder
from gantools.files.hashing import hash_json
from gantools.files.members import holder, is_part

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
    change_lu: float | None = None,
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
        Whether to dither where the samples become integers.
    bits : str
        See `AudioWriter`.
    change_lu : float, optional
        See `normalise`.
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
    # The mark says that these features and options made the file: a second run would compress it once more.
    if not again and mark in tags.comment and _same_format(path, outputs[0], bits):
        _copy(path, outputs[0])
        return {"flags": ["unchanged"]}
    with _scratch(path, outputs[0].parent) as scratch:
        stem = read_stem(path, scratch, nan=config.nan)
        options: dict[str, Any] = {"role": role, "seed": seed, "scratch": scratch, "change_lu": change_lu}
        result = normalise(stem, features, config, tick=tick, **options)
        warnings = warnings_of(stem)
        if result.untouched and not stem.replaced and _same_format(path, outputs[0], bits):
            _copy(path, outputs[0])  # what a codec or the samples' own depth would lose stays too
        else:
            marked = tags if "silent" in result.flags else tags.with_comment(mark)
            warnings += _write(path, outputs[0], result, marked, seed if dither else None, bits)
        tick(0.98)
    if len(outputs) > 1 and result.curves:
        from gantools.effects.plots import write_curves_png  # matplotlib takes a second to load

        write_curves_png(outputs[1], f"{path.name} ({role})", **_curves(result))
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
        long = (reader.expected_frames or holder(path).stat().st_size) > _LONG_FRAMES
    if not long:
        yield None
        return
    with scratch_folder(folder) as scratch:
        yield scratch


def _same_format(path: Path, out: Path, bits: str) -> bool:
    """Tell whether a copy of a file is what is to be written."""
    return bits == "source" and not is_part(path) and path.suffix.lower() == out.suffix.lower()


def _copy(path: Path, out: Path) -> None:
    with atomic_path(out) as temporary:
        shutil.copyfile(path, temporary)
        os.chmod(temporary, 0o644)


def _write(path: Path, out: Path, result: Normalised, tags: Tags, seed: int | None, bits: str) -> list[str]:
    """Write the samples with the last gain, lowered where they would clip; return what a user should hear of it."""
    with AudioReader(path) as reader:
        rate_hz, like = reader.rate_hz, SourceFormat.of(reader)
    _, subtype = choose(out, bits, like)
    peak = result.gain * max((float(np.abs(block).max()) for block in chunks(result.wave)), default=0.0)
    lowered = lowering(peak, subtype)
    if result.untouched and lowered == 1 and depth(subtype) >= depth(like.subtype):
        seed = None  # no step is rounded
    kept: dict[str, Any] = {"like": like, "tags": tags, "dither": seed, "frames": result.wave.shape[1]}
    with AudioWriter(out, rate_hz, len(result.wave), bits, gain=result.gain * lowered, **kept) as writer:
        for block in chunks(result.wave):
            writer.append(block.T)
    # The record tells what was written, so its figures are lowered too.
    if lowered < 1:
        result.gain *= lowered
        result.flags.append("lowered")
        for name in ("lufs", "true_peak_db"):
            if name in result.figures:
                before, after = result.figures[name]
                result.figures[name] = (before, None if after is None else after + decibels(lowered))
    notice = loudness_notice(peak, lowered)
    return [notice] if notice else []
