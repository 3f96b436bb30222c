"""Receptive field, pads, parameter counts, and what the networks compute."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.networks import Discriminator, Generator, pre_emphasis


@pytest.mark.parametrize(("width", "generator", "discriminator"), [(16, 21_442, 14_562), (96, 750_722, 502_082)])
def test_parameters_are_the_published_ones(width: int, generator: int, discriminator: int) -> None:
    assert sum(p.numel() for p in Generator(1, width).parameters()) == generator
    assert sum(p.numel() for p in Discriminator(1, width).parameters()) == discriminator


def test_receptive_field_and_pads() -> None:
    assert (CawConfig().receptive_field, CawConfig().reach) == (2041, 1020)
    generator, discriminator = Generator(1, 4), Discriminator(1, 4)
    assert generator.reach == discriminator.reach == 1020
    x = torch.randn(1, 1, 3000)
    assert discriminator(x).shape[-1] == 3000 - 2040
    assert generator(functional.pad(x, (1020, 1020)), x).shape == x.shape


def test_a_score_sees_2041_samples() -> None:
    discriminator = Discriminator(1, 4).eval()
    x = torch.randn(1, 1, 2041 + 300, requires_grad=True)
    # The score before the filter at the end: after it, a score sees one sample more.
    scores, _ = discriminator.body(x[:, :, None])
    scores[..., 100].sum().backward()
    assert x.grad is not None
    seen = torch.nonzero(x.grad[0, 0]).flatten()
    assert (int(seen[0]), int(seen[-1])) == (100, 100 + 2040)


def test_conv2d_equals_conv1d() -> None:
    torch.manual_seed(0)
    generator = Generator(1, 8, layers=4).eval()
    x, previous = torch.randn(2, 1, 500 + 2 * generator.reach), torch.randn(2, 1, 500)

    def conv(layer: nn.Module, h: torch.Tensor, dilation: int = 1, padding: int = 0) -> torch.Tensor:
        own = dict(layer.named_parameters())
        gain, direction = own["parametrizations.weight.original0"], own["parametrizations.weight.original1"]
        weight = gain * direction / torch.linalg.vector_norm(direction, dim=(1, 2, 3), keepdim=True)
        return functional.conv1d(h, weight[:, :, 0], own["bias"], dilation=dilation, padding=padding)

    h = x
    for index, layer in enumerate(generator.body.convs):
        h = conv(layer, h, 2**index)
        if index < 3:
            norm = generator.body.norms[index]
            h = norm.weight[:, None] * h / torch.sqrt(torch.tensor(1 + norm.eps)) + norm.bias[:, None]
            h = torch.where(h > 0, h, 0.2 * h)
    h = torch.tanh(conv(generator.signal, h, padding=4)) * torch.sigmoid(conv(generator.gate, h, padding=4))
    h = conv(generator.out, h)
    expected = previous.clone()
    expected[..., 0] += h[..., 0]
    expected[..., 1:] += h[..., 1:] - 0.97 * h[..., :-1]
    assert torch.allclose(generator(x, previous), expected, atol=1e-4)


def test_batch_norm_starts_as_published() -> None:
    torch.manual_seed(0)
    weights = torch.cat([norm.weight for norm in Discriminator(1, 96).body.norms]).detach()
    assert abs(float(weights.mean()) - 1) < 0.005
    assert float(weights.std()) == pytest.approx(0.02, rel=0.1)


def test_pre_emphasis_keeps_the_first_sample() -> None:
    assert torch.allclose(pre_emphasis(torch.tensor([1.0, 1.0, 2.0])), torch.tensor([1.0, 0.03, 1.03]))


def test_silenced_generator_is_plain_upsampling_and_learns() -> None:
    generator = Generator(1, 4, layers=3)
    generator.silence()
    previous = torch.randn(1, 1, 200)
    y = generator(functional.pad(previous, (28, 28)), previous)
    assert torch.equal(y, previous)
    y.square().sum().backward()
    gain = dict(generator.out.named_parameters())["parametrizations.weight.original0"]
    assert gain.grad is not None
    assert float(gain.grad.abs().sum()) > 0


def test_holes_count_neither_in_statistics_nor_in_scores() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(1, 4, layers=3)
    reach, hole = discriminator.reach, slice(400, 430)
    valid = torch.ones(1, 1, 900)
    valid[..., hole] = 0
    x = torch.randn(1, 1, 900)
    changed = x.clone()
    changed[..., hole] = 50.0
    (scores, counted), (others, _) = discriminator.score_valid(x, valid), discriminator.score_valid(changed, valid)
    assert torch.equal(scores * counted, others * counted)
    # From the receptive field before the hole to one after its end, for the filter.
    lost = torch.nonzero(counted[0, 0] == 0).flatten()
    assert (int(lost[0]), int(lost[-1])) == (400 - 2 * reach, 430)
    whole, everywhere = discriminator.score_valid(x, torch.ones(1, 1, 900))
    assert bool(everywhere.all())
    assert torch.allclose(whole, discriminator(x), atol=1e-5)
