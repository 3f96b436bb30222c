"""Networks of Musika: the published sizes to the parameter, shapes, and SA-AdaIN and SLE by hand."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional

from gantools.errors import ConfigError
from gantools.systems.musika.blocks import LayerNoise, LocalAdaIN, SkipExcitation, SpatialAdaIN
from gantools.systems.musika.config import PRESETS, MusikaConfig
from gantools.systems.musika.networks import build_networks
from gantools.systems.musika.published import PaperDiscriminator

LATENTS = 64


def trained(network: nn.Module) -> int:
    """Return the number of parameters that are trained."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


@pytest.mark.parametrize(
    ("preset", "patch", "generator", "discriminator"),
    [
        ("paper", 128, 14_059_018, 15_822_081 + 4_745_408),
        ("base44", 128, 15_499_530, 20_786_689),
        ("base44", 64, 12_009_738, 16_770_817),
    ],
)
def test_sizes_are_those_of_the_program(preset: str, patch: int, generator: int, discriminator: int) -> None:
    config = dataclasses.replace(PRESETS[preset], patch_latents=patch)
    with torch.device("meta"):
        networks = build_networks(config, LATENTS)
    assert trained(networks["G"]) == generator
    assert trained(networks["D"]) == discriminator


def test_the_paper_s_discriminator_mixes_channels_by_a_frozen_matrix_and_rebuilds_what_it_sees() -> None:
    network = build_networks(dataclasses.replace(PRESETS["paper"], width=8), 4)["D"]
    assert isinstance(network, PaperDiscriminator)
    assert not network.mixing.requires_grad
    assert network.mixing.shape == (16, 8, 1)
    latents = torch.randn(2, 8, 256)
    rebuilt = network.rebuild(network.features(latents)).detach()
    assert rebuilt.shape == latents.shape
    assert float(rebuilt.abs().max()) <= 1


@pytest.mark.parametrize("patch", [8, 32, 64])
@pytest.mark.parametrize("conditions", [0, 2])
def test_ours_takes_patches_of_any_length(patch: int, conditions: int) -> None:
    config = MusikaConfig(patch_latents=patch, width=4, anchor_size=3, style_size=5, detail_size=0)
    networks = build_networks(config, 6, conditions)
    coordinates = torch.randn(2, 8 + conditions, 2 * patch + 2 * networks["G"].margin)
    made = networks["G"](coordinates)
    assert made.shape == (2, 12, 2 * patch)
    scores = networks["D"](made, torch.randn(2, conditions, 2 * patch) if conditions else None)
    # Every scale judges each of its steps; the last judges the whole.
    assert [s.shape[1] for s in scores] == [patch // 2**n for n in range(len(scores) - 1)] + [1]


def test_ours_makes_the_same_wherever_it_begins_and_ends() -> None:
    config = MusikaConfig(patch_latents=32, width=4, anchor_size=3, style_size=5, detail_size=0)
    network = build_networks(config, 6)["G"].eval()
    assert (network.grid, network.margin) == (8, 32)
    coordinates = torch.randn(1, 8, 64 + 160)
    whole = network(coordinates).detach()
    part = network(coordinates[..., 40 : 40 + 64 + 24]).detach()
    torch.testing.assert_close(part, whole[..., 40:64], atol=1e-5, rtol=0)
    # All of the margin is needed, and nothing beyond it is seen.
    changed = coordinates.clone()
    changed[..., 40 + 64 + 24 :] = 9.0
    torch.testing.assert_close(network(changed).detach()[..., 40:64], whole[..., 40:64], atol=1e-5, rtol=0)
    changed[..., 40 + 32 + 24 + 8 : 40 + 64 + 24] = 9.0
    assert float((network(changed).detach() - whole)[..., 40:64].abs().max()) > 1e-3


def test_random_numbers_keep_their_deviation_at_each_level_of_ours() -> None:
    config = MusikaConfig(patch_latents=32, width=4, anchor_size=3, style_size=5, detail_size=2)
    coordinates = torch.cat([torch.randn(400, 2, 64), torch.ones(400, 8, 64)], 1)
    for level in build_networks(config, 6)["G"]._pyramid(coordinates):
        torch.testing.assert_close(level[:, :2].std(), torch.ones(()), atol=0.05, rtol=0)
        assert bool((level[:, 2:] == 1).all())


def test_what_hardly_changes_does_not_become_noise_in_ours() -> None:
    flat = torch.full((1, 2, 16), 3.0) + 1e-3 * torch.randn(1, 2, 16)
    coordinates = torch.ones(1, 1, 16)
    for kind, least, most in ((LocalAdaIN, 0.9, 1.1), (SpatialAdaIN, 100.0, 1e9)):  # 3 over a deviation of .001
        norm = kind(1, 2)
        nn.init.zeros_(norm.scale.weight)
        nn.init.ones_(norm.scale.bias)  # type: ignore[arg-type]
        assert least < float(norm(flat, coordinates).detach().abs().max()) < most


def test_local_adain_knows_of_no_other_step() -> None:
    norm = LocalAdaIN(2, 3)
    x, coordinates = torch.randn(2, 3, 8), torch.randn(2, 2, 8)
    step = norm(x[..., 4:5], coordinates[..., 4:5])
    torch.testing.assert_close(norm(x, coordinates)[..., 4:5], step)
    scale = torch.einsum("oc,bct->bot", norm.scale.weight[:, :, 0], coordinates) + norm.scale.bias[:, None]
    torch.testing.assert_close(norm(x, coordinates), x / (x.square().mean(1, keepdim=True).sqrt() + 1e-5) * scale)


def test_sa_adain_divides_by_the_deviation_and_multiplies_by_coordinates() -> None:
    norm = SpatialAdaIN(2, 3)
    x, coordinates = torch.randn(2, 3, 8), torch.randn(2, 2, 8)
    scale = torch.einsum("oc,bct->bot", norm.scale.weight[:, :, 0], coordinates) + norm.scale.bias[:, None]
    expected = x / (x.std(2, keepdim=True, unbiased=False) + 1e-5) * scale
    torch.testing.assert_close(norm(x, coordinates), expected)


def test_a_gate_says_how_much_of_each_channel_comes_through() -> None:
    gate = SkipExcitation(4, 6)
    coarse = torch.randn(3, 4, 8)
    hidden = functional.silu(coarse.mean(2) @ gate.squeeze.weight.T + gate.squeeze.bias)
    expected = torch.sigmoid(hidden @ gate.excite.weight.T + gate.excite.bias)
    torch.testing.assert_close(gate(coarse), expected[:, :, None])


def test_layers_have_noise_in_training_only() -> None:
    noise = LayerNoise()
    nn.init.constant_(noise.scale, 2.0)
    x = torch.zeros(2, 3, 5)
    added = noise(x)
    # One number for all channels of a step.
    assert bool((added == added[:, :1]).all())
    assert float(added.detach().std()) > 0.5
    assert torch.equal(noise.eval()(x), x)


def test_what_does_not_belong_together_is_refused() -> None:
    for wrong in ({"patch_latents": 48}, {"variant": "paper", "patch_latents": 64}, {"mix_channels": "ccm"}):
        with pytest.raises(ConfigError):
            MusikaConfig(**wrong)  # type: ignore[arg-type]
