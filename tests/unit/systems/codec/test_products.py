"""The fast form of the published decoders beside their modules, and what is left out beside a stretch of latents."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional

from gantools.systems.codec import passes
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
        part = codec._heads(latents, codec.halo, codec.halo + 1)
    assert part[1] is not None
    for one, all_ in zip((part[0], torch.pi * part[1]), whole, strict=True):
        assert all_ is not None
        expected = all_[..., codec.halo * codec.block : (codec.halo + 1) * codec.block]
        torch.testing.assert_close(one, expected, atol=1e-5, rtol=1e-4)


def test_spectra_are_magnitudes_and_phases() -> None:
    front = FrontEnd(dataclasses.replace(PRESETS["base44"], n_fft=128, hop_samples=32))
    levels = torch.rand(2, 65, 5, generator=torch.Generator().manual_seed(4)) * 2 - 1
    phase = 6 * torch.rand(2, 65, 5, generator=torch.Generator().manual_seed(5)) - 3
    expected = torch.polar(front.magnitudes(levels), phase)
    found = front.spectra(levels, phase / torch.pi)
    assert float((found - expected).abs().max()) < 1e-5 * float(expected.abs().max())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_rows_are_the_same_alone_and_in_threads(coders: tuple[str, dict[str, nn.Module]], precision: str) -> None:
    name, networks = coders
    codec = Codec(dataclasses.replace(PRESETS[name], phase="head"), networks, precision=precision)
    latents = torch.rand(2, codec.channels, 24, generator=torch.Generator().manual_seed(6)) - 0.5
    threads = torch.get_num_threads()
    made = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            made.append(codec.decode(latents))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    alone = torch.cat([codec.decode(row) for row in latents.split(1)])
    stream = codec.stream()
    pieces = torch.cat([*(stream.push(piece) for piece in latents.split(7, -1)), stream.finish()], -1)
    for other in (made[1], alone, pieces):
        torch.testing.assert_close(other, made[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_tiles_and_their_outputs(dtype: torch.dtype) -> None:
    random = torch.Generator().manual_seed(7)
    x = torch.randn(2, 8, 5, generator=random).to(dtype)
    taken = torch.empty(4, 2, 3, 5, dtype=dtype)
    passes.tiles(passes.array(x), -1, 1, passes.array(taken))
    wide = functional.pad(x.float(), (0, 0, 1, 1))
    d0, d1, d2, d3 = (wide[:, n : n + 7 : 3] for n in range(4))
    assert torch.equal(taken, torch.stack([d0 - d2, d1 + d2, d2 - d1, d3 - d1]).to(dtype))
    other = torch.randn(2, 8, 5, generator=random).to(dtype)
    made = torch.empty(2, 8, 5, dtype=dtype)
    p0, p1, p2, p3 = taken.float()
    plain = torch.stack([p0 + p1 + p2, p1 - p2, p1 + p2 + p3], 2).flatten(1, 2)[:, :8] + other.float()
    for silu, expected in ((False, plain), (True, functional.silu(plain))):
        arrays = [passes.array(part) for part in (*taken, other)]
        passes.outputs(*arrays, silu, passes.array(made))  # type: ignore[call-arg]
        torch.testing.assert_close(made, expected.to(dtype))


def test_passes_bear_large_and_tiny_numbers() -> None:
    x = torch.tensor([-1e4, -90.0, -1e-3, 0.0, 1e-3, 90.0, 1e4]).reshape(1, 1, -1)
    none = torch.zeros_like(x)
    made = torch.empty_like(x)
    arrays = [passes.array(part) for part in (x, none, none, none, torch.zeros(1, 0, 7))]
    passes.outputs(*arrays, True, passes.array(made))  # type: ignore[call-arg]
    torch.testing.assert_close(made, functional.silu(x))
