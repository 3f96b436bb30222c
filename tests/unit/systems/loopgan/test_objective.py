"""The loss of WGAN-GP for two pairs, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_loop_models import tiny_gan, write_pieces

from gantools.systems.loopgan.networks import fire
from gantools.training.system import Step


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pieces")
    write_pieces(made)
    return made


def test_the_losses_are_those_of_each_pair_added_up(folder: Path) -> None:
    system = tiny_gan(folder, penalty_weight=7.0)
    batch = system.batch(0, range(4))
    generator, discriminator = system.networks["G"], system.networks["D"]
    loss, terms = system.losses("discriminator", batch, Step(0, 5, range(4)))
    # With batch norm in training mode the same latents give the same phrases again.
    real, fake = batch["real"], fire(generator(batch["discriminator_z"]), "threshold").detach()
    expected = 0.0
    for place, part in enumerate(discriminator.parts):
        distance = float((discriminator(real)[:, place] - discriminator(fake)[:, place]).mean().detach())
        assert float(terms[part].detach()) == pytest.approx(distance, rel=1e-4, abs=1e-6)
        slopes = []
        for item in range(4):
            place_between = float(batch["mix"][item])
            x = (place_between * real[item] + (1 - place_between) * fake[item])[None].requires_grad_(True)
            (slope,) = torch.autograd.grad(discriminator(x)[0, place], x)
            slopes.append((float(slope.norm()) - 1) ** 2)
        expected += -distance + 7.0 * sum(slopes) / 4
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
    loss, _ = system.losses("generator", batch, Step(0, 5, range(4)))
    fake = fire(generator(batch["generator_z"]), "threshold")
    assert float(loss.detach()) == pytest.approx(-float(discriminator(fake).mean(0).sum().detach()), rel=1e-4)


def test_a_batch_is_a_function_of_step_and_item(folder: Path) -> None:
    system = tiny_gan(folder)
    whole, part = system.batch(3, range(4)), system.batch(3, [2])
    for name, tensor in whole.items():
        assert torch.equal(tensor[2:3], part[name])
    assert not torch.equal(whole["discriminator_z"], whole["generator_z"])
    assert not torch.equal(whole["generator_z"], system.batch(4, range(4))["generator_z"])
