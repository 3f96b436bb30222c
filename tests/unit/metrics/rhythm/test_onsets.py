"""Onsets that fall together, against mir_eval and by hand."""

from __future__ import annotations

import math

import mir_eval
import numpy as np
import pytest
from sounds import drum_pattern

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.metrics.rhythm.onsets import coincidence, f_measure, matched, onset_times


def test_the_f_measure_is_that_of_mir_eval() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        one, other = (np.sort(random.uniform(0, 2, random.integers(1, 40))) for _ in range(2))
        # Also bursts in which a greedy choice could go wrong.
        one = np.sort(np.concatenate([one, other[:3] + random.uniform(-0.05, 0.05, len(other[:3]))]))
        expected, *_ = mir_eval.onset.f_measure(one, other, window=0.05)
        assert f_measure(one, other) == pytest.approx(expected, abs=1e-12)


def test_matches_by_hand() -> None:
    # .03 could go with both; the other of them then has .08 and none is left over.
    assert matched(np.array([0.03, 0.08]), np.array([0.0, 0.06])) == 2
    assert matched(np.array([0.0, 1.0]), np.array([0.05, 1.051])) == 1
    assert f_measure(np.array([0.0, 1.0, 2.0]), np.array([0.01])) == pytest.approx(0.5)
    assert f_measure(np.zeros(0), np.array([1.0])) == 0
    assert math.isnan(f_measure(np.zeros(0), np.zeros(0)))


def test_drums_fall_together_with_themselves_and_not_with_another_tempo() -> None:
    params = MelParams()
    fast, slow = (
        mel_db(drum_pattern(bpm, 6.0, 22050, seed=seed)[0].astype(np.float32), params)
        for seed, bpm in enumerate((120.0, 97.0))
    )
    assert len(onset_times(fast, params.frames_per_second)) > 8
    found = coincidence([fast, slow], [fast, slow], params.frames_per_second)
    assert found["onset_f"] == 1.0
    assert found["onset_f_other"] < 0.8
    silent = np.full_like(fast, -100.0)
    assert math.isnan(coincidence([silent, silent], [silent, silent], params.frames_per_second)["onset_f"])
