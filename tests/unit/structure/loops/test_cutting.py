"""Loops cut so that their joins are not heard, and how that is measured."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.structure.loops.cutting import cut_loop
from gantools.structure.loops.seam import join_flux, join_step

RATE_HZ = 44100


def waves(seconds: float, *hz: float) -> np.ndarray:
    """Return a sine in each channel."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.stack([0.5 * np.sin(2 * np.pi * f * time + n) for n, f in enumerate(hz)]).astype(np.float32)


def test_a_click_is_measured() -> None:
    clip = waves(2.0, 100.0)
    smooth, torn = clip[:, : RATE_HZ // 100 * 50], clip[:, : RATE_HZ // 100 * 50 + RATE_HZ // 400]
    assert join_step(smooth) < 1.05
    # A quarter of a period later the last sample is 0.5 away from the first one.
    usual = np.percentile(np.abs(np.diff(torn)), 99)
    assert join_step(torn) == pytest.approx(abs(float(torn[0, -1] - torn[0, 0])) / usual)
    assert join_flux(torn, RATE_HZ) > 10 * join_flux(smooth, RATE_HZ)


@pytest.mark.parametrize("start_s", [0.5, 0.5017, 0.5039])
def test_ends_move_together_to_where_nothing_clicks(start_s: float) -> None:
    # 1 s is a whole number of periods of both channels: any place joins, and the length is never touched.
    clip = waves(3.0, 100.0, 143.0)
    loop = cut_loop(clip, RATE_HZ, start_s, start_s + 1.0)
    assert loop.samples.shape == (2, RATE_HZ)
    assert loop.end - loop.start == RATE_HZ
    assert -0.005 * RATE_HZ - 1 <= loop.start - start_s * RATE_HZ <= 0.0005 * RATE_HZ + 1
    assert loop.seam.step <= 1
    np.testing.assert_array_equal(loop.samples, clip[:, loop.start : loop.end])


def test_a_common_zero_crossing_is_taken_where_there_is_one() -> None:
    clip = np.repeat(waves(3.0, 200.0), 2, axis=0)
    # Steep crossings every 5 ms, and a level beside them on which no step is smaller than another.
    clip = np.clip(3 * clip, -0.3, 0.3)
    loop = cut_loop(clip, RATE_HZ, 0.501, 1.501)
    assert loop.how == "zero crossing"
    before, at = clip[:, loop.start - 1], clip[:, loop.start]
    assert (before * at <= 0).all()


def test_where_everything_clicks_the_end_is_faded_into_what_precedes_the_beginning() -> None:
    # Steps from -0.5 to 0.5 at every place: square waves whose period is no divisor of the loop.
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    clip = np.stack([np.where(time < 1.5, 0.5, -0.5), np.where(time < 1.5, -0.5, 0.5)]).astype(np.float32)
    clip += 0.001 * np.random.default_rng(0).standard_normal(clip.shape).astype(np.float32)
    loop = cut_loop(clip, RATE_HZ, 1.0, 2.0)
    assert (loop.how, loop.samples.shape[1]) == ("crossfade", RATE_HZ)
    assert join_step(loop.samples) < 5
    changed = np.flatnonzero((loop.samples != clip[:, loop.start : loop.end]).any(axis=0))
    assert changed.min() >= RATE_HZ - round(0.003 * RATE_HZ)
    # The beginning of a file has nothing before it: both ends bend towards each other.
    first = cut_loop(clip[:, : 2 * RATE_HZ], RATE_HZ, 0.0, 2.0, trimmed=True)
    assert first.samples.shape[1] == 2 * RATE_HZ
    assert join_step(first.samples) < 5


def test_what_rings_on_is_folded_in_up_to_what_begins_anew() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    ring = np.exp(-3 * (time % 1.0)) * rng.standard_normal(len(time)) * 0.2
    clip = np.stack([ring, ring]).astype(np.float32)
    # The loop ends in the middle of a ring, which goes on for half a second.
    plain, folded = (cut_loop(clip, RATE_HZ, 0.0, 0.5, trimmed=True, fold_tail=fold) for fold in (False, True))
    assert 0.35 <= folded.tail_s <= 0.5
    added = folded.samples - plain.samples
    np.testing.assert_allclose(added[:, :50], clip[:, RATE_HZ // 2 : RATE_HZ // 2 + 50], rtol=0.01, atol=1e-5)
    assert np.abs(added[:, round(folded.tail_s * RATE_HZ) :]).max(initial=0) == 0
    # Where the next hit comes at once, nothing is folded in.
    assert cut_loop(clip, RATE_HZ, 0.5, 1.0, fold_tail=True).tail_s < 0.02


def test_silence_has_no_seam() -> None:
    loop = cut_loop(np.zeros((2, RATE_HZ), np.float32), RATE_HZ, 0.1, 0.9)
    assert (loop.seam.step, loop.seam.flux) == (0.0, 1.0)
