from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.seams.flux import FRAME_HZ, RATE_HZ, Flux, beside


def bursts(times_s: np.ndarray, seconds: float, level: float = 0.5) -> np.ndarray:
    """Quiet noise with decaying bursts at some times, float32 (n,)."""
    random = np.random.default_rng(0)
    wave = 0.02 * random.standard_normal(round(seconds * RATE_HZ))
    burst = level * random.standard_normal(2000) * np.exp(-np.arange(2000) / 400)
    for start in np.round(times_s * RATE_HZ).astype(int):
        wave[start : start + 2000] += burst[: len(wave) - start]
    return wave.astype(np.float32)


def test_bursts_at_the_seams_stand_out_and_bursts_elsewhere_do_not() -> None:
    seams = np.arange(1, 20) * 1.5
    at, _ = beside((flux := Flux.of(bursts(seams, 30.0))).seams(1.5), flux.onsets)
    assert at.mean() > 2
    between, _ = beside((flux := Flux.of(bursts(seams + 0.7, 30.0))).seams(1.5), flux.onsets)
    assert between.mean() < 0.9
    noise, _ = beside((flux := Flux.of(bursts(np.zeros(0), 30.0))).seams(1.5), flux.onsets)
    assert noise.mean() == pytest.approx(1.0, abs=0.1)


def test_a_change_of_colour_is_a_change_without_an_onset_and_equals_its_decibels() -> None:
    random = np.random.default_rng(2)
    wave = 0.1 * random.standard_normal(8 * RATE_HZ)
    wave[4 * RATE_HZ :] *= 0.5
    flux = Flux.of(wave.astype(np.float32))
    changes = flux.changes
    # 6 dB down in all bands; elsewhere what the mean of 22 frames of noise differs by.
    assert changes[round(4 * FRAME_HZ)] == pytest.approx(6.02, abs=1.0)
    assert np.nanmedian(changes) < 1.5
    assert np.isnan(changes[[0, -1]]).all()


def test_seams_lie_at_multiples_of_a_patch_inside() -> None:
    flux = Flux(np.zeros((round(10 * FRAME_HZ), 64), np.float32))
    np.testing.assert_array_equal(flux.seams(2.5), np.round(np.array([2.5, 5.0, 7.5]) * FRAME_HZ))
    assert len(flux.seams(20.0)) == 0


def test_a_rhythm_of_a_quarter_patch_is_told_from_none() -> None:
    locked = Flux.of(bursts(np.arange(1, 59) * 0.5, 30.0)).lock(2.0)
    assert min(locked) > 0.5
    free = Flux.of(bursts(np.sort(np.random.default_rng(3).uniform(0, 29, 58)), 30.0)).lock(2.0)
    assert max(free) < 0.2
    # Nor does a patch impose what is as alike a little earlier and later: here a pulse of 32 in a patch of 4 s.
    even = Flux.of(bursts(np.arange(1, 236) * 0.125, 30.0))
    assert max(even.lock(4.0)) < 0.1
    assert np.isnan(Flux.of(bursts(np.zeros(0), 3.0)).lock(2.0)[2])
