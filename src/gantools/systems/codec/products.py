"""The decoders of the published codecs as few large products of matrices, with fewer multiplications than they have.

Everything lies in memory step by step, all channels of a step together; shapes stay (batch, channel, time). A
convolution is then one product of its windows. A transposed convolution of four taps and stride 2 is a filter of two
taps, ``z[t] = x[t] G0 + x[t + 1] G1``, which gives two neighbouring steps of the output side by side; a convolution of
three taps and stride 2 is such a filter of the even steps, and one tap for the odd ones. Three outputs of a filter of
two taps take four products in place of six::

    A = (x1 + x2) (G0 + G1) / 2          z0 = S + (x0 - x2) G0
    S = A + (x2 - x1) (G0 - G1) / 2      z1 = 2 A - S
                                         z2 = S + (x3 - x1) G1

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


class _Products(nn.Module):
    """Weights (tap, channel, out) in the order in which they are multiplied, without gradients."""

    def __init__(self, bias: torch.Tensor, silu: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype, self.silu = dtype, silu
        self.bias = bias.to(dtype)

    def _written(self, x: torch.Tensor, out: torch.Tensor) -> None:
        """Write what comes behind the convolution to `out`."""
        if self.silu:
            torch.ops.aten.silu.out(x, out=out)
        else:
            out.copy_(x)


class _Windowed(_Products):
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
        super().__init__(bias, silu, dtype)
        self.taps, self.stride, self.padding = len(weight), stride, padding
        self.weight = weight.flatten(0, 1).t().to(dtype).contiguous()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, step)."""
        steps = x.transpose(1, 2).to(self.dtype)
        if self.taps > 1:
            steps = functional.pad(steps, (0, 0, *self.padding)).contiguous()
            batch, time, channels = steps.shape
            shape = (batch, (time - self.taps) // self.stride + 1, self.taps * channels)
            steps = steps.as_strided(shape, (time * channels, self.stride * channels, 1))
        made = functional.linear(steps.reshape(-1, self.weight.shape[1]), self.weight, self.bias)
        made = functional.silu(made, inplace=True) if self.silu else made
        return made.unflatten(0, (len(x), -1)).transpose(1, 2)


class _TwoTaps:
    """Products of a filter of two taps, z[t] = x[t] G0 + x[t + 1] G1 + bias."""

    def __init__(self, first: torch.Tensor, second: torch.Tensor, bias: torch.Tensor, dtype: torch.dtype) -> None:
        parts = (first, (first + second) / 2, (first - second) / 2, second)
        self.weights = [part.t().to(dtype).contiguous() for part in parts]
        self.bias = bias.to(dtype)

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the first, second and third outputs (batch tiles, out) of each tile of x (batch, 3 tiles + 1, in)."""
        d0, d1, d2 = (x[:, n:-1:_TILE] for n in range(_TILE))
        d3 = x[:, _TILE::_TILE]
        first = functional.linear((d1 + d2).flatten(0, 1), self.weights[1], self.bias)
        both = torch.addmm(first, (d2 - d1).flatten(0, 1), self.weights[2].t())
        z0 = torch.addmm(both, (d0 - d2).flatten(0, 1), self.weights[0].t())
        z1 = torch.lerp(both, first, 2.0)
        z2 = both.addmm_((d3 - d1).flatten(0, 1), self.weights[3].t())
        return [z0, z1, z2]


def _tiled(x: torch.Tensor, before: int, count: int) -> torch.Tensor:
    """Return x (batch, time, channel) between zeros, as long as `count` outputs of two taps in whole tiles need."""
    length = -(-count // _TILE) * _TILE + 1
    return functional.pad(x, (0, 0, before, length - before - x.shape[1]))


class _Doubling(_Products):
    """A transposed convolution of four taps and stride 2, less a step at both ends."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, silu: bool, dtype: torch.dtype) -> None:
        super().__init__(bias, silu, dtype)
        # Step 2 t is x[t] W1 + x[t - 1] W3, and step 2 t - 1 is x[t] W0 + x[t - 1] W2: they lie side by side.
        w0, w1, w2, w3 = weight
        self.taps = _TwoTaps(torch.cat([w2, w3], 1), torch.cat([w0, w1], 1), bias.repeat(2), dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, 2 time)."""
        steps = x.transpose(1, 2).to(self.dtype)
        batch, time, _ = steps.shape
        found = self.taps(_tiled(steps, 1, time + 1))
        out = found[0].new_empty(batch, len(found[0]) // batch, _TILE, found[0].shape[1])
        for n, z in enumerate(found):
            self._written(z.unflatten(0, (batch, -1)), out[:, :, n])
        return out.reshape(batch, -1, len(self.bias))[:, 1 : 2 * time + 1].transpose(1, 2)


class _Halving(_Products):
    """A convolution of three taps and stride 2 with a zero at its end."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, silu: bool, dtype: torch.dtype) -> None:
        super().__init__(bias, silu, dtype)
        self.taps = _TwoTaps(weight[0], weight[2], bias, dtype)
        self.odd = weight[1].to(dtype).contiguous()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, time / 2)."""
        steps = x.transpose(1, 2).to(self.dtype)
        batch, count = len(steps), steps.shape[1] // 2
        found = self.taps(_tiled(steps[:, ::2], 0, count))
        tiles = len(found[0]) // batch
        odd = functional.pad(steps[:, 1::2], (0, 0, 0, tiles * _TILE - count))
        out = found[0].new_empty(batch, tiles, _TILE, len(self.bias))
        for n, z in enumerate(found):
            z = z.addmm_(odd[:, n::_TILE].flatten(0, 1), self.odd)
            self._written(z.unflatten(0, (batch, -1)), out[:, :, n])
        return out.flatten(1, 2)[:, :count].transpose(1, 2)
