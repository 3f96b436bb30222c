"""STOI-like features: how each mel band of generated music follows the band of its real counterpart.

One value per mel row, 256 with the paper's settings. The formula of the paper's first draft (its "STOI-like" grade
features) and its prose disagree, so both are here. This is not STOI, which works on 15 bands of speech at 10 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal

import numpy as np

from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.stoi.config import StoiConfig
from gantools.metrics.windows import paired_windows
from gantools.report.clip import Clip

Mode = Literal["pearson", "literal", "stoi"]

SHORT_WINDOW_FRAMES = 30
LEAST_VARIANCE = 1e-8


def stoi_features(generated: np.ndarray, real: np.ndarray, mode: Mode = "pearson") -> np.ndarray:
    """Compare two mel spectrograms of one excerpt, band by band.

    With x and y the levels of band i at time t, and T frames:

    ``pearson``: the correlation of each row through time, which the paper's prose describes,
    ``S_i = sum_t (x_i^t - mean_t x_i)(y_i^t - mean_t y_i) / (T sd(x_i) sd(y_i))``; 0 where either hardly varies.

    ``literal``: the paper's formula, ``S_i = 1/T sum_t (x_i^t - mean_i x^t)(y_i^t - mean_i y^t)``, whose means run over
    the bands of a frame; the 1/T is ours, so that the length of a clip does not count. It is not normalised: its unit
    is the square of the input's.

    ``stoi``: ``pearson`` in windows of 30 frames, averaged (a shorter rest is left out), as STOI does.

    Parameters
    ----------
    generated, real : numpy.ndarray
        (frames, n_mels) each, in dB.
    mode : {"pearson", "literal", "stoi"}

    Returns
    -------
    numpy.ndarray
        float64 (n_mels,), in [-1, 1] except for ``literal``.

    Raises
    ------
    InputError
        If the shapes differ, there are fewer than two frames (30 for ``stoi``) or values are not finite.
    """
    x, y = np.asarray(generated, np.float64), np.asarray(real, np.float64)
    if x.ndim != 2 or x.shape != y.shape:
        raise InputError(f"mel spectrograms of shapes {x.shape} and {y.shape} cannot be compared")
    shortest = SHORT_WINDOW_FRAMES if mode == "stoi" else 2
    if len(x) < shortest:
        raise InputError(f"{len(x)} frame(s); mode {mode} needs at least {shortest}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("a mel spectrogram holds NaN or infinite values")
    if mode == "literal":
        return ((x - x.mean(1, keepdims=True)) * (y - y.mean(1, keepdims=True))).mean(0)
    if mode == "pearson":
        return _row_correlation(x, y)
    starts = range(0, len(x) - SHORT_WINDOW_FRAMES + 1, SHORT_WINDOW_FRAMES)
    windows = [slice(start, start + SHORT_WINDOW_FRAMES) for start in starts]
    return np.mean([_row_correlation(x[window], y[window]) for window in windows], axis=0)


def _row_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson correlation along time of every band; 0 where the variance is below 1e-8."""
    x, y = x - x.mean(0), y - y.mean(0)
    variances = (x**2).mean(0), (y**2).mean(0)
    varies = (variances[0] >= LEAST_VARIANCE) & (variances[1] >= LEAST_VARIANCE)
    scale = np.sqrt(variances[0] * variances[1])
    return np.divide((x * y).mean(0), scale, out=np.zeros(x.shape[1]), where=varies)


def compare_stoi(pairs: Sequence[tuple[Clip, Clip]], config: StoiConfig, conditions: Conditions) -> Result:
    """STOI-like features of generated files against their real counterparts.

    Parameters
    ----------
    pairs : sequence of (Clip, Clip)
        Generated file and real counterpart.
    config : StoiConfig
    conditions : Conditions

    Returns
    -------
    dict
        ``mean`` over all bands and windows, ``bands`` (the mean of each of the 256), ``windows`` (file, start_s, mean)
        and ``features``, float64 (windows, bands), which the report writes as safetensors.
    """
    windows = paired_windows(pairs, config.window_frames, conditions)
    features = np.array([stoi_features(window.generated, window.other, config.formula) for window in windows])  # type: ignore[arg-type]
    return {
        "mode": config.formula,
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
