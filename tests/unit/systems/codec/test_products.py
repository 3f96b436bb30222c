"""The fast form of the published decoders beside their modules, and what is left out beside a stretch of latents."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from gantools.systems.codec.codec import Codec
from gantools.systems.codec.config import PRESETS
from gantools.systems.codec.frontend import FrontEnd
from gantools.systems.codec.networks import build_coders
from gantools.systems.codec.products import as_products


@pytest.fixture(scope="module", params=["base44", "techno22"])
def coders(request: pytest.FixtureRequest) -> tuple[str, dict[str, nn.Module]]:
    """Return the name of a preset, and its networks as after a training."""
    networks = build_coders(PRESETS[request.param])
    random = torch.Generator().manual_seed(1)
    for module in (module for network in networks.values() for module in network.modules()):
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d) and module.bias is not None:
            module.bias.data.normal_(0, 0.1, generator=random)
        elif isinstance(module, nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1, generator=random)
            module.running_var.uniform_(0.5, 2.0, generator=random)
            module.weight.data.uniform_(0.5, 1.5, generator=random)
    for network in networks.values():
        network.eval().requires_grad_(False)
    return request.param, networks


@torch.inference_mode()
def test_products_make_what_the_modules_make(coders: tuple[str, dict[str, nn.Module]]) -> None:
    name, networks = coders
    latents = torch.rand(2, PRESETS[name].latent_channels, 7, generator=torch.Generator().manual_seed(2)) - 0.5
    expected = networks["decoder1"](networks["decoder2"](latents))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = networks["decoder1"](networks["decoder2"](latents))
    for dtype in (torch.float32, torch.bfloat16):
        made = as_products(networks["decoder1"], dtype)(as_products(networks["decoder2"], dtype)(latents))
        for ours, plain, cast in zip(made, expected, half, strict=True):
            assert ours.shape == plain.shape
            size = float(plain.square().mean().sqrt())
            error = float((ours - plain).square().mean().sqrt()) / size
            allowed = 1e-5 if dtype == torch.float32 else 2 * float((cast - plain).square().mean().sqrt()) / size
            assert error < allowed, f"{dtype}: {error:.2g} is more than {allowed:.2g}"


def test_what_is_not_looked_at_is_left_out(coders: tuple[str, dict[str, nn.Module]]) -> None:
    name, networks = coders
    codec = Codec(PRESETS[name], networks, precision="float32")
    latents = torch.rand(1, codec.channels, 2 * codec.halo + 1, generator=torch.Generator().manual_seed(3)) - 0.5
    with torch.inference_mode():
        whole = codec.levels(latents)
        part = codec._levels(latents, codec.halo, codec.halo + 1)
    for one, all_ in zip(part, whole, strict=True):
        assert one is not None
        assert all_ is not None
        expected = all_[..., codec.halo * codec.block : (codec.halo + 1) * codec.block]
        torch.testing.assert_close(one, expected, atol=1e-5, rtol=1e-4)


def test_spectra_are_magnitudes_and_phases() -> None:
    front = FrontEnd(dataclasses.replace(PRESETS["base44"], n_fft=128, hop_samples=32))
    levels = torch.rand(2, 65, 5, generator=torch.Generator().manual_seed(4)) * 2 - 1
    phase = 6 * torch.rand(2, 65, 5, generator=torch.Generator().manual_seed(5)) - 3
    expected = torch.polar(front.magnitudes(levels), phase)
    found = front.spectra(levels, phase)
    assert float((found - expected).abs().max()) < 1e-5 * float(expected.abs().max())
