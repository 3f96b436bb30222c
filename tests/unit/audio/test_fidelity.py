from __future__ import annotations

import numpy as np
import pytest

from gantools.audio.fidelity import mel_errors


def test_by_hand() -> None:
    # Magnitudes 10 and 1 against 10 and 2: 20 log10(1 / sqrt 101); levels 0 and 6.02 dB apart.
    convergence_db, mae_db = mel_errors(np.array([[20.0, 0.0]]), np.array([[20.0, 20 * np.log10(2)]]))
    assert convergence_db == pytest.approx(-10 * np.log10(101))
    assert mae_db == pytest.approx(10 * np.log10(2))


def test_levels_below_the_floor_do_not_count() -> None:
    reference, estimate = np.array([[0.0, -100.0]]), np.array([[0.0, -90.0]])
    assert mel_errors(reference, estimate)[1] == 0
    assert mel_errors(reference, estimate, floor_db=95.0)[1] == pytest.approx(2.5)


def test_equality_and_shapes() -> None:
    mel_db = np.zeros((3, 4))
    assert mel_errors(mel_db, mel_db) == (-np.inf, 0)
    with pytest.raises(ValueError, match="shapes differ"):
        mel_errors(mel_db, mel_db[:2])
