"""The coordinate system: straight between anchors, anchors where they belong, the paper's crops; and styles."""

from __future__ import annotations

import math

import pytest
import torch

from gantools.systems.musika.coordinates import (
    from_patches,
    generation_offset,
    interpolate,
    to_patches,
    training_offsets,
)
from gantools.systems.musika.drawing import between, draw_anchors, draw_normal, draw_style, truncated_deviation


def test_the_paper_s_crops_are_those_between_three_anchors() -> None:
    length, anchors = 8, torch.randn(1, 3, 5)
    # Section 3.2: 4 L + 1 points, the anchors at 0, 2 L and 4 L, of which any 2 L in a row are taken.
    shares = torch.linspace(0, 1, 2 * length + 1)[:, None]
    first, second = (torch.lerp(anchors[0, n], anchors[0, n + 1], shares) for n in (0, 1))
    points = torch.cat([first, second[1:]])
    offsets = training_offsets(length, 2)
    assert len(offsets) == 2 * length + 1
    for offset in (0, 3, 2 * length):
        places = (torch.arange(2 * length) + offsets[offset]) / (2 * length)
        torch.testing.assert_close(interpolate(anchors, places)[0].T, points[offset : offset + 2 * length])


def test_every_third_patch_has_an_anchor_in_its_middle() -> None:
    length = 8
    anchors = torch.randn(1, 6, 4)
    places = (torch.arange(12 * length) + generation_offset(length, 3)) / (3 * length)
    points = interpolate(anchors, places)[0]
    for number in range(1, 4):
        middle = (3 * number - 1) * length + length // 2
        # Between the two latents in the middle of the patch, where the way bends.
        half = 0.5 / (3 * length)
        expected = torch.lerp(anchors[0, number], anchors[0, number + 1], half)
        torch.testing.assert_close(points[:, middle], expected)
    bends = points.diff(dim=1).diff(dim=1).norm(dim=0) > 1e-4
    # Two second differences see each bend, which lies between latents.
    assert int(bends.sum()) == 2 * 4


def test_training_knows_every_place_of_a_patch_that_generation_has() -> None:
    offsets = {round(offset % 24, 3) for offset in training_offsets(8, 3)}
    there = {round((generation_offset(8, 3) + 8 * patch) % 24, 3) for patch in range(6)}
    assert there == offsets


def test_patches_come_apart_and_together() -> None:
    sequence = torch.randn(2, 3, 12)
    patches = to_patches(sequence, 4)
    assert torch.equal(patches[1], sequence[0, :, 4:8])
    assert torch.equal(from_patches(patches, 3), sequence)


def test_an_anchor_is_that_of_its_seed_and_number() -> None:
    alone = draw_anchors(7, [5], 16)
    assert torch.equal(alone[0], draw_anchors(7, [4, 5, 6], 16)[1])
    assert not torch.equal(alone, draw_anchors(8, [5], 16))
    assert not torch.equal(alone[0], draw_style(7, 16))


@pytest.mark.parametrize("bound", [1.0, 2.0])
def test_truncation_keeps_the_deviation(bound: float) -> None:
    numbers = draw_normal(3, 40_000, bound)
    assert float(numbers.std()) == pytest.approx(1.0, abs=0.02)
    assert float(numbers.abs().max()) * truncated_deviation(bound) <= bound
    # Of a normal curve cut at 1 the deviation is .54, at 2 it is .88.
    assert truncated_deviation(bound) == pytest.approx({1.0: 0.5396, 2.0: 0.8796}[bound], abs=1e-3)


def test_a_walk_keeps_the_length_of_styles() -> None:
    first, last = draw_style(1, 64), draw_style(2, 64)
    way = between(first, last, torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(way[:, 0], first)
    torch.testing.assert_close(way[:, 2], last)
    assert float(way[:, 1].norm()) == pytest.approx(math.fsum([float(first.norm()), float(last.norm())]) / 2, rel=1e-5)
