"""Networks of WaveGAN and its variants: sizes, and each part against a plain computation of the same thing."""

from __future__ import annotations

import pytest
import torch
from small_wavegan import tiny
from torch import nn
from torch.nn import functional

from gantools.errors import ConfigError
from gantools.systems.wavegan.build import build_networks
from gantools.systems.wavegan.config import VARIANTS, WaveGANConfig, resolve, strides
from gantools.systems.wavegan.networks import (
    Discriminator,
    Generator,
    PostFilter,
    UpConv,
    phase_shuffle,
)


def count(network: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(p.numel() for p in network.parameters())


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    """Return seeded noise."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("width", "samples", "generator_millions", "discriminator_millions"),
    [(64, 16384, 19.07, 17.43), (64, 65536, 73.2, 69.9), (32, 65536, 19.1, 17.5), (16, 65536, 5.2, 4.4)],
)
def test_sizes_are_those_of_the_published_networks(
    width: int, samples: int, generator_millions: float, discriminator_millions: float
) -> None:
    config = resolve(WaveGANConfig(width=width, samples=samples))
    with torch.device("meta"):
        generator, discriminator = Generator(config), Discriminator(config)
    assert count(generator) / 1e6 == pytest.approx(generator_millions, abs=0.06)
    assert count(discriminator) / 1e6 == pytest.approx(discriminator_millions, abs=0.06)


def test_lengths_are_16_times_fours_and_one_more() -> None:
    assert strides(8192) == (4, 4, 4, 4, 2)
    assert strides(16384) == (4,) * 5
    assert strides(32768) == (4,) * 5 + (2,)
    assert strides(65536) == (4,) * 6
    assert strides(131072) == (4,) * 6 + (2,)
    assert strides(12288) == (4, 4, 4, 4, 3)
    with pytest.raises(ConfigError, match="nearest is 16384"):
        strides(16000)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("samples", "channels"), [(1024, 1), (2048, 2)])
def test_every_variant_makes_clips_of_the_asked_size(variant: str, samples: int, channels: int) -> None:
    config = tiny(variant, samples=samples, channels=channels, post_filter=16)
    networks = build_networks(config)
    generator = networks["G"]
    noise = random(3, generator.noise_samples) if generator.noise_samples else None
    clips = generator(random(3, config.latent), noise)
    assert clips.shape == (3, channels, samples)
    assert clips.abs().max() <= 1.0
    assert networks["D"](clips, [1, -2, 0, 2]).shape == (3,)
    again = build_networks(config)["G"](random(3, config.latent), noise)
    assert torch.equal(clips, again)


@pytest.mark.parametrize("stride", [2, 3, 4, 8])
@pytest.mark.parametrize("nearest", [True, False])
def test_upsampling_equals_the_plain_way(stride: int, nearest: bool) -> None:
    layer = UpConv(3, 5, 25, stride, nearest)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    x = random(2, 3, 1, 16)
    if nearest:
        repeated = x[:, :, 0].repeat_interleave(stride, -1)
        plain = functional.conv1d(repeated, layer.weight, layer.bias, padding=12)
    else:
        pad = (25 - stride + 1) // 2
        plain = functional.conv_transpose1d(
            x[:, :, 0], layer.weight.transpose(0, 1), layer.bias, stride, pad, stride + 2 * pad - 25
        )
    assert plain.shape[-1] == 16 * stride
    torch.testing.assert_close(layer(x)[:, :, 0], plain, atol=1e-5, rtol=1e-5)
    made = layer(x)
    layer.freeze()
    assert torch.equal(layer(x), made)


def test_the_discriminator_equals_one_dimensional_convolutions() -> None:
    config = tiny("baseline", samples=8192)
    discriminator = build_networks(config)["D"]
    x = random(2, 1, 8192)
    y = x
    for layer in discriminator.layers:
        y = functional.leaky_relu(
            functional.conv1d(y, layer.weight[:, :, 0], layer.bias, layer.stride[1], layer.padding[1]), 0.2
        )
    assert y.shape[-1] == 16
    plain = functional.linear(y.flatten(1), discriminator.judge.weight, discriminator.judge.bias)[:, 0]
    torch.testing.assert_close(discriminator(x), plain, atol=1e-4, rtol=1e-4)


def shuffled_by_hand(row: list[float], shift: int) -> list[float]:
    """Pad by reflection on one side and cut on the other, sample by sample."""
    out = []
    for n in range(len(row)):
        place = abs(n - shift)
        out.append(row[place if place < len(row) else 2 * (len(row) - 1) - place])
    return out


@pytest.mark.parametrize("shift", range(-3, 4))
def test_phase_shuffle_moves_and_reflects(shift: int) -> None:
    x = random(3, 2, 1, 9)
    expected = torch.tensor([[[shuffled_by_hand(r[0], shift)] for r in clip] for clip in x.tolist()])
    assert torch.equal(phase_shuffle(x, shift), expected)
    each = phase_shuffle(x, torch.tensor([shift, 0, -shift]))
    assert torch.equal(each[0], phase_shuffle(x, shift)[0])
    assert torch.equal(each[1], x[1])
    assert torch.equal(each[2], phase_shuffle(x, -shift)[2])


def test_phase_shuffle_is_not_after_the_last_layers() -> None:
    assert build_networks(tiny(samples=1024))["D"].shuffled == 2  # of 3 layers
    with torch.device("meta"):
        assert Discriminator(resolve(WaveGANConfig(width=2, samples=65536))).shuffled == 4  # of 6


def test_spectral_norm_divides_by_the_largest_singular_value() -> None:
    discriminator = build_networks(tiny(spectral_norm=True))["D"]
    for _ in range(60):
        discriminator(random(1, 1, 1024))  # each use is one power iteration
    discriminator.eval()
    for layer in [*discriminator.layers, discriminator.judge]:
        largest = torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]
        assert float(largest) == pytest.approx(1.0, abs=0.02)


def test_initial_signals_keep_their_size() -> None:
    config = tiny("baseline", samples=8192, width=8, latent=100)
    generator = build_networks(config)["G"]
    x = torch.relu(generator.first(random(16, 100)))
    for layer in generator.layers[:-1]:
        x = torch.relu(layer(x))
        assert 0.3 < float(x.detach().square().mean()) < 3.0


def test_the_post_filter_starts_as_no_filter() -> None:
    x = random(2, 2, 64)
    torch.testing.assert_close(PostFilter(2, 32)(x), x)
