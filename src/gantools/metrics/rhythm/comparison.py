"""Generated parts beside their sources: onset alignment, and the distance from a copy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gantools.audio.melwindows import MelWindow, common_params, covering_db_range, is_active
from gantools.audio.quantise import DbRange
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.rhythm.alignment import AlignmentResult, alignment, copy_distance, onset_envelope
from gantools.metrics.rhythm.config import RhythmConfig
from gantools.metrics.rhythm.onsets import coincidence
from gantools.metrics.thinning import thinned
from gantools.metrics.windows import paired_windows
from gantools.report.clip import Clip


def compare_rhythm(
    pairs: Sequence[tuple[Clip, Clip]],
    real_pairs: Sequence[tuple[Clip, Clip]],
    config: RhythmConfig,
    conditions: Conditions,
) -> Result:
    """Onset alignment of generated files with their sources, and their distance from a copy.

    Parameters
    ----------
    pairs : sequence of (Clip, Clip)
        Generated file and source.
    real_pairs : sequence of (Clip, Clip)
        Real counterpart and source, for comparison; may be empty.
    config : RhythmConfig
    conditions : Conditions

    Returns
    -------
    dict
        The fields of `AlignmentResult`, ``onset_f`` and ``onset_f_other`` (see `coincidence`), ``copy_distance``
        (network range), ``copy_distance_db``, ``db_range`` and the correlations of single windows; the same for the
        real pairs under ``real``, where the real part plays, and ``ratio_to_real``.
    """
    windows = paired_windows(pairs, config.window_frames, conditions)
    span = covering_db_range([mel for window in windows for mel in (window.generated, window.other)])
    frame_hz = common_params(tuple(clip.path for pair in pairs for clip in pair)).frames_per_second
    result = {**_aligned(windows, frame_hz, conditions.seed), "files": len({window.name for window in windows})}
    result |= {"window_frames": config.window_frames, "db_range": [span.lo_db, span.hi_db]}
    result["copy_distance"] = _distance(windows, span)
    result["copy_distance_db"] = _distance(windows, None)
    if real_pairs:
        found = paired_windows(real_pairs, config.window_frames, conditions)
        # A real part may pause where its source plays, and silence cannot be on time.
        references = [window for window in found if is_active(window.generated)]
        beside = {**_aligned(references, frame_hz, conditions.seed), "copy_distance": _distance(references, span)}
        result["real"] = beside
        if result["real"]["own"] > 0:
            result["ratio_to_real"] = result["own"] / result["real"]["own"]
    return result


def _aligned(windows: Sequence[MelWindow], frame_hz: float, seed: int) -> Result:
    together = coincidence([window.generated for window in windows], [window.other for window in windows], frame_hz)
    own = [onset_envelope(window.generated) for window in windows]
    scores: AlignmentResult = alignment(own, [onset_envelope(window.other) for window in windows], seed)
    fields = {name: getattr(scores, name) for name in ("own", "other", "z", "rank", "p", "n")}
    rest = scores.matrix[~np.eye(scores.n, dtype=bool)]
    values = {"own_values": np.diag(scores.matrix).tolist(), "other_values": thinned(rest, digits=4)}
    return {**fields, **together, **values}


def _distance(windows: Sequence[MelWindow], span: DbRange | None) -> float:
    return float(np.mean([copy_distance(window.generated, window.other, span) for window in windows]))
