"""Splices: neighbours untouched, fades of even power, seams that meet in phase."""

from __future__ import annotations

import numpy as np

from gantools.structure.splice import agreements, chain, cross_fade, settled

RATE_HZ = 8000


def test_chain_of_neighbours_is_the_clip_sample_by_sample() -> None:
    clip = np.random.default_rng(3).standard_normal((2, RATE_HZ)).astype(np.float32)
    pieces = np.array([100, 900, 2500]), np.array([800, 1600, 400])
    out = chain(clip, settled(clip, *pieces, fade=64, align=10), pieces[1], fade=64)
    np.testing.assert_array_equal(out, clip[:, 100:2900])


def test_fades_keep_the_power() -> None:
    random = np.random.default_rng(0)
    one, other = random.standard_normal((2, 1, 200000)).astype(np.float32)
    power = np.square(cross_fade(one, other)).reshape(20, -1).mean(1)
    np.testing.assert_allclose(power, 1.0, atol=0.05)
    np.testing.assert_allclose(cross_fade(one, one), one, atol=1e-5)


def test_seams_do_not_click_and_meet_in_phase() -> None:
    clip = np.sin(2 * np.pi * 100 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)[None]
    assert int(np.argmax(agreements(clip[:, 400:600], clip[:, 360:640]))) == 40
    # Pieces that begin at any phase: with the shift the tone goes on, at the same level and slope.
    lengths = np.array([1200, 900, 1100, 1000])
    starts = settled(clip, np.array([1000, 3033, 551, 5519]), lengths, fade=240, align=80)
    out = chain(clip, starts, lengths, fade=240)
    assert np.abs(np.diff(out)).max() < 1.1 * np.abs(np.diff(clip)).max()
    assert np.sqrt(np.square(out).reshape(10, -1).mean(1)).min() > 0.68
