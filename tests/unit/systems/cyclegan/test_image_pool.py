"""The pool of past fakes."""

from __future__ import annotations

import pytest
import torch

from gantools.systems.cyclegan.image_pool import ImagePool


def test_pool_fills_then_returns_an_old_image_half_of_the_time() -> None:
    pool, random = ImagePool(50, (1,)), torch.Generator().manual_seed(2)
    for i in range(50):
        assert pool.swap(torch.tensor([float(i)]), random).item() == i
    old = 0
    for i in range(50, 2050):
        got = pool.swap(torch.tensor([float(i)]), random).item()
        assert (got == i) == (i not in pool.images)
        old += got != i
    assert old / 2000 == pytest.approx(0.5, abs=0.05)
    assert len(set(pool.images.flatten().tolist())) == 50


def test_pool_of_size_zero_passes_images_through() -> None:
    image = torch.ones(3)
    assert ImagePool(0, (3,)).swap(image, torch.Generator()) is image
