"""Attacks of bands: where they are, and how far a piece must be moved to meet others."""

from __future__ import annotations

import numpy as np

from gantools.structure.splice import settled
from gantools.systems.patches.attacks import Attacks, steep_rises

RATE_HZ = 8000
STEP = 16


def _hits(samples: list[int], length: int = 2 * RATE_HZ) -> np.ndarray:
    """Return bursts of noise that die away, each the same, float32 (1, length)."""
    burst = np.random.default_rng(0).standard_normal(800) * np.exp(-np.arange(800) / 150)
    wave = np.zeros(length)
    for first in samples:
        wave[first : first + 800] += burst
    return wave.astype(np.float32)[None]


def test_rises_are_within_10_ms_of_the_hits_and_hardly_anywhere_else() -> None:
    rises = steep_rises(_hits([4000, 9600])[0], RATE_HZ, STEP)
    assert rises.dtype == np.float32
    assert len(rises) == 1000
    away = np.abs(np.arange(1000)[:, None] * STEP - [4000, 9600]).min(1)
    # What dies away is noise, and rises a little.
    assert rises[away <= 0.01 * RATE_HZ].sum() > 0.95 * rises.sum()
    assert not steep_rises(np.zeros(RATE_HZ, np.float32), RATE_HZ, STEP).any()


def test_a_piece_is_moved_until_its_attack_meets_that_of_the_others() -> None:
    clip = _hits([4000, 9600])
    attacks = Attacks(clip, [clip], RATE_HZ)
    # What leads plays from sample 3000 on: its hit comes 1000 samples in.
    wanted = attacks.heard(np.array([3000]), np.array([2400]))
    assert abs(int(np.argmax(wanted)) * STEP - 1000) <= 0.01 * RATE_HZ
    # A piece from 8552 on would have its hit 48 samples (6 ms) late, and must begin so much later in the clip.
    scores = attacks.meeting(0, wanted, 8552, 0, 2400, align=96)
    assert scores.shape == (193,)
    assert abs(int(np.argmax(scores)) - 96 - 48) <= STEP
    starts = settled(
        clip,
        np.array([8552]),
        np.array([2400]),
        0,
        96,
        lambda start, at, length: attacks.meeting(0, wanted, start, at, length, 96),
    )
    assert abs(int(starts[0]) - 8600) <= STEP
    # Where nothing attacks, nothing speaks for any shift.
    assert not attacks.meeting(0, np.zeros_like(wanted), 8552, 0, 2400, align=96).any()


def test_attacks_are_heard_where_pieces_are_played_and_not_beyond_the_clip() -> None:
    clip = _hits([4000])
    heard = Attacks(clip, [clip], RATE_HZ).heard(np.array([0, 3200, 15000]), np.array([1600, 1600, 3200]))
    assert len(heard) == 400
    assert abs(int(np.argmax(heard)) * STEP - 2400) <= 0.01 * RATE_HZ
    assert not heard[200:].any()
