"""The decoders of the published codecs as few large products of matrices, with fewer multiplications than they have.

Everything lies in memory step by step, all channels of a step together; shapes stay (batch, channel, time). What lies
between the products is in `passes`. A
convolution is then one product of its windows. A transposed convolution of four taps and stride 2 is a filter of two
taps, ``z[t] = x[t] G0 + x[t + 1] G1``, which gives two neighbouring steps of the output side by side; a convolution of
three taps and stride 2 is such a filter of the even steps, and one tap for the odd ones. Three outputs of a filter of
two taps take four products in place of six::

    A = (x1 + x2) (G0 + G1) / 2          z0 = A + B + (x0 - x2) G0
    B = (x2 - x1) (G0 - G1) / 2          z1 = A - B
                                         z2 = A + B + (x3 - x1) G1

Notes
-----
Winograd's F(3, 2), Lavin and Gray 2016, "Fast algorithms for convolutional neural networks". Its points are 0, 1, -1
and infinity, so that nothing is blown up: in bfloat16 the error is about that of the plain products.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.codec import passes
from gantools.systems.codec.networks import Same

_TILE = 3


def as_products(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return a decoder for a CPU that makes what `network` makes, in evaluation mode, up to rounding.

    Parameters
    ----------
    network : nn.Module
        Made of `nn.Sequential` layers of `networks.Layers`. It is left as it is; what is returned shares no weights.
    dtype : torch.dtype
        float32 or bfloat16, of weights and products.
    """
    made = copy.copy(network)
    made._modules = dict(network._modules)
    for name, child in network.named_children():
        if isinstance(child, nn.Sequential):
            plain = not any(isinstance(part, nn.Sequential) for part in child)
            made._modules[name] = _layer(child, dtype) if plain else as_products(child, dtype)
    return made


def _layer(layer: nn.Sequential, dtype: torch.dtype) -> nn.Module:
    """Return one convolution and what lies behind it; batch norm becomes part of its weights."""
    conv = next(part for part in layer if isinstance(part, nn.Conv1d | nn.ConvTranspose1d))
    norm = next((part for part in layer if isinstance(part, nn.BatchNorm1d)), None)
    padding = (layer[0].before, layer[0].behind) if isinstance(layer[0], Same) else (0, 0)
    doubling = isinstance(conv, nn.ConvTranspose1d)
    weight = conv.weight.detach().permute(2, 0, 1) if doubling else conv.weight.detach().permute(2, 1, 0)
    assert conv.bias is not None
    bias = conv.bias.detach()
    if norm is not None:
        assert norm.running_var is not None
        assert norm.running_mean is not None
        factor = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
        weight, bias = weight * factor, (bias - norm.running_mean) * factor + norm.bias.detach()
    silu = isinstance(layer[-1], nn.SiLU)
    if doubling:
        return _Doubling(weight, bias, silu, dtype)
    if conv.stride[0] == 2 and len(weight) == _TILE and padding == (0, 1):
        return _Halving(weight, bias, silu, dtype)
    return _Windowed(weight, bias, silu, dtype, conv.stride[0], padding)


class _Product:
    """x W + bias, and SiLU of it where it is asked for.

    In bfloat16 oneDNN brings W into an order of its own, for each product anew unless it is given in that order; the
    operators that take it so are those that `torch.compile` uses. Without them the result is the same, only later.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, silu: bool, dtype: torch.dtype) -> None:
        plain = weight.t().to(dtype).contiguous()
        self.bias = None if bias is None else bias.to(dtype)
        self.silu, self._ordered = silu, _ordered(plain)
        self._plain = plain if self._ordered is None else plain.new_empty(0)  # one of the two is enough

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return (row, out) of x (row, in)."""
        if self._ordered is not None:
            behind = "swish" if self.silu else "none"
            made: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self._ordered, self.bias, behind, [], "")
            return made
        made = functional.linear(x, self._plain, self.bias)
        return functional.silu(made, inplace=True) if self.silu else made


