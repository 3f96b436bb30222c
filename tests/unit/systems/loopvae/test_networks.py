"""Shapes of the published networks, and each part against a plain computation."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional

from gantools.errors import ConfigError
from gantools.systems.loopvae.config import PRESETS, LoopVAEConfig
from gantools.systems.loopvae.networks import CNNVAE, VQVAE, build_network, divergence

TINY = LoopVAEConfig(width=8, codebook_size=12, code_size=4, latent=6)


@pytest.mark.parametrize("code_steps", [16, 32, 64])
@pytest.mark.parametrize("bars", [4, 8])
def test_codes_of_a_bar_do_not_depend_on_the_length(code_steps: int, bars: int) -> None:
    net = build_network(dataclasses.replace(TINY, code_steps=code_steps, bars=bars)).eval()
    assert isinstance(net, VQVAE)
    cells = (torch.rand(3, 58, bars * 16) < 0.1).float()
    logits, latents, codes = net(cells)
    assert (logits.shape, latents.shape) == ((3, 58, bars * 16), (3, 4, bars * code_steps // 8))
    assert torch.equal(codes, net.codes_of(cells))
    torch.testing.assert_close(net.decode_codes(codes), logits)


def test_the_published_sizes() -> None:
    net = build_network(PRESETS["paper"])
    assert isinstance(net, VQVAE)
    assert (net.rows, net.codebook.vectors.shape) == (57, (512, 16))
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv1d)]
    # Encoder: one and two times three; to the latents; decoder: one and two times three; to the rows.
    assert [layer.weight.shape[:2] for layer in convolutions] == [
        *[(128, 57)], *[(128, 128)] * 6, (16, 128), (128, 16), *[(128, 128)] * 6, (57, 128)
    ]  # fmt: skip
    assert [layer.stride[0] for layer in convolutions if layer.stride[0] > 1] == [2, 2]
    assert sum(layer.bias is not None for layer in convolutions) == 2


def test_gradients_pass_the_codebook_straight_through() -> None:
    net = build_network(TINY)
    assert isinstance(net, VQVAE)
    cells = (torch.rand(3, 58, 128) < 0.1).float()
    logits, latents, codes = net(cells)
    latents.retain_grad()
    functional.binary_cross_entropy_with_logits(logits, cells).backward()
    quantised = net.codebook.of(codes).clone().requires_grad_()
    functional.binary_cross_entropy_with_logits(net.decode(quantised), cells).backward()
    assert latents.grad is not None
    torch.testing.assert_close(latents.grad, quantised.grad)


def test_the_cnnvae_has_the_divergence_of_the_normal_distribution() -> None:
    net = build_network(dataclasses.replace(TINY, variant="cnnvae")).eval()
    assert isinstance(net, CNNVAE)
    cells = (torch.rand(3, 58, 128) < 0.1).float()
    mean, deviation = net.encode(cells)
    logits, nats = net(cells, torch.zeros(3, 6))
    torch.testing.assert_close(net.decode(mean), logits)
    normal = torch.distributions.Normal(mean, deviation)
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(nats, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(divergence(torch.zeros(1, 5), torch.ones(1, 5)), torch.zeros(1))


def test_other_numbers_of_codes_are_refused() -> None:
    with pytest.raises(ConfigError, match="16, 32 or 64"):
        LoopVAEConfig(code_steps=48)
