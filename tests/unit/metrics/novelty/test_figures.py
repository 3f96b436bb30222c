"""Novelty figures against brute force, and what they say of copies, cut-ups and noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gantools.metrics.novelty.crosscorrelation import best_matches, correlations, cut_windows, longest_run_s
from gantools.metrics.novelty.figures import FIGURES, Reference, diversity, excerpts, pairwise_ncc
from gantools.metrics.novelty.gates import judge
from gantools.metrics.novelty.mel_profile import nearest_db, profile

RATE = 8000


def music(seconds: float, seed: int = 0, rate_hz: int = RATE) -> np.ndarray:
    """Notes of random pitch, level and decay over a little noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 0.01 * rng.standard_normal(len(time))
    for start in np.arange(0, seconds, 0.2):
        t = np.maximum(time - start, 0)
        note = np.exp(-rng.uniform(4, 20) * t) * (time >= start)
        hz = rng.uniform(0.01, 0.1) * rate_hz
        wave += rng.uniform(0.1, 1) * note * sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3))
    return (0.2 * wave).astype(np.float32)


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    return music(12.0)


@pytest.fixture(scope="module")
def reference(clip: np.ndarray) -> Reference:
    return Reference(clip, RATE)


def test_correlations_equal_brute_force_at_every_position() -> None:
    rng = np.random.default_rng(0)
    clip = rng.standard_normal(3000).astype(np.float32)
    clip[1000:1400] = 0.0
    windows = cut_windows(rng.standard_normal(400).astype(np.float32), 40, 7)
    values = np.zeros((len(windows), len(clip) - 39))
    for first, position, block in correlations(windows, clip):
        values[first : first + len(block), position : position + block.shape[1]] = block
    parts = np.lib.stride_tricks.sliding_window_view(clip.astype(np.float64), 40)
    norms = np.linalg.norm(parts, axis=1)
    expected = np.abs(windows.astype(np.float64) @ parts.T) / np.maximum(norms, 1e-9)
    assert np.abs(values - np.where(norms > 0.03, expected, 0)).max() < 1e-5
    assert best_matches(windows, clip) == pytest.approx(values.max(axis=1), abs=1e-6)


def test_nearest_frame_equals_brute_force() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(-20, 8, (50, 64)), rng.normal(-20, 8, (70, 64))
    expected = np.sqrt(np.mean((a[:, None] - b[None]) ** 2, axis=2)).min(axis=1).mean()
    assert nearest_db(a, b) == pytest.approx(expected, rel=1e-9)


def test_a_copy_at_another_level_and_polarity_is_a_copy(clip: np.ndarray, reference: Reference) -> None:
    figures = reference.measure(-0.1 * clip[13333 : 13333 + 5 * RATE] + 0.2)
    assert tuple(figures) == FIGURES
    assert figures["copied_1s"] == figures["copied_quarter"] == 1.0
    assert figures["verbatim_s"] == pytest.approx(5.0)
    assert figures["precision_db"] < reference.halves["precision_db"] / 2
    whole = reference.measure(clip)
    assert [whole[name] for name in ("ltas_db", "recall_db", "precision_db")] == pytest.approx([0, 0, 0], abs=1e-4)
    assert whole["modulation_ratio"] == pytest.approx(1)


