"""Generator and discriminator of one scale (Greshler et al. 2021, section 3.1, figure 2 and appendix A)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

#: The fixed filter y[t] = x[t] - 0.97 x[t-1] at the end of both networks.
PRE_EMPHASIS = 0.97
#: Of the leaky ReLUs.
SLOPE = 0.2


def convolution(inputs: int, outputs: int, kernel: int, dilation: int = 1, padding: int = 0) -> nn.Module:
    """Return a weight-normed convolution over time on (batch, channel, 1, time).

    A Conv2d with a kernel one row high equals a Conv1d and is up to 2.6 times as fast on a CPU in channels_last.
    """
    conv = nn.Conv2d(inputs, outputs, (1, kernel), dilation=(1, dilation), padding=(0, padding))
    return parametrizations.weight_norm(conv)


class Norm(nn.BatchNorm2d):
    """Batch norm whose batch statistics can leave out some positions (holes of the clip)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        nn.init.normal_(self.weight, 1.0, 0.02)

    def forward(self, x: torch.Tensor, valid: torch.Tensor | None = None) -> torch.Tensor:
        """Normalise x (batch, channel, 1, time); `valid` (batch, 1, 1, time) is 1 where x counts, 0 elsewhere."""
        if valid is None or not self.training:
            return super().forward(x)
        # Only the discriminator sees holes, and nobody asks for its running statistics.
        count = valid.sum().clamp(min=2.0)
        mean = (x * valid).sum((0, 2, 3)) / count
        centred = x - mean[None, :, None, None]
        variance = (centred.square() * valid).sum((0, 2, 3)) / count
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return centred * scale[None, :, None, None] + self.bias[None, :, None, None]


class Body(nn.Module):
    """Dilated layers 1, 2, 4, ... without padding: conv, batch norm, leaky ReLU; the last is a convolution only.

    Parameters
    ----------
    inputs, width, outputs : int
        Channels at the start, in between and at the end.
    layers, kernel : int
    """

    def __init__(self, inputs: int, width: int, outputs: int, layers: int, kernel: int) -> None:
        super().__init__()
        widths = [inputs, *[width] * (layers - 1), outputs]
        self.spans = [(kernel - 1) * 2**layer for layer in range(layers)]
        self.convs = nn.ModuleList(
            convolution(widths[layer], widths[layer + 1], kernel, 2**layer) for layer in range(layers)
        )
        self.norms = nn.ModuleList(Norm(width) for _ in range(layers - 1))

    def forward(self, x: torch.Tensor, valid: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the output and where it is valid: where no position that it sees is a hole."""
        for layer, conv in enumerate(self.convs):
            x = conv(x)
            if layer == 0:
                # One input channel has no layout, and the convolution takes the slow one for its output.
                x = x.contiguous(memory_format=torch.channels_last)
            if valid is not None:
                valid = _all_within(valid, self.spans[layer])
            if layer < len(self.norms):
                x = functional.leaky_relu(self.norms[layer](x, valid), SLOPE)
        return x, valid


def _all_within(valid: torch.Tensor, span: int) -> torch.Tensor:
    """Return 1 where positions t to t + span of (..., time) are all 1; the result is `span` shorter."""
    holes = functional.pad((1.0 - valid).double().cumsum(-1), (1, 0))
    return ((holes[..., span + 1 :] - holes[..., : -span - 1]) < 0.5).to(valid.dtype)


def pre_emphasis(x: torch.Tensor) -> torch.Tensor:
    """Return x[t] - 0.97 x[t-1] along the last axis; the first sample stays."""
    return torch.cat([x[..., :1], x[..., 1:] - PRE_EMPHASIS * x[..., :-1]], -1)


def _lift(x: torch.Tensor) -> torch.Tensor:
    """(batch, channel, time) -> (batch, channel, 1, time) in channels_last."""
    return x[:, :, None].contiguous(memory_format=torch.channels_last)


class Generator(nn.Module):
    """Adds to the upsampled signal of the scale below what this scale has more (equation 1).

    Parameters
    ----------
    channels : int
        1, or 2 for mid and side.
    width : int
        Channels of the hidden layers.
    layers, kernel : int

    Attributes
    ----------
    reach : int
        Samples that the input must have more than the output on each side.
    """

    def __init__(self, channels: int, width: int, layers: int = 8, kernel: int = 9) -> None:
        super().__init__()
        self.channels, self.width, self.layers, self.kernel = channels, width, layers, kernel
        self.reach = (2**layers - 1) * (kernel // 2)
        self.body = Body(channels, width, width, layers, kernel)
        self.signal = convolution(width, width, kernel, padding=kernel // 2)
        self.gate = convolution(width, width, kernel, padding=kernel // 2)
        self.out = convolution(width, channels, 1)

    def forward(self, x: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        """Return the signal of this scale.

        Parameters
        ----------
        x : Tensor
            (batch, channel, time + 2 * reach): signal of the scale below plus noise, with zeros around.
        previous : Tensor
            (batch, channel, time): signal of the scale below.
        """
        h, _ = self.body(_lift(x))
        h = torch.tanh(self.signal(h)) * torch.sigmoid(self.gate(h))
        return previous + pre_emphasis(self.out(h)[:, :, 0])

    def silence(self) -> None:
        """Make the network add nothing, so that it begins as the upsampling of the scale below."""
        own = dict(self.out.named_parameters())
        with torch.no_grad():
            # The gain of weight norm: the direction stays, so that the gradient is not 0.
            own["parametrizations.weight.original0"].zero_()
            own["bias"].zero_()


class Discriminator(nn.Module):
    """Scores each stretch of `2 * reach + 1` samples; the mean of the scores is the WGAN's discriminator (equation 3).

    Parameters
    ----------
    channels, width, layers, kernel : int
        As of the generator.
    """

    def __init__(self, channels: int, width: int, layers: int = 8, kernel: int = 9) -> None:
        super().__init__()
        self.reach = (2**layers - 1) * (kernel // 2)
        self.body = Body(channels, width, 1, layers, kernel)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores (batch, 1, time - 2 * reach) of x (batch, channel, time)."""
        return pre_emphasis(self.body(_lift(x))[0][:, :, 0])

    def score_valid(self, x: torch.Tensor, valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores, and 1 for those that saw no hole.

        `valid` (batch, 1, time) is 0 in holes. What touches them counts neither in the batch statistics nor in the
        returned mask; the filter at the end makes that one score more.
        """
        h, mask = self.body(_lift(x), valid[:, :, None])
        assert mask is not None
        mask = mask[:, :, 0]
        return pre_emphasis(h[:, :, 0]), mask * functional.pad(mask[..., :-1], (1, 0), value=1.0)
