"""Metrics on sets of files: what ``gantools evaluate`` runs. Each returns a plain dict for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.config import MelParams
from gantools.audio.melfile import SUFFIX
from gantools.audio.melwindows import MelWindow, common_params, covering_db_range, cut, is_active, load_mel
from gantools.audio.quantise import DbRange
from gantools.errors import GantoolsError, InputError
from gantools.files.hashing import hash_json
from gantools.files.partial import Keep, made_anew
from gantools.metrics.config import EmbeddingConfig, FrechetConfig, RhythmConfig, StoiConfig
from gantools.metrics.embedders.embedding import Embedder, Embeddings, describe_embedder, embed_files, open_embedder
from gantools.metrics.frechet.extrapolation import FadInfinity, bootstrap_interval, fad_infinity
from gantools.metrics.rhythm import AlignmentResult, alignment, copy_distance, onset_envelope
from gantools.metrics.stoi import stoi_features
from gantools.options import to_mapping
from gantools.report.clip import Clip

Failed = Callable[[Path, GantoolsError], None]
Tick = Callable[[], None]
Result = dict[str, Any]


def compare_frechet(
    generated: Sequence[Clip],
    real: Sequence[Clip],
    config: FrechetConfig,
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
    failed: Failed,
    tick: Tick = lambda: None,
    keep: Keep = made_anew,
) -> Result:
    """Fréchet distance between two sets of audio files, with its intervals.

    Parameters
    ----------
    generated, real : sequence of Clip
    config : FrechetConfig
    seed : int
        Of the draws.
    device : torch.device or str
    failed, tick : callable
        Told each file that fails; called after each file.
    keep : callable
        Given what makes the result of one file; see `gantools.files.partial.Partial.keep`.

    Returns
    -------
    dict
        ``distance`` with its interval, ``fad_infinity`` (or ``fad_infinity_refused``, the reason), the embedder, the
        numbers of vectors and files. With several networks (rand-cnn) values are means over them, and
        ``distance_sd`` tells how much they differ.
    """
    embedder = open_embedder(config, device)
    a, b = (embed_set(clips, embedder, config, failed, tick, keep) for clips in (generated, real))
    networks = list(zip(a.vectors, b.vectors, strict=True))
    measured = [bootstrap_interval(*vectors, a.groups, b.groups, seed) for vectors in networks]
    result: Result = {
        **describe_sets(embedder, config, a, b),
        "distance": float(np.mean([interval.value for interval in measured])),
        "distance_low": float(np.mean([interval.low for interval in measured])),
        "distance_high": float(np.mean([interval.high for interval in measured])),
    }
    if len(measured) > 1:
        result["distance_sd"] = float(np.std([interval.value for interval in measured], ddof=1))
    if config.infinity:
        try:
            pairs = zip(networks, measured, strict=True)
            result |= _infinity([fad_infinity(*vectors, interval, seed) for vectors, interval in pairs])
        except InputError as error:
            result["fad_infinity_refused"] = str(error)
    return result


def embed_set(
    clips: Sequence[Clip], embedder: Embedder, config: EmbeddingConfig, failed: Failed, tick: Tick, keep: Keep
) -> Embeddings:
    """Embed a set of files as a configuration says."""
    return embed_files([clip.path for clip in clips], embedder, failed, tick, config.silence, config.clip_s, keep)


def describe_sets(embedder: Embedder, config: EmbeddingConfig, generated: Embeddings, real: Embeddings) -> Result:
    """Return what a result says of its embedder and of the two sets."""
    return {
        **describe_embedder(embedder),
        "clip_s": config.clip_s,
        "n_generated": len(generated.groups),
        "n_real": len(real.groups),
        "silent_generated": generated.silent,
        "silent_real": real.silent,
        "silence_counted": config.silence,
        "files_generated": len(generated.files),
        "files_real": len(real.files),
    }


def _infinity(lines: Sequence[FadInfinity]) -> Result:
    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    return {
        "fad_infinity": mean([line.limit.value for line in lines]),
        "fad_infinity_low": mean([line.limit.low for line in lines]),
        "fad_infinity_high": mean([line.limit.high for line in lines]),
        "slope": mean([line.slope for line in lines]),
        "r_squared": mean([line.r_squared for line in lines]),
        "core_axes": max(line.core_axes for line in lines),
        "draws": {"sizes": lines[0].sizes, "distances": np.mean([line.distances for line in lines], 0).tolist()},
    }


def compare_rhythm(
    pairs: Sequence[tuple[Clip, Clip]],
    real_pairs: Sequence[tuple[Clip, Clip]],
    config: RhythmConfig,
    *,
    seed: int = 0,
    failed: Failed,
    tick: Tick = lambda: None,
    keep: Keep = made_anew,
) -> Result:
    """Onset alignment of generated files with their sources, and their distance from a copy.

    Parameters
    ----------
    pairs : sequence of (Clip, Clip)
        Generated file and source.
    real_pairs : sequence of (Clip, Clip)
        Real counterpart and source, for comparison; may be empty.
    config : RhythmConfig
    seed : int
        Of the permutations.
    failed, tick : callable
        Told each generated file that fails; called after each pair.
    keep : callable
        Given what makes the mel of a sound; see `gantools.files.partial.Partial.keep`.

    Returns
    -------
    dict
        The fields of `AlignmentResult`, ``copy_distance`` (network range), ``copy_distance_db``, ``db_range`` and the
        correlations of single windows; the same for the real pairs under ``real``, where the real part plays, and
        ``ratio_to_real``.
    """
    windows = _windows(pairs, config.window_frames, failed, tick, keep)
    span = covering_db_range([mel for window in windows for mel in (window.generated, window.other)])
    result = {**_aligned(windows, seed), "files": len({window.name for window in windows})}
    result |= {"window_frames": config.window_frames, "db_range": [span.lo_db, span.hi_db]}
    result["copy_distance"] = _distance(windows, span)
    result["copy_distance_db"] = _distance(windows, None)
    if real_pairs:
        found = _windows(real_pairs, config.window_frames, failed, tick, keep)
        references = [window for window in found if is_active(window.generated)]
        result["real"] = {**_aligned(references, seed), "copy_distance": _distance(references, span)}
        if result["real"]["own"] > 0:
            result["ratio_to_real"] = result["own"] / result["real"]["own"]
    return result


def _windows(
    pairs: Sequence[tuple[Clip, Clip]], frames: int, failed: Failed, tick: Tick, keep: Keep
) -> list[MelWindow]:
    params = common_params(tuple(clip.path for pair in pairs for clip in pair))
    windows: list[MelWindow] = []
    for clip, other in pairs:
        try:
            own, beside = (_mel(one.path, params, keep) for one in (clip, other))
            windows += cut(own, beside, frames, params, clip.name)
        except InputError as error:
            failed(clip.path, error)
        tick()
    if not windows:
        raise InputError("no window of any pair is left: the files are too short, silent or broken")
    return windows


def _mel(path: Path, params: MelParams, keep: Keep) -> np.ndarray:
    """Return the mel of a file; only that of a sound is work worth keeping."""
    make = partial(load_mel, path, params)
    return make() if path.name.endswith(SUFFIX) else keep(make, path, part=hash_json(to_mapping(params)))


def _aligned(windows: Sequence[MelWindow], seed: int) -> Result:
    own = [onset_envelope(window.generated) for window in windows]
    scores: AlignmentResult = alignment(own, [onset_envelope(window.other) for window in windows], seed)
    fields = {name: getattr(scores, name) for name in ("own", "other", "z", "rank", "p", "n")}
    rest = scores.matrix[~np.eye(scores.n, dtype=bool)]
    return {**fields, "own_values": np.diag(scores.matrix).tolist(), "other_values": _thinned(rest)}


def _thinned(values: np.ndarray, most: int = 2000) -> list[float]:
    """Quantiles stand for long lists, so that reports stay small."""
    values = np.sort(values)
    return values[np.linspace(0, len(values) - 1, min(most, len(values))).astype(int)].round(4).tolist()


def _distance(windows: Sequence[MelWindow], span: DbRange | None) -> float:
    return float(np.mean([copy_distance(window.generated, window.other, span) for window in windows]))


def compare_stoi(
    pairs: Sequence[tuple[Clip, Clip]],
    config: StoiConfig,
    *,
    failed: Failed,
    tick: Tick = lambda: None,
    keep: Keep = made_anew,
) -> Result:
    """STOI-like features of generated files against their real counterparts.

    Returns
    -------
    dict
        ``mean`` over all bands and windows, ``bands`` (the mean of each of the 256), ``windows`` (file, start_s, mean)
        and ``features``, float64 (windows, bands), which the report writes as safetensors.
    """
    windows = _windows(pairs, config.window_frames, failed, tick, keep)
    features = np.array([stoi_features(window.generated, window.other, config.mode) for window in windows])  # type: ignore[arg-type]
    return {
        "mode": config.mode,
        "mean": float(features.mean()),
        "sd_windows": float(features.mean(1).std()),
        "n": len(windows),
        "files": len({window.name for window in windows}),
        "window_frames": config.window_frames,
        "bands": features.mean(0).round(5).tolist(),
        "windows": [
            {"file": window.name, "start_s": round(window.start_s, 3), "mean": float(row.mean())}
            for window, row in zip(windows, features, strict=True)
        ],
        "features": features,
        "config": asdict(config),
    }