def _ordered(weight: torch.Tensor) -> torch.Tensor | None:
    """Return a weight (out, in) in oneDNN's order; None where it would not help, or is not there."""
    names = ("_linear_pointwise", "_reorder_linear_weight")
    if weight.dtype != torch.bfloat16 or not all(hasattr(torch.ops.mkldnn, name) for name in names):
        return None
    try:
        made: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
    except RuntimeError:  # a processor without bfloat16
        return None
    return made


class _Windowed(nn.Module):
    """Any convolution as one product."""

    def __init__(
        self,
        weight: torch.Tensor,
        bias: torch.Tensor,
        silu: bool,
        dtype: torch.dtype,
        stride: int,
        padding: tuple[int, int],
    ) -> None:
        super().__init__()
        self.dtype, self.taps, self.stride, self.padding = dtype, len(weight), stride, padding
        self.product = _Product(weight.flatten(0, 1), bias, silu, dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, step)."""
        steps = x.transpose(1, 2).to(self.dtype)
        if self.taps > 1:
            steps = functional.pad(steps, (0, 0, *self.padding)).contiguous()
            batch, time, channels = steps.shape
            shape = (batch, (time - self.taps) // self.stride + 1, self.taps * channels)
            steps = steps.as_strided(shape, (time * channels, self.stride * channels, 1))
        made = self.product(steps.flatten(0, 1))
        return made.unflatten(0, (len(x), -1)).transpose(1, 2)


class _TwoTaps:
    """A filter of two taps, z[t] = x[t] G0 + x[t + 1] G1 + bias, and SiLU behind it where it is asked for."""

    def __init__(
        self, first: torch.Tensor, second: torch.Tensor, bias: torch.Tensor | None, silu: bool, dtype: torch.dtype
    ) -> None:
        parts = (first, (first + second) / 2, (first - second) / 2, second)
        # Each output has A in it once, and thereby the bias.
        self.products = [_Product(part, bias if n == 1 else None, False, dtype) for n, part in enumerate(parts)]
        self.silu = silu

    def __call__(
        self, x: torch.Tensor, start: int, step: int, count: int, other: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return z (batch, count, out) of every `step`-th step of x (batch, time, in) from `start` on.

        Outside of x there are zeros. `other` (batch, count, out) is added.
        """
        number = -(-count // _TILE)
        taken = x.new_empty(len(self.products), len(x), number, x.shape[2])
        passes.tiles(passes.array(x), start, step, passes.array(taken))
        made = [
            product(part.flatten(0, 1)).unflatten(0, (len(x), number))
            for product, part in zip(self.products, taken, strict=True)
        ]
        out = x.new_empty(len(x), count, made[0].shape[2])
        other = x.new_empty(len(x), 0, made[0].shape[2]) if other is None else other
        p0, p1, p2, p3 = map(passes.array, made)
        passes.outputs(p0, p1, p2, p3, passes.array(other), self.silu, passes.array(out))
        return out


class _Doubling(nn.Module):
    """A transposed convolution of four taps and stride 2, less a step at both ends."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, silu: bool, dtype: torch.dtype) -> None:
        super().__init__()
        # Step 2 t is x[t] W1 + x[t - 1] W3, and step 2 t - 1 is x[t] W0 + x[t - 1] W2: they lie side by side.
        w0, w1, w2, w3 = weight
        self.taps = _TwoTaps(torch.cat([w2, w3], 1), torch.cat([w0, w1], 1), bias.repeat(2), silu, dtype)
        self.dtype = dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, 2 time)."""
        steps = x.transpose(1, 2).to(self.dtype)
        time = steps.shape[1]
        found = self.taps(steps, -1, 1, time + 1)
        return found.unflatten(2, (2, -1)).flatten(1, 2)[:, 1 : 2 * time + 1].transpose(1, 2)


class _Halving(nn.Module):
    """A convolution of three taps and stride 2 with a zero at its end."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, silu: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.taps = _TwoTaps(weight[0], weight[2], None, silu, dtype)
        self.odd, self.dtype = _Product(weight[1], bias, False, dtype), dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, time / 2)."""
        steps = x.transpose(1, 2).to(self.dtype)
        odd = steps[:, 1::2]
        added = self.odd(odd.flatten(0, 1)).unflatten(0, odd.shape[:2])
        return self.taps(steps, 0, 2, odd.shape[1], added).transpose(1, 2)
