"""Windowed attention against full attention with a mask, and the stages of the transformer."""

from __future__ import annotations

import pytest
import torch
from small_wavegan import tiny

from gantools.systems.wavegan.build import build_networks
from gantools.systems.wavegan.networks import UpConv
from gantools.systems.wavegan.transformer import Attention, TransformerLayer, relative_bias, stage_tokens


def test_bias_is_indexed_by_distance() -> None:
    table = torch.arange(2 * 7, dtype=torch.float32).view(2, 7)
    bias = relative_bias(table, 3)
    assert bias.shape == (2, 3, 3)
    for query in range(3):
        for key in range(3):
            assert bias[0, query, key] == table[0, 3 + key - query]


@pytest.mark.parametrize("shifted", [False, True])
def test_windows_equal_full_attention_with_a_mask(shifted: bool) -> None:
    torch.manual_seed(0)
    window, tokens, width, heads = 4, 16, 8, 2
    attention = Attention(width, heads, window, shifted)
    torch.nn.init.normal_(attention.bias)
    x = torch.randn(3, tokens, width)
    owner = [(n + (window // 2 if shifted else 0)) // window for n in range(tokens)]
    query, key, value = attention.project(x).view(3, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    scores = query @ key.transpose(-1, -2) / (width // heads) ** 0.5
    for i in range(tokens):
        for j in range(tokens):
            near = abs(j - i) < window
            scores[:, :, i, j] += attention.bias[:, window - 1 + j - i] if near else 0.0
            if owner[i] != owner[j]:
                scores[:, :, i, j] = -torch.inf
    full = attention.join((scores.softmax(-1) @ value).transpose(1, 2).reshape(3, tokens, width))
    torch.testing.assert_close(attention(x), full, atol=1e-5, rtol=1e-5)


def test_stages_multiply_by_four() -> None:
    assert stage_tokens(65536, 16384) == ([16, 64, 256, 1024, 4096, 16384], 4)
    assert stage_tokens(16384, 16384) == ([16, 64, 256, 1024, 4096], 4)
    assert stage_tokens(8192, 16384) == ([16, 64, 256, 1024, 4096], 2)
    assert stage_tokens(131072, 16384)[1] == 8
    assert stage_tokens(7 * 1024, 16384) == ([16, 64, 256, 1024], 7)


def test_long_clips_have_windows_of_which_each_second_is_shifted() -> None:
    config = tiny("transformer", samples=16384, tokens=4096, full_attention=64, attention_window=32)
    attentions = [encoder.attention for encoder in build_networks(config)["G"].encoders]
    assert [a.window for a in attentions] == [64, 32, 32, 32, 32]
    assert [a.shifted for a in attentions] == [False, False, True, False, True]


def test_the_hybrid_s_last_two_layers_are_transformers_of_which_the_second_s_windows_are_shifted() -> None:
    config = tiny("hybrid", samples=16384, full_attention=64, attention_window=32)
    network = build_networks(config)["G"]
    assert [type(layer) for layer in network.layers] == 3 * [UpConv] + 2 * [TransformerLayer]
    assert [layer.tokens for layer in network.layers[-2:]] == [4096, 4096]
    assert [layer.encoder.attention.shifted for layer in network.layers[-2:]] == [False, True]
    wave = network(torch.randn(2, config.latent))
    assert (wave.shape, bool(wave.abs().max() <= 1)) == ((2, 1, 16384), True)
    wave.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
