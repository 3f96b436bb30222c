"""Convolutions as products beside torch's own: values, slopes, and slopes of slopes."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from gantools.nn.time_convolution import TimeConv1d, TimeDoubling, leaky_relu, pairs_mean

#: Kernel, stride, zeros before and behind.
SHAPES = [(1, 1, 0, 0), (3, 1, 1, 1), (4, 1, 1, 2), (4, 2, 1, 1), (3, 2, 1, 1), (2, 2, 0, 0), (5, 1, 0, 0)]


def _slopes(made: torch.Tensor, x: torch.Tensor, weight: nn.Parameter) -> list[torch.Tensor]:
    """Return the slopes of a loss, and those of a penalty on its slope at x."""
    first = torch.autograd.grad(made.sin().sum(), (x, weight), create_graph=True)
    return [*first, *torch.autograd.grad(first[0].square().sum(), (x, weight))]


@pytest.mark.parametrize(("kernel", "stride", "before", "behind"), SHAPES)
def test_it_is_the_convolution_of_torch(kernel: int, stride: int, before: int, behind: int) -> None:
    layer = TimeConv1d(3, 5, kernel, stride).double()
    x = torch.randn(2, 3, 12, dtype=torch.float64, requires_grad=True)
    made = layer.padded(x, before, behind)
    expected = functional.conv1d(functional.pad(x, (before, behind)), layer.weight, layer.bias, stride)
    torch.testing.assert_close(made, expected)
    for ours, theirs in zip(_slopes(made, x, layer.weight), _slopes(expected, x, layer.weight), strict=True):
        torch.testing.assert_close(ours, theirs)


@torch.inference_mode()
@pytest.mark.parametrize(("kernel", "stride", "before", "behind"), SHAPES)
def test_without_slopes_it_is_the_same(kernel: int, stride: int, before: int, behind: int) -> None:
    layer, x = TimeConv1d(3, 5, kernel, stride), torch.randn(2, 3, 12)
    expected = functional.conv1d(functional.pad(x, (before, behind)), layer.weight, layer.bias, stride)
    torch.testing.assert_close(layer.padded(x, before, behind), expected)


def test_doubling_is_the_transposed_convolution_of_torch() -> None:
    layer = TimeDoubling(3, 5).double()
    x = torch.randn(2, 3, 6, dtype=torch.float64, requires_grad=True)
    made, expected = layer(x), nn.ConvTranspose1d.forward(layer, x)
    torch.testing.assert_close(made, expected)
    for ours, theirs in zip(_slopes(made, x, layer.weight), _slopes(expected, x, layer.weight), strict=True):
        torch.testing.assert_close(ours, theirs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = layer.float()(x.float())
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.double(), expected, atol=0.03, rtol=0.03)


def test_padding_and_lower_precision_follow_torch() -> None:
    layer, x = TimeConv1d(3, 5, 4, 2, padding=1), torch.randn(2, 3, 12)
    torch.testing.assert_close(layer(x), nn.Conv1d.forward(layer, x))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = layer(x)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), layer(x), atol=0.03, rtol=0.03)


def test_the_leaky_relu_has_a_slope_and_no_second_one() -> None:
    x = torch.tensor([-2.0, -0.5, 0.5, 2.0], requires_grad=True)
    torch.testing.assert_close(leaky_relu(x, 0.2), functional.leaky_relu(x, 0.2))
    factor = torch.ones(4, requires_grad=True)
    (slope,) = torch.autograd.grad((factor * leaky_relu(x, 0.2)).sum(), x, create_graph=True)
    torch.testing.assert_close(slope, torch.tensor([0.2, 0.2, 1.0, 1.0]))
    through, beside = torch.autograd.grad(slope.sum(), (factor, x), allow_unused=True)
    torch.testing.assert_close(through, torch.tensor([0.2, 0.2, 1.0, 1.0]))
    assert beside is None  # nothing is carried back into what made x


def test_pairs_mean_is_an_average_of_two_steps() -> None:
    x = torch.randn(2, 3, 8)
    torch.testing.assert_close(pairs_mean(x), functional.avg_pool1d(x, 2))
