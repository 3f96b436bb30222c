"""Overlapped windows and their cross-fade."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.systems.translation.windows import SeamMeter, fade_weights, join_frames, translate, window_starts


@pytest.mark.parametrize("stride", [64, 128, 206, 250, 256])
@pytest.mark.parametrize("n_frames", [1, 100, 256, 257, 384, 1000, 2061])
def test_a_pointwise_network_is_applied_exactly(n_frames: int, stride: int) -> None:
    song = np.random.default_rng(0).normal(size=(n_frames, 3)).astype(np.float32)
    blocks = translate(lambda a, b: song[a:b], n_frames, lambda windows, starts: 2 * windows, window=256, stride=stride)
    np.testing.assert_allclose(np.concatenate(list(blocks)), 2 * song, atol=1e-5)


def test_weights_give_up_the_edges_only_inside_the_song() -> None:
    assert window_starts(700, 256, 128) == [0, 128, 256, 384, 444]
    inside = fade_weights(256, 128, first=False, last=False)
    assert not inside[:32].any()
    assert not inside[-32:].any()
    np.testing.assert_allclose(inside[:128] + inside[128:], 1, atol=1e-6)
    assert fade_weights(256, 128, first=True, last=True).min() == 1


def test_a_network_that_differs_between_windows_is_blended_without_a_step() -> None:
    def network(windows: np.ndarray, starts: list[int]) -> np.ndarray:
        return np.stack([np.full_like(w, s // 128) for w, s in zip(windows, starts, strict=True)])

    song = np.zeros((1024, 1), np.float32)
    out = np.concatenate(list(translate(lambda a, b: song[a:b], 1024, network, window=256, stride=128)))[:, 0]
    assert np.abs(np.diff(out)).max() < 0.03  # a raised cosine over 64 frames rises by at most pi / 128


def test_seam_ratio_sees_a_step_at_the_join_and_only_there() -> None:
    rng = np.random.default_rng(1)
    frames = rng.normal(size=(2048, 8)).astype(np.float32)
    joins = join_frames(2048, 256, 128)
    even, stepped = SeamMeter(joins), SeamMeter(joins)
    jump = frames.copy()
    for join in joins:
        jump[join:] += 3
    for start in range(0, 2048, 300):
        even.add(frames[start : start + 300])
        stepped.add(jump[start : start + 300])
    assert even.ratio == pytest.approx(1, abs=0.1)
    assert stepped.ratio > 2
    assert np.isnan(SeamMeter([]).ratio)
