"""Equations 1, 3, 4 and 5 of one scale by a plain computation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.objective import magnitudes, spectral_loss
from gantools.systems.caw.scale import CawScale, schedule
from gantools.systems.caw.scale_data import CoarserDraws, ScaleData
from gantools.training.system import Step


def test_losses_are_those_of_the_paper(tiny: Callable[..., CawConfig]) -> None:
    config = tiny("paper", channels=1, mse_weight=3.0, spectral_weight=0.01, penalty_weight=0.5)
    torch.manual_seed(0)
    real, below, noise = (0.3 * torch.randn(1, 2200) for _ in range(3))
    data = ScaleData(2000, [real], [below], [noise], None, torch.ones(1, 1))
    system = CawScale(config, data, CoarserDraws(None, 2000, 1, [1.1], config, torch.device("cpu")), 4)
    step = Step(0, 10, [0])
    batch = system.batch(0, [0])
    generator, discriminator = system.generator.eval(), system.discriminator.eval()
    fake = generator(batch["x"], batch["previous"]).detach()
    # Equation 3: the mean scores, and the penalty on the slope at each sample of a mixture.
    loss, _ = system.losses("discriminator", batch, step)
    mixture = (batch["mix"] * batch["real"] + (1 - batch["mix"]) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(discriminator(mixture).sum(), mixture)
    expected = (
        discriminator(fake).mean() - discriminator(batch["real"]).mean() + 0.5 * (slope.abs() - 1).square().mean()
    )
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
    # Equations 4 and 5: the score of the draw, and what the fixed noise gives back of the clip.
    loss, _ = system.losses("generator", batch, step)
    again = generator(batch["rec_x"], batch["rec_previous"])
    distance = 3.0 * (again - batch["real"]).square().mean() + 0.01 * spectral_loss(again, magnitudes(batch["real"]))
    expected = distance - discriminator(fake).mean()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
    # Equation 1: noise and the signal of the scale below go in, and that signal is added to what comes out.
    reach = generator.reach
    assert torch.equal(batch["rec_x"][0, :, reach:-reach], below + noise)
    generator.silence()
    torch.testing.assert_close(generator(batch["rec_x"], batch["rec_previous"]), below[None])


def test_a_tenth_of_the_rate_is_left_after_two_thirds() -> None:
    assert [schedule(step, 3000) for step in (0, 1999, 2000, 2999)] == [1.0, 1.0, 0.1, 0.1]