def test_cut_and_paste_shows_in_short_windows_only(clip: np.ndarray, reference: Reference) -> None:
    length = RATE // 4
    order = np.random.default_rng(1).permutation(len(clip) // length)
    figures = reference.measure(np.concatenate([clip[i * length : (i + 1) * length] for i in order]))
    assert figures["copied_1s"] <= 0.1
    assert figures["copied_quarter"] > 0.9
    assert figures["verbatim_s"] <= 0.6


def test_coloured_noise_has_the_spectrum_but_no_modulation(clip: np.ndarray, reference: Reference) -> None:
    rng = np.random.default_rng(2)
    spectrum = np.abs(np.fft.rfft(clip)) * np.exp(2j * np.pi * rng.uniform(size=len(clip) // 2 + 1))
    figures = reference.measure(np.fft.irfft(spectrum).astype(np.float32))
    assert figures["ltas_db"] < 1
    assert figures["modulation_ratio"] < 0.6
    assert figures["recall_db"] > 1.35 * reference.halves["recall_db"]
    assert figures["copied_quarter"] == figures["copied_1s"] == 0
    white = reference.measure(rng.standard_normal(5 * RATE).astype(np.float32))
    assert white["ltas_db"] > 4
    verdicts = judge(figures, reference.halves)
    assert verdicts["ltas_db"].passed
    assert verdicts["modulation_ratio"].passed is False
    assert verdicts["recall_db"].passed is False


def test_verbatim_run_bridges_silence_and_ends_where_the_lag_changes(clip: np.ndarray) -> None:
    step = RATE // 10
    kept = clip.copy()
    kept[30 * step : 34 * step] = 0
    copied = np.concatenate([music(1.0, 5), kept[25 * step : 40 * step], kept[60 * step : 67 * step]])
    assert longest_run_s(copied, kept, RATE) == pytest.approx(1.1)  # 15 windows, of which 4 are silent


def test_new_music_of_the_kind_passes_and_halves_are_symmetric(clip: np.ndarray, reference: Reference) -> None:
    figures = reference.measure(music(8.0, seed=9))
    verdicts = judge(figures, reference.halves, small=True)
    assert all(verdict.passed for name, verdict in verdicts.items() if name != "ncc_1s"), verdicts
    assert verdicts["ncc_1s"] == (figures["ncc_1s"], "", None)
    backwards = Reference(np.concatenate([clip[len(clip) // 2 :], clip[: len(clip) // 2]]), RATE).halves
    assert backwards == pytest.approx(reference.halves, rel=1e-6)
    assert reference.halves["recall_db"] == pytest.approx(reference.halves["precision_db"])


def test_gates_are_those_of_the_calibration() -> None:
    halves = {"recall_db": 4.0, "precision_db": 4.0, "ncc_1s": 0.2}
    on = {
        "ltas_db": 3.5, "recall_db": 5.5, "precision_db": 5.5, "modulation_ratio": 1.5, "copied_1s": 0.25,
        "copied_quarter": 0.51, "verbatim_s": 2.0, "pairwise_ncc": 0.46, "pairwise_max": 0.8,
    }  # fmt: skip
    strict = {name: verdict.passed for name, verdict in judge(on, halves).items()}
    assert strict == {
        "ltas_db": False, "recall_db": False, "precision_db": True, "modulation_ratio": False, "copied_1s": True,
        "copied_quarter": False, "verbatim_s": True, "pairwise_ncc": False, "pairwise_max": True,
    }  # fmt: skip
    assert judge(on, halves, small=True)["ltas_db"].passed
    assert judge(on, halves, field_s=3.0)["verbatim_s"].passed is False
    unknown = judge({"recall_db": 5.0, "ltas_db": math.nan}, {"recall_db": math.nan})
    assert [verdict.passed for verdict in unknown.values()] == [None, None]


@pytest.mark.parametrize("rate_hz", [320, 500, 4000, 44100])
def test_any_rate_is_measured(rate_hz: int) -> None:
    clip = music(6.0, rate_hz=rate_hz)
    figures = Reference(clip, rate_hz).measure(clip[rate_hz : 3 * rate_hz])
    assert figures["copied_1s"] == 1.0
    assert len(figures) > 6
    assert all(math.isfinite(value) for value in figures.values())


def test_what_is_too_short_or_silent_is_nan() -> None:
    clip = music(1.5)
    reference = Reference(clip, RATE)
    assert math.isnan(reference.halves["ncc_1s"])
    assert math.isfinite(reference.halves["copied_quarter"])
    short = reference.measure(clip[: RATE // 2])
    assert math.isnan(short["copied_1s"])
    assert short["copied_quarter"] == 1.0
    for nothing in (np.zeros(2 * RATE, np.float32), np.zeros(0, np.float32), clip[:10]):
        figures = reference.measure(nothing)
        assert math.isnan(figures["ltas_db"])
        assert math.isnan(figures["ncc_1s"])
        assert math.isnan(Reference(nothing, RATE).measure(clip)["recall_db"])
    assert profile(np.zeros(RATE, np.float32), RATE) is None


def test_diversity_tells_repeated_draws() -> None:
    waves = [music(3.0, seed) for seed in range(3)]
    matrix = pairwise_ncc([*waves, waves[0][RATE // 2 :]], RATE)
    assert np.isnan(np.diag(matrix)).all()
    assert np.array_equal(matrix, matrix.T, equal_nan=True)
    assert matrix[0, 3] == pytest.approx(1, abs=1e-3)
    assert diversity(waves, RATE)["pairwise_max"] < 0.9
    assert diversity([*waves, waves[0]], RATE)["pairwise_max"] == pytest.approx(1, abs=1e-4)
    assert math.isnan(diversity(waves[:1], RATE)["pairwise_ncc"])


def test_several_clips_count_as_one_and_long_sounds_by_excerpts(clip: np.ndarray) -> None:
    joined = Reference.of_clips([clip[: 3 * RATE], 0.01 * music(3.0, 4), np.zeros(100, np.float32)], RATE)
    for part in (clip[RATE : 2 * RATE], music(3.0, 4)[RATE : 2 * RATE]):
        assert joined.measure(part)["copied_1s"] == 1.0
    long = np.zeros(100 * RATE, np.float32)
    parts = excerpts(long, RATE)
    assert [len(part) for part in parts] == [10 * RATE] * 6
    assert len(excerpts(clip, RATE)) == 1
