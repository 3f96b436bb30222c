"""Bands of a clip: they sum to it, and cross beside its partials."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.systems.patches.bands import Sustained, crossings_hz, split_bands

RATE_HZ = 8000


def _tone(hz: float, seconds: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def test_bands_sum_to_the_clip() -> None:
    clip = np.random.default_rng(0).standard_normal((2, 2 * RATE_HZ)).astype(np.float32)
    bands = split_bands(clip, RATE_HZ, crossings_hz(6))
    assert len(bands) == 5  # 3200 Hz is too near half the rate
    np.testing.assert_allclose(sum(bands), clip, atol=1e-5)
    assert [len(crossings_hz(count)) for count in range(1, 9)] == list(range(8))


def test_a_crossing_leaves_a_partial_to_one_band() -> None:
    clip = _tone(800, 3.0)[None]
    assert [round(np.std(band) / np.std(clip), 1) for band in split_bands(clip, RATE_HZ, [800.0])] == [0.5, 0.5]
    edges_hz = Sustained.of(clip, RATE_HZ).crossings_hz([800.0])
    # Raised cosines of a quarter octave: an eighth away nothing is left of the other side.
    assert 0.1 < abs(np.log2(edges_hz[0] / 800)) <= 0.2
    shares = sorted(
        float(np.square(band).sum() / np.square(clip).sum()) for band in split_bands(clip, RATE_HZ, edges_hz)
    )
    assert shares[0] < 0.01
    assert shares[1] > 0.95
    # Elsewhere, or without partials, it stays.
    assert Sustained.of(clip, RATE_HZ).crossings_hz([200.0, 2500.0]) == pytest.approx([200.0, 2500.0])
    assert Sustained.of(0 * clip, RATE_HZ).crossings_hz([800.0]) == pytest.approx([800.0])
    assert Sustained.of(clip, RATE_HZ).crossings_hz([]) == []


def test_the_longest_partials_are_those_with_a_tenth_of_the_energy() -> None:
    assert Sustained.of(_tone(500, 3.0)[None], RATE_HZ).longest_seconds() == pytest.approx(3.0, abs=0.05)
    # Notes of half a second, and one of 2 s with a hundredth of their energy.
    notes = np.concatenate([_tone(hz, 0.5) for hz in (400, 700, 500, 900, 450, 800)])
    notes[: 2 * RATE_HZ] += 0.1 * _tone(2000, 2.0)
    assert Sustained.of(notes[None], RATE_HZ).longest_seconds() == pytest.approx(0.5, abs=0.06)
    assert Sustained.of(np.zeros((1, RATE_HZ), np.float32), RATE_HZ).longest_seconds() == 0.0
