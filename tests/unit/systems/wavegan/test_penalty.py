"""The gradient penalty against brute force."""

from __future__ import annotations

import pytest
import torch
from small_wavegan import tiny

from gantools.systems.wavegan.networks import build_networks
from gantools.systems.wavegan.penalty import gradient_penalty


def test_a_linear_critic_has_the_norm_of_its_weights() -> None:
    weight = torch.tensor([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
    x = torch.zeros(2, 2, 3)
    penalty = gradient_penalty(lambda w: (w * weight).sum((1, 2)), x, x + 1, torch.tensor([0.2, 0.7]))
    assert float(penalty) == pytest.approx((5.0 - 1.0) ** 2)


def test_a_slope_below_one_is_punished_too() -> None:
    x = torch.zeros(2, 1, 4)
    penalty = gradient_penalty(lambda w: 0.1 * w.sum((1, 2)), x, x + 1, torch.tensor([0.2, 0.7]))
    assert float(penalty) == pytest.approx((0.2 - 1.0) ** 2)


def test_the_penalty_equals_brute_force() -> None:
    """Each clip by itself, its slope by central differences in double precision."""
    config = tiny("baseline", samples=256, width=1)
    critic = build_networks(config)["D"].double()
    random = torch.Generator().manual_seed(3)
    real, fake = (torch.randn(2, 1, 256, generator=random, dtype=torch.float64) for _ in range(2))
    places = torch.tensor([0.25, 0.9], dtype=torch.float64)
    shifts = [1]
    total = 0.0
    for clip in range(2):
        point = places[clip] * real[clip] + (1 - places[clip]) * fake[clip]
        slope = torch.zeros(256, dtype=torch.float64)
        with torch.no_grad():
            for n in range(256):
                step = torch.zeros_like(point)
                step[0, n] = 1e-6
                slope[n] = (critic((point + step)[None], shifts) - critic((point - step)[None], shifts))[0] / 2e-6
        total += float((slope.norm() - 1) ** 2) / 2
    penalty = gradient_penalty(lambda x: critic(x, shifts), real, fake, places).detach()
    assert float(penalty) == pytest.approx(total, rel=1e-5)
