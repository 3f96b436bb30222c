"""The objective of CycleGAN: the batched step, schedules, pools, and that items do not influence each other."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from gantools.chunks.shards import ChunkSet
from gantools.errors import ConfigError
from gantools.systems.cyclegan.config import PRESETS, CycleGANConfig
from gantools.systems.cyclegan.objective import CycleGAN, l1, least_squares
from gantools.systems.cyclegan.time_networks import band_statistics
from gantools.training.system import Step

SIZE: dict[str, Any] = {"width": 8, "discriminator_width": 8}
PAPER = dataclasses.replace(PRESETS["paper"], **SIZE, blocks=2)
SMALL = dataclasses.replace(PRESETS["small"], **SIZE, body_width=16, texture_width=4, style_bank=4)


def first(system: CycleGAN, step: int = 0) -> Step:
    return Step(step, system.config.steps, range(system.config.batch_size))


def test_four_calls_of_the_generators_equal_six(chunks: ChunkSet) -> None:
    system = CycleGAN(dataclasses.replace(PAPER, batch_size=2), chunks)
    batch = system.batch(0, [0, 1])
    loss, _ = system.losses("generator", batch, first(system))
    loss.backward()
    parameters = [*system.networks["G"].parameters(), *system.networks["F"].parameters()]
    gradients = [p.grad.clone() for p in parameters if p.grad is not None]
    for net in system.networks.values():
        net.zero_grad()

    x, y = batch["x"], batch["y"]
    g, f, d_x, d_y = (system.networks[name] for name in ("G", "F", "D_X", "D_Y"))
    fake_y, fake_x = g(x), f(y)
    adversarial = (d_y(fake_y) - 1).square().mean() + (d_x(fake_x) - 1).square().mean()
    cycle = 10 * ((f(fake_y) - x).abs().mean() + (g(fake_x) - y).abs().mean())
    identity = 10 * 0.5 * ((g(y) - y).abs().mean() + (f(x) - x).abs().mean())
    six = adversarial + cycle + identity
    torch.testing.assert_close(loss, six, rtol=1e-5, atol=1e-5)
    six.backward()
    for ours, p in zip(gradients, parameters, strict=True):
        assert p.grad is not None
        torch.testing.assert_close(ours, p.grad, rtol=1e-4, atol=1e-5)


def test_one_call_of_a_discriminator_equals_two(chunks: ChunkSet) -> None:
    system = CycleGAN(PAPER, chunks)
    batch, state = system.batch(3, [0]), first(system, 3)
    with torch.no_grad():
        system.losses("generator", batch, state)
        loss, terms = system.losses("discriminator", batch, state)
        discriminator = system.networks["D_Y"]
        two = 0.5 * (
            (discriminator(batch["y"]) - 1).square().mean() + discriminator(state.shared["fake_y"]).square().mean()
        )
    torch.testing.assert_close(terms["discriminator_y"], two, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(loss, terms["discriminator_x"] + terms["discriminator_y"])


@pytest.mark.parametrize("config", [PAPER, SMALL], ids=["paper", "small"])
def test_a_batch_of_two_is_the_mean_of_its_items(config: CycleGANConfig, chunks: ChunkSet) -> None:
    system = CycleGAN(dataclasses.replace(config, batch_size=2, pool_size=2), chunks)
    split = CycleGAN(system.config, chunks)
    for step in range(3):  # the pools are full after the first
        with torch.no_grad():
            state = first(system, step)
            batch = system.batch(step, [0, 1])
            whole = [system.losses(phase, batch, state)[0] for phase in ("generator", "discriminator")]
            parts = []
            for item in (0, 1):
                state = Step(step, config.steps, [item])
                batch = split.batch(step, [item])
                parts.append(
                    torch.stack([split.losses(phase, batch, state)[0] for phase in ("generator", "discriminator")])
                )
        torch.testing.assert_close(torch.stack(whole), (parts[0] + parts[1]) / 2, rtol=1e-4, atol=1e-5)


def test_batches_depend_on_seed_step_and_item_alone(chunks: ChunkSet) -> None:
    system = CycleGAN(dataclasses.replace(SMALL, batch_size=2), chunks)
    both, second = system.batch(5, [0, 1]), system.batch(5, [1])
    assert torch.equal(both["x"][1:], second["x"])
    assert torch.equal(both["y"][1:], second["y"])
    assert not torch.equal(both["x"][0], both["x"][1])
    assert not torch.equal(system.batch(6, [1])["x"], second["x"])
    assert both["x"].shape == (2, 1, 64, 64)
    assert both["x"].abs().max() <= 1


def test_pools_are_state_of_their_item(chunks: ChunkSet) -> None:
    system = CycleGAN(dataclasses.replace(SMALL, batch_size=2, pool_size=4), chunks)
    state = first(system)
    with torch.no_grad():
        for phase in ("generator", "discriminator"):
            system.losses(phase, system.batch(0, [0, 1]), state)
    saved = {key: value.clone() for key, value in system.extra_state().items()}
    assert set(saved) == {f"item{i}/{role}/{part}" for i in (0, 1) for role in "xy" for part in ("images", "count")}
    assert saved["item1/y/count"] == 1
    assert saved["item1/y/images"].shape == (2, 1, 64, 64)
    fresh = CycleGAN(system.config, chunks)
    fresh.load_extra_state(saved)
    assert all(torch.equal(value, saved[key]) for key, value in fresh.extra_state().items())
    fresh.load_extra_state({})
    assert fresh.pools[0, "x"].count == 0


def test_bank_holds_styles_of_the_training_windows(chunks: ChunkSet) -> None:
    config = dataclasses.replace(SMALL, style_bank=8)
    bank = CycleGAN(config, chunks).networks["G"].bank
    rows = chunks.select(role="drums", split="train")
    windows = torch.stack([torch.from_numpy(chunks.window(row)) for row in rows])[:, None]
    # All are equally active here, so their order stays.
    torch.testing.assert_close(bank, band_statistics(windows))


def test_learning_rate_of_the_paper_falls_to_1_101(chunks: ChunkSet) -> None:
    config = dataclasses.replace(PAPER, decay_epochs=100)
    factor = CycleGAN(config, chunks).phases[0].schedule
    epoch = 8  # two training songs of four chunks
    assert [factor(step * epoch, 10**6) for step in (0, 99)] == [1.0, 1.0]
    assert factor(199 * epoch, 10**6) == pytest.approx(1 / 101)
    assert factor(200 * epoch, 10**6) == 0.0


def test_weights_of_cycle_and_identity_follow_the_steps(chunks: ChunkSet) -> None:
    system = CycleGAN(
        dataclasses.replace(
            SMALL,
            steps=100,
            cycle_weight=2.0,
            cycle_weight_end=1.0,
            cycle_share=0.1,
            identity_weight=5.0,
            identity_share=0.2,
        ),
        chunks,
    )
    assert system.weights(0, 100) == (2.0, 10.0)
    assert system.weights(5, 100) == (1.5, 7.5)
    assert system.weights(100, 100) == (1.0, 0.0)
    assert system.weights(5, 50) == (1.0, 5.0)  # a budget made the run shorter
    assert CycleGAN(PAPER, chunks).weights(10**6, 10**6) == (10.0, 5.0)


def test_without_identity_and_cycle_only_the_discriminators_remain(chunks: ChunkSet) -> None:
    config = dataclasses.replace(PAPER, identity_weight=0.0, cycle_weight=0.0)
    system = CycleGAN(config, chunks)
    loss, terms = system.losses("generator", system.batch(0, [0]), first(system))
    torch.testing.assert_close(loss, terms["adversarial_x"] + terms["adversarial_y"])


def test_losses_by_hand() -> None:
    assert l1(torch.tensor([1.0, -1.0]), torch.tensor([0.0, 0.0])) == 1.0
    # Heads count equally, however many logits they have.
    assert least_squares([torch.zeros(1, 1, 4), torch.ones(1, 1, 2)], 1.0) == 0.5


def test_a_role_that_is_not_there_is_named(chunks: ChunkSet) -> None:
    with pytest.raises(ConfigError, match=r"flute.*bass.*drums"):
        CycleGAN(dataclasses.replace(PAPER, source_role="flute"), chunks)


@pytest.mark.parametrize("change", [{"source_role": "drums"}, {"style_weight": 1.0}])
def test_combinations_that_mean_nothing_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CycleGANConfig(**change)
