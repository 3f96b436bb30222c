"""AdaIN and the style generator."""

from __future__ import annotations

import torch
from small_wavegan import tiny

from gantools.systems.wavegan.build import build_networks
from gantools.systems.wavegan.style import AdaIN


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    """Return seeded noise."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_adain_gives_the_moments_that_the_style_asks_for() -> None:
    adain = AdaIN(4, 6)
    style = random(3, 6)
    y = adain(5 * random(3, 4, 1, 500) + 2, style, random(3, 500))  # its noise gain is 0
    gamma, beta = adain.affine(style).chunk(2, 1)
    torch.testing.assert_close(y.mean((2, 3)), beta, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(y.std((2, 3), correction=0), (1 + gamma).abs(), atol=1e-4, rtol=1e-4)


def test_noise_comes_in_with_its_gain() -> None:
    adain = AdaIN(2, 3)
    x, style, noise = random(1, 2, 1, 8), random(1, 3), random(1, 8, seed=1)
    quiet = adain(x, style, noise)
    with torch.no_grad():
        adain.noise_gain.copy_(torch.tensor([0.5, -2.0]))
    torch.testing.assert_close(adain(x, style, noise) - quiet, torch.stack([0.5 * noise, -2 * noise], 1)[:, :, None])


def test_there_are_six_places_for_six_layers() -> None:
    generator = build_networks(tiny("style", samples=65536))["G"]
    assert len(generator.styles) == len(generator.mapping.layers) == 6
    assert generator.noise_times == [16, 64, 256, 1024, 4096, 16384]


def test_each_layer_of_the_mapping_feeds_its_own_block() -> None:
    for source, blocks in (("each", [0, 1, 2]), ("last", [5])):
        generator = build_networks(tiny("style", style_source=source))["G"]
        z = random(2, 8)
        styles = generator.mapping(z).detach().requires_grad_(True)
        generator(z, None, styles).square().sum().backward()
        used = styles.grad.abs().sum((0, 2)) > 0
        assert torch.nonzero(used)[:, 0].tolist() == blocks
