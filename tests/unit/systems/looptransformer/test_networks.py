"""Relative attention against a naive loop, causality, the cache, and the paper's sizes."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from gantools.errors import ConfigError
from gantools.systems.loops.cells import draw_step
from gantools.systems.looptransformer.config import PRESETS, LoopTransformerConfig
from gantools.systems.looptransformer.networks import RelativeAttention, RollTransformer, skew
from gantools.systems.looptransformer.sampling import draw_rolls


def tiny(**changes: object) -> RollTransformer:
    torch.manual_seed(5)
    base = LoopTransformerConfig(width=16, layers=2, heads=2, bars=1)
    return RollTransformer(dataclasses.replace(base, **changes)).eval()


def test_attention_equals_a_loop_over_steps_keys_and_heads() -> None:
    torch.manual_seed(1)
    steps, width, heads = 5, 8, 2
    attention = RelativeAttention(width, heads, 7).double()  # made for more steps than there are
    x = torch.randn(1, steps, width, dtype=torch.float64)
    q, k, v = (part[0] for part in attention.project(x).chunk(3, 2))
    size = width // heads
    mixed = torch.zeros(steps, width, dtype=torch.float64)
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        for i in range(steps):
            scores = []
            for j in range(i + 1):
                far = attention.distances[head, 7 - 1 - (i - j)]
                scores.append((q[i, own] @ k[j, own] + q[i, own] @ far) / size**0.5)
            weights = torch.softmax(torch.stack(scores), 0)
            mixed[i, own] = sum(weight * v[j, own] for j, weight in enumerate(weights))
    torch.testing.assert_close(attention(x)[0], attention.join(mixed))


def test_skewing_moves_distances_to_keys() -> None:
    # Column r of the input is the distance 2 - r; the entry says so.
    products = torch.tensor([[2.0, 1.0, 0.0]]).expand(3, 3)
    moved = skew(products)
    assert [[moved[i, j].item() for j in range(i + 1)] for i in range(3)] == [[0.0], [1.0, 0.0], [2.0, 1.0, 0.0]]


@pytest.mark.parametrize("changed", [0, 3, 14])
def test_a_step_changes_only_what_comes_after_it(changed: int) -> None:
    network = tiny()
    cells = (torch.rand(2, 58, 16, generator=torch.Generator().manual_seed(2)) < 0.2).float()
    other = cells.clone()
    other[:, :, changed] = 1 - other[:, :, changed]
    with torch.no_grad():
        before, after = network(cells), network(other)
    assert torch.equal(before[:, :, : changed + 1], after[:, :, : changed + 1])
    assert not torch.allclose(before[:, :, changed + 1], after[:, :, changed + 1])


def test_step_by_step_with_a_cache_equals_the_whole_pass() -> None:
    network = tiny()
    cells = (torch.rand(3, 58, 16, generator=torch.Generator().manual_seed(3)) < 0.2).float()
    caches = network.caches(3)
    with torch.no_grad():
        steps = [network.next_step(None if t == 0 else cells[:, :, t - 1], caches) for t in range(16)]
        torch.testing.assert_close(torch.stack(steps, 2), network(cells), rtol=1e-5, atol=1e-5)


def test_what_is_drawn_is_what_the_whole_pass_would_draw() -> None:
    """Each drawn step follows from the logits of a full pass over what was drawn, with its own random numbers."""
    network = tiny()
    uniform = torch.rand(4, 16, 11, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    cells = draw_rolls(network, uniform, temperature=0.8)
    with torch.no_grad():
        logits = network(cells.float())
    for t in range(16):
        before = cells[:, :, t - 1] if t else None
        assert torch.equal(cells[:, :, t], draw_step(logits[:, :, t], before, uniform[:, t], 0.8))
    assert cells.any()


def test_the_paper_has_four_layers_of_128_in_two_heads() -> None:
    config = PRESETS["paper"]
    assert (config.layers, config.width, config.heads) == (4, 128, 2)
    network = RollTransformer(config)
    layer = 4 * (128 * 128 + 128) + (128 * 512 + 512) + (512 * 128 + 128) + 2 * 2 * 128 + 128 * 128
    ends = 58 * 128 + 128 + 128 * 58 + 58 + 128 + 2 * 128
    assert sum(p.numel() for p in network.parameters()) == 4 * layer + ends
    assert network(torch.zeros(1, 58, 128)).shape == (1, 58, 128)


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ConfigError, match="width: 30 is no multiple of 8"):
        LoopTransformerConfig(width=30, heads=4)
