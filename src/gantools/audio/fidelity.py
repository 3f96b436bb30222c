"""How near a mel-spectrogram comes to another."""

from __future__ import annotations

import numpy as np


class MelErrors:
    """Spectral convergence and log-mel error of an estimate that arrives in blocks.

    Parameters
    ----------
    top_db : float
        Highest level of the reference.
    floor_db : float
        For the log-mel error, levels are raised to this far below `top_db`.
    """

    def __init__(self, top_db: float, floor_db: float = 80.0) -> None:
        self._floor = top_db - floor_db
        self._difference = self._energy = self._absolute = 0.0
        self._values = 0

    def add(self, reference_db: np.ndarray, estimate_db: np.ndarray) -> None:
        """Compare frames (k, n_mels) of mel power in dB."""
        if reference_db.shape != estimate_db.shape:
            raise ValueError(f"shapes differ: {reference_db.shape} and {estimate_db.shape}")
        reference, estimate = np.asarray(reference_db, np.float64), np.asarray(estimate_db, np.float64)
        magnitude = 10 ** (reference / 20)
        self._difference += float(np.square(10 ** (estimate / 20) - magnitude).sum())
        self._energy += float(np.square(magnitude).sum())
        self._absolute += float(np.abs(np.maximum(reference, self._floor) - np.maximum(estimate, self._floor)).sum())
        self._values += reference.size

    @property
    def spectral_convergence_db(self) -> float:
        """20 log10(||sqrt M' - sqrt M|| / ||sqrt M||) of the mel power M; lower is better, -inf for equality."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(10 * np.log10(np.float64(self._difference) / np.float64(self._energy)))

    @property
    def log_mel_mae_db(self) -> float:
        """Mean absolute difference of the levels."""
        return self._absolute / max(self._values, 1)


def mel_errors(reference_db: np.ndarray, estimate_db: np.ndarray, floor_db: float = 80.0) -> tuple[float, float]:
    """Return spectral convergence and log-mel error of an estimate; see `MelErrors`.

    Parameters
    ----------
    reference_db, estimate_db : arrays (frames, n_mels)
        Mel power in dB.
    floor_db : float
    """
    errors = MelErrors(float(np.max(reference_db)), floor_db)
    errors.add(reference_db, estimate_db)
    return errors.spectral_convergence_db, errors.log_mel_mae_db
