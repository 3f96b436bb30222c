from __future__ import annotations

import math

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.metrics.separation.baselines import SOURCES, hpss_with_lowpass, mix_as_estimate, oracle_ratio_mask
from gantools.metrics.separation.ratios import HIGHEST_DB, chunk_sdr_db, mean_over_stems, score_stems, sdr_db, si_sdr_db

RATE_HZ = 8000


def test_sdr_by_hand() -> None:
    # |s|^2 = 25, error (1, 0, 0, -2): 5. 10 log10(25 / 5).
    s, e = np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([[2.0, 0.0], [0.0, 6.0]])
    assert sdr_db(s, e) == pytest.approx(10 * math.log10(5), abs=1e-12)
    assert sdr_db(s, np.zeros_like(s)) == pytest.approx(0.0, abs=1e-12)
    assert sdr_db(s, s) == HIGHEST_DB


def test_si_sdr_by_hand() -> None:
    # s = (1, 0), e = (2, 1): a = 2, target energy 4, rest 1. Any gain of e changes nothing.
    s, e = np.array([[1.0, 0.0]]), np.array([[2.0, 1.0]])
    for gain in (1.0, -0.01, 300.0):
        assert si_sdr_db(s, gain * e) == pytest.approx(10 * math.log10(4), abs=1e-9)
    # One scale for both channels: a balance of 1 : 3 against 1 : 1 has a = 2, target 8, rest 2.
    assert si_sdr_db(np.ones((2, 1)), np.array([[1.0], [3.0]])) == pytest.approx(10 * math.log10(4), abs=1e-9)
    assert si_sdr_db(s, np.array([[0.0, 1.0]])) == -HIGHEST_DB
    assert si_sdr_db(s, np.zeros_like(s)) == -HIGHEST_DB


def test_si_sdr_is_that_of_mir_eval_for_noise_that_no_filter_explains() -> None:
    separation = pytest.importorskip("mir_eval").separation
    random = np.random.default_rng(0)
    s, noise = random.standard_normal((2, 1, 4 * RATE_HZ))
    e = s + 0.3 * noise
    with pytest.warns(FutureWarning):
        theirs = separation.bss_eval_sources(s, e, compute_permutation=False)[0][0]
    # 512 free taps explain about 512 / 32000 of the noise (0.07 dB) and nothing else.
    assert si_sdr_db(s, e) == pytest.approx(theirs, abs=0.2)
    assert sdr_db(s, e) == pytest.approx(-20 * math.log10(0.3), abs=0.1)


def test_chunks_leave_out_silence_and_count_it() -> None:
    s = np.zeros((2, 5 * RATE_HZ + 100), np.float32)
    s[:, : 3 * RATE_HZ] = 0.5
    e = s.copy()
    for second, error in enumerate((0.05, 0.5, 0.005, 0.3, 0.3)):
        e[:, second * RATE_HZ : (second + 1) * RATE_HZ] += error
    median, chunks, silent = chunk_sdr_db(s, e, RATE_HZ)
    assert (chunks, silent) == (5, 2)
    assert median == pytest.approx(20.0, abs=1e-4)  # of 20, 0 and 40 dB
    assert chunk_sdr_db(np.zeros_like(s), e, RATE_HZ) == (None, 5, 5)
    assert sdr_db(np.zeros_like(s), e) is None
    assert si_sdr_db(np.zeros_like(s), e) is None


def test_scores_of_a_song() -> None:
    random = np.random.default_rng(1)
    s = {"bass": random.standard_normal((2, RATE_HZ)) * 0.1, "drums": np.zeros((2, RATE_HZ))}
    scores = score_stems(s, {role: 0.5 * wave for role, wave in s.items()}, RATE_HZ)
    assert scores["bass"].sdr_db == pytest.approx(20 * math.log10(2), abs=1e-9)
    assert scores["bass"].si_sdr_db == HIGHEST_DB
    assert scores["drums"].sdr_db is None
    assert scores["drums"].silent_chunks == 1
    assert mean_over_stems({role: score.sdr_db for role, score in scores.items()}) == scores["bass"].sdr_db
    assert mean_over_stems({"drums": None}) is None


def test_refuses() -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        sdr_db(np.zeros((2, 4)), np.zeros((1, 4)))
    with pytest.raises(InputError, match="NaN"):
        sdr_db(np.ones((1, 4)), np.full((1, 4), np.nan))
    with pytest.raises(InputError, match="no estimate of the bass"):
        score_stems({"bass": np.ones((1, 4))}, {"drums": np.ones((1, 4))}, RATE_HZ)


def _song(seconds: float = 3.0, rate_hz: int = 44100) -> dict[str, np.ndarray]:
    """Four stems that differ in what the baselines look at: clicks, a low tone, two high tones that take turns."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    clicks = np.zeros(len(time))
    clicks[:: rate_hz // 4] = 1.0
    turn = (time % 1.0) < 0.5
    tones = [0.2 * np.sin(2 * np.pi * hz * time) for hz in (1500.0, 80.0, 600.0)]
    stems = {"vocals": tones[0] * turn, "drums": clicks, "bass": tones[1], "other": tones[2] * ~turn}
    return {role: np.stack([wave, 0.5 * wave]).astype(np.float32) for role, wave in stems.items()}


def test_baselines_are_ordered_and_sum_to_the_mix() -> None:
    song = _song()
    mix = sum(song.values(), np.zeros_like(song["bass"]))
    means = []
    for estimates in (mix_as_estimate(mix), hpss_with_lowpass(mix, 44100), oracle_ratio_mask(song)):
        assert set(estimates) == set(SOURCES)
        scores = score_stems(song, estimates, 44100)
        means.append(mean_over_stems({role: score.sdr_db for role, score in scores.items()}))
        if estimates["bass"] is not mix:
            np.testing.assert_allclose(sum(estimates.values()), mix, atol=2e-6)
    assert means[0] < means[1] < means[2]
    assert means[2] > 15
