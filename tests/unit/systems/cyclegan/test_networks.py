"""Networks of CycleGAN: sizes, shapes, initial weights."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from gantools.systems.cyclegan.config import PRESETS
from gantools.systems.cyclegan.networks import ResnetGenerator, build_networks
from gantools.systems.cyclegan.time_networks import TimeGenerator, band_statistics


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("channels", "blocks", "parameters"),
    [(1, 9, 11_365_633), (3, 9, 11_378_179), (1, 6, 7_825_153), (3, 6, 7_837_699)],
)
def test_resnet_generator_has_the_parameters_of_the_reference(channels: int, blocks: int, parameters: int) -> None:
    assert count(ResnetGenerator(channels, blocks=blocks)) == parameters


@pytest.mark.parametrize("upsample", ["transposed", "nearest"])
def test_resnet_generator_keeps_256_by_256(upsample: str) -> None:
    with torch.inference_mode():
        y = ResnetGenerator(width=8, blocks=1, upsample=upsample)(torch.randn(1, 1, 256, 256))
    assert y.shape == (1, 1, 256, 256)
    assert y.abs().max() <= 1


def test_paper_networks() -> None:
    networks = build_networks(PRESETS["paper"], 256)
    assert {name: count(net) for name, net in networks.items()} == {
        "G": 11_365_633,
        "F": 11_365_633,
        "D_X": 2_762_689,
        "D_Y": 2_762_689,
    }
    weights = torch.cat([p.flatten() for p in networks["G"].parameters() if p.dim() > 1])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)


def test_weights_follow_from_the_seed() -> None:
    small = PRESETS["small"]
    one, same = build_networks(small, 64)["G"], build_networks(small, 64)["G"]
    other = build_networks(dataclasses.replace(small, seed=1), 64)["G"]
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


def test_small_networks_keep_the_shape_and_judge_at_four_scales() -> None:
    networks = build_networks(PRESETS["small"], 256)
    x = torch.rand(2, 1, 256, 256) * 2 - 1
    with torch.inference_mode():
        assert networks["G"](x).shape == x.shape
        assert [tuple(head.shape[2:]) for head in networks["D_X"](x)] == [(128,), (64,), (32,), (30, 30)]


def test_band_statistics_hold_no_timing() -> None:
    mel = torch.rand(1, 1, 8, 40) * 2 - 1
    statistics = band_statistics(mel)
    mean, deviation, rise = statistics[0].view(3, 8)
    torch.testing.assert_close(mean, mel[0, 0].mean(1))
    torch.testing.assert_close(deviation, mel[0, 0].std(1), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(rise, 4 * mel[0, 0].diff(dim=1).clamp(min=0).mean(1))
    # A steady tone has a mean and nothing else.
    still = band_statistics(torch.full((1, 1, 8, 40), 0.5))[0].view(3, 8)
    assert still[0].eq(0.5).all()
    assert still[1].max() <= 0.011
    assert still[2].eq(0).all()


def test_style_and_noise_change_the_output_and_the_default_is_the_mean_of_the_bank() -> None:
    generator = TimeGenerator(32, width=16, body=16, blocks=2, bank=4)
    for p in generator.parameters():
        nn.init.normal_(p, std=0.1)
    generator.bank.normal_()
    x, noise = torch.randn(1, 1, 32, 64), torch.randn(1, generator.noise_channels, 16)
    with torch.inference_mode():
        plain = generator(x)
        torch.testing.assert_close(generator(x, generator.bank.mean(0)[None]), plain)
        assert (generator(x, generator.bank[:1]) - plain).abs().mean() > 1e-3
        assert (generator(x, None, noise) - plain).abs().mean() > 1e-3
