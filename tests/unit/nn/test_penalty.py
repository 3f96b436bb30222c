"""The gradient penalty against brute force."""

from __future__ import annotations

import pytest
import torch
from small_wavegan import tiny

from gantools.nn.penalty import gradient_penalty
from gantools.systems.wavegan.build import build_networks


def test_a_linear_discriminator_has_the_norm_of_its_weights() -> None:
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
    discriminator = build_networks(config)["D"].double()
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
                slope[n] = (discriminator((point + step)[None], shifts) - discriminator((point - step)[None], shifts))[
                    0
                ] / 2e-6
        total += float((slope.norm() - 1) ** 2) / 2
    penalty = gradient_penalty(lambda x: discriminator(x, shifts), real, fake, places).detach()
    assert float(penalty) == pytest.approx(total, rel=1e-5)


def test_the_penalty_teaches_the_discriminator_and_nobody_else() -> None:
    """Its gradient with respect to the weights w of a linear discriminator is 2 (|w| - 1) w / |w|, in any mode."""
    weight = torch.tensor([[3.0, 0.0], [0.0, 4.0]], requires_grad=True)
    real, fake = torch.ones(2, 2, 2, requires_grad=True), torch.zeros(2, 2, 2, requires_grad=True)

    def discriminator(x: torch.Tensor) -> torch.Tensor:
        return (x * weight).sum((1, 2))

    penalty = gradient_penalty(discriminator, real.detach(), fake, torch.tensor([0.2, 0.7]))
    penalty.backward()
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, 2 * (5.0 - 1.0) * weight.detach() / 5.0)
    assert fake.grad is None


def test_gradients_are_switched_on_for_it() -> None:
    weight = torch.full((1, 2, 2), 2.0, requires_grad=True)
    x = torch.zeros(1, 2, 2)
    with torch.no_grad():
        penalty = gradient_penalty(lambda w: (w * weight).sum((1, 2)), x, x + 1, torch.tensor([0.5]))
    assert float(penalty.detach()) == pytest.approx(9.0)


def test_a_slope_of_zero_has_a_finite_gradient() -> None:
    weight = torch.zeros(1, 2, 2, requires_grad=True)
    x = torch.zeros(1, 2, 2)
    penalty = gradient_penalty(lambda w: (w * weight).sum((1, 2)), x, x + 1, torch.tensor([0.5]))
    penalty.backward()
    assert float(penalty.detach()) == pytest.approx(1.0, abs=1e-5)
    assert weight.grad is not None
    assert torch.isfinite(weight.grad).all()


def test_clips_are_mixed_at_their_places() -> None:
    """D(x) = |x|^2 / 2 has the slope x: the norm tells where between real and fake it was taken."""
    real, fake = torch.zeros(2, 1, 1), torch.full((2, 1, 1), 5.0)
    penalty = gradient_penalty(lambda x: x.square().sum((1, 2)) / 2, real, fake, torch.tensor([0.2, 0.4]))
    assert float(penalty.detach()) == pytest.approx(((4.0 - 1) ** 2 + (3.0 - 1) ** 2) / 2)
