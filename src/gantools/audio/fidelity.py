"""How near a mel-spectrogram comes to another."""

from __future__ import annotations

import numpy as np


def mel_errors(reference_db: np.ndarray, estimate_db: np.ndarray, floor_db: float = 80.0) -> tuple[float, float]:
    """Return spectral convergence and log-mel error of an estimate.

    Parameters
    ----------
    reference_db, estimate_db : arrays (frames, n_mels)
        Mel power in dB.
    floor_db : float
        For the log-mel error, levels are raised to this far below the highest of the reference.

    Returns
    -------
    spectral_convergence_db : float
        20 log10(||sqrt M' - sqrt M|| / ||sqrt M||) of the mel power M; lower is better, -inf for equality. NaN for a
        silent reference.
    log_mel_mae_db : float
        Mean absolute difference of the levels.
    """
    reference = np.asarray(reference_db, np.float64)
    estimate = np.asarray(estimate_db, np.float64)
    if reference.shape != estimate.shape:
        raise ValueError(f"shapes differ: {reference.shape} and {estimate.shape}")
    target = 10 ** (reference / 20)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.linalg.norm(10 ** (estimate / 20) - target) / np.linalg.norm(target)
        convergence_db = 20 * np.log10(ratio)
    floor = reference.max() - floor_db
    mae_db = np.abs(np.maximum(reference, floor) - np.maximum(estimate, floor)).mean()
    return float(convergence_db), float(mae_db)
