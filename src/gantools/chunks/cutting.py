"""Cutting: which windows of a song are kept, and the shard that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import AudioReader, hear
from gantools.audio.melfile import MelFile
from gantools.audio.polarity import LEFT_ALONE
from gantools.audio.quantise import DbRange
from gantools.chunks.config import ChunkConfig
from gantools.chunks.splits import assign
from gantools.errors import InputError
from gantools.files.containers import write_tensors
from gantools.options import parsed

#: Audio clips below this level are silent.
SILENT_CLIP_DB = -60.0


def window_starts(n_frames: int, frames: int, stride: int) -> list[int]:
    """Return the first frames of all windows that fit, every `stride` frames."""
    return list(range(0, n_frames - frames + 1, stride))


def spread(starts: Sequence[int], most: int) -> list[int]:
    """Return at most `most` of the starts, evenly spread, order kept; 0 keeps all."""
    if not most or len(starts) <= most:
        return list(starts)
    return [starts[int(i)] for i in np.linspace(0, len(starts) - 1, most).round()]


def mel_level_db(power: np.ndarray) -> float:
    """Return the level of frames from their mel power summed over the bands: ``10 log10`` of the mean."""
    return float(10 * np.log10(max(float(np.mean(power)), 1e-10)))


def cut_mel(
    mel: MelFile, path: str | Path, db_range: DbRange, config: ChunkConfig, identity: dict[str, Any]
) -> list[dict[str, Any]]:
    """Write the shard of one mel file and return its rows.

    The shard stores each frame once, as 8-bit codes or float16 network units; windows overlap by pointing into it.

    Parameters
    ----------
    mel : MelFile
    path : str or Path
        Shard to write.
    db_range : DbRange
    config : ChunkConfig
    identity : dict
        ``source``, ``song``, ``role`` and ``dataset`` (a hash), stored in every row.

    Returns
    -------
    list of dict
        One row per window kept: identity, ``split``, ``start``, ``frames``, ``level_db``, ``active``, ``clipped``.

    Raises
    ------
    InputError
        The song is shorter than one window.
    """
    if mel.n_frames < config.frames:
        needed = config.frames / mel.params.frames_per_second
        raise InputError(
            f"too short: {mel.n_frames} frames; one window needs {config.frames} ({needed:.1f} s)", mel.path
        )
    levels = mel.frames()
    peak = levels.max(axis=1)
    active = peak > db_range.lo_db + config.silence_db
    power = np.power(10.0, levels / 10).sum(axis=1)
    clipped = float((levels > db_range.hi_db).mean())
    rows = []
    starts = window_starts(mel.n_frames, config.frames, config.stride)
    # Even with a share of 0, a window that is silent throughout teaches nothing and is left out.
    kept = [s for s in starts if active[s : s + config.frames].mean() >= max(config.active_share, 1e-9)]
    # Chosen among the windows that sound; silent ones would use up the number that is allowed.
    for start in spread(kept, config.windows_per_song):
        window = slice(start, start + config.frames)
        level_db = mel_level_db(power[window])
        row = {"start": start, "frames": config.frames, "level_db": round(level_db, 2)}
        rows.append({**identity, **row, "active": round(float(active[window].mean()), 3)})
    if config.codes == "uint8":
        stored = db_range.to_codes(levels)
    else:
        stored = db_range.to_unit(levels).astype(np.float16)
    _write_shard(path, {"mel": stored}, rows, config, {"windows": len(starts), "clipped": clipped})
    return rows


def cut_audio(
    path_in: str | Path, path: str | Path, config: ChunkConfig, identity: dict[str, Any]
) -> tuple[list[dict[str, Any]], str]:
    """Write the clips of one audio file; return their rows, and what a user should hear of the file.

    Clips are `samples` long, mono, at the asked rate, and do not overlap; silent ones are dropped.

    Raises
    ------
    InputError
        The file is shorter than one clip, or cannot be read.
    """

    def cut(reader: AudioReader, left: bool) -> tuple[list[np.ndarray], list[dict[str, Any]], int]:
        clips: list[np.ndarray] = []
        rows: list[dict[str, Any]] = []
        rest, start = np.zeros(0, np.float32), 0
        for block in reader.mono_blocks(config.sample_rate_hz, left=left):
            rest = np.concatenate([rest, block])
            while len(rest) >= config.samples:
                clip, rest = rest[: config.samples], rest[config.samples :]
                level = 10 * np.log10(max(float(np.mean(np.square(clip, dtype=np.float64))), 1e-12))
                if level > SILENT_CLIP_DB:
                    clips.append(clip)
                    rows.append({**identity, "start": start, "samples": config.samples, "level_db": round(level, 2)})
                # Silent clips count too: `start` is a place in the file.
                start += config.samples
        if not start:
            needed = f"{len(rest)} samples at {config.sample_rate_hz} Hz; one clip needs {config.samples}"
            raise InputError(f"too short: {needed}", path_in)
        return clips, rows, start

    (clips, rows, start), left = hear(path_in, cut)
    picked = spread(range(len(clips)), config.clips_per_song)
    # `row` counts the clips in the shard, `start` still tells where in the file they were.
    rows = [{**rows[i], "row": position} for position, i in enumerate(picked)]
    stored = np.stack([clips[i] for i in picked]) if picked else np.zeros((0, config.samples), np.float32)
    _write_shard(path, {"clips": stored}, rows, config, {"windows": start // config.samples, "clipped": 0.0})
    return rows, LEFT_ALONE if left else ""


def _write_shard(
    path: str | Path,
    arrays: dict[str, np.ndarray],
    rows: list[dict[str, Any]],
    config: ChunkConfig,
    extra: dict[str, Any],
) -> None:
    shares, val, test = (parsed(config, name) for name in ("split", "val_songs", "test_songs"))
    for row in rows:
        row["split"] = assign(row["song"], shares, val, test)
    write_tensors(path, arrays, {"kind": "shard", "rows": rows, **extra})
