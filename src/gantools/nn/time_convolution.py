"""Convolutions over time as products of matrices: on CPUs fewer and larger pieces of work than a library's own."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional

# Before 2.7 PyTorch says of both that they compile.
_exporting = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)


def _plainly(x: torch.Tensor) -> bool:
    """Tell whether to convolve as everybody does: on an accelerator, and in a file that other programs run."""
    return x.device.type != "cpu" or torch.jit.is_tracing() or _exporting()


class TimeConv1d(nn.Conv1d):
    """`torch.nn.Conv1d` without dilation and groups: the same weights and, up to rounding, the same result.

    On a CPU the windows of each step become the rows of one matrix. What comes out lies in memory step by step, all
    channels of a step together, though its shape is (batch, channel, time); layers that keep this order are the
    fastest. Elsewhere it is an ordinary convolution.

    Notes
    -----
    oneDNN brings what it convolves into an order of its own and back, forward and backward, which takes as long as the
    arithmetic in bfloat16, and for a few steps in float32 too.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return (batch, out, steps)."""
        around = int(self.padding[0])
        return self.padded(input, around, around)

    def padded(self, x: torch.Tensor, before: int, behind: int) -> torch.Tensor:
        """Return the convolution of x (batch, channel, time) with so many zeros at its ends."""
        stride = self.stride[0]
        if _plainly(x):
            return functional.conv1d(functional.pad(x, (before, behind)), self.weight, self.bias, stride)
        steps, weight = x.transpose(1, 2), self.weight
        if torch.is_autocast_enabled("cpu"):
            # Here and not in the product, so that less is copied.
            lower = torch.get_autocast_dtype("cpu")
            steps, weight = steps.to(lower), weight.to(lower)
        kernel = self.kernel_size[0]
        if kernel > 1 and torch.is_inference_mode_enabled():
            # A generator makes few steps: its weights are more than its windows, and stay in their order.
            windows = functional.pad(steps, (0, 0, before, behind)).unfold(1, kernel, stride).flatten(2)
            return functional.linear(windows, weight.flatten(1), self.bias).transpose(1, 2)
        if kernel > 1 or stride > 1:
            steps = cast(torch.Tensor, _Windows.apply(steps, kernel, stride, before, behind))
            weight = weight.transpose(1, 2)
        return functional.linear(steps, weight.flatten(1), self.bias).transpose(1, 2)


class TimeDoubling(nn.ConvTranspose1d):
    """`torch.nn.ConvTranspose1d` of four taps and stride 2 that makes twice as many steps, as a product on a CPU."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, out, 4, 2, 1)

    def forward(self, input: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Return (batch, out, 2 time)."""
        if _plainly(input):
            return super().forward(input, output_size)
        taps = torch.matmul(input.transpose(1, 2), self.weight.flatten(1)).unflatten(2, (-1, 4))
        taps = functional.pad(taps, (0, 0, 0, 0, 1, 1))
        even = taps[:, 1:-1, :, 1] + taps[:, :-2, :, 3]
        odd = taps[:, 1:-1, :, 2] + taps[:, 2:, :, 0]
        made = torch.stack([even, odd], 2).flatten(1, 2)
        return (made if self.bias is None else made + self.bias.to(made.dtype)).transpose(1, 2)


class _Windows(torch.autograd.Function):
    """Windows (batch, n, kernel channel) of steps (batch, time, channel); `_Overlapped` is its adjoint."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, kernel: int, stride: int, before: int, behind: int) -> torch.Tensor:
        ctx.sizes = (x.shape[1], kernel, stride, before)
        padded = functional.pad(x, (0, 0, before, behind)).contiguous()
        batch, time, channels = padded.shape
        count = (time - kernel) // stride + 1
        views = padded.as_strided((batch, count, kernel * channels), (time * channels, stride * channels, 1))
        return views.contiguous()

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, None, None, None, None]:
        return cast(torch.Tensor, _Overlapped.apply(slopes[0], *ctx.sizes)), None, None, None, None


class _Overlapped(torch.autograd.Function):
    """Windows (batch, n, kernel channel) added where they overlap, (batch, time, channel)."""

    @staticmethod
    def forward(ctx: Any, windows: torch.Tensor, time: int, kernel: int, stride: int, before: int) -> torch.Tensor:
        count = windows.shape[1]
        ctx.sizes = (kernel, stride, before, (count - 1) * stride + kernel - before - time)
        taps = windows.unflatten(2, (kernel, -1))
        steps = windows.new_zeros(len(windows), time, taps.shape[3])
        for tap in range(kernel):
            # The windows of which this tap lies within the steps.
            first = max(0, -((tap - before) // stride))
            last = min(count - 1, (time - 1 + before - tap) // stride)
            start = first * stride + tap - before
            steps[:, start : start + (last - first) * stride + 1 : stride] += taps[:, first : last + 1, tap]
        return steps

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, None, None, None, None]:
        return cast(torch.Tensor, _Windows.apply(slopes[0], *ctx.sizes)), None, None, None, None


class _Leaky(torch.autograd.Function):
    """Leaky ReLU without a second derivative, which is zero."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, leak: float) -> torch.Tensor:
        ctx.leak, made = leak, functional.leaky_relu(x, leak)
        ctx.save_for_backward(made)
        return made

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, None]:
        made = ctx.saved_tensors[0].detach()
        return torch.ops.aten.leaky_relu_backward(slopes[0], made, ctx.leak, True), None


def leaky_relu(x: torch.Tensor, leak: float) -> torch.Tensor:
    """Return the leaky ReLU of x, for networks whose slope is penalised.

    Autograd carries the zeros of its second derivative through the whole network, as much work as a pass backward;
    here there are none.
    """
    return cast(torch.Tensor, _Leaky.apply(x, leak))


def pairs_mean(x: torch.Tensor) -> torch.Tensor:
    """Return the means of pairs of steps of x (batch, channel, time), in the order of `TimeConv1d`."""
    return x.transpose(1, 2).unflatten(1, (-1, 2)).mean(2).transpose(1, 2)
