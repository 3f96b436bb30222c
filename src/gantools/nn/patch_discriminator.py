"""The PatchGAN discriminator: a fully convolutional network that judges overlapping patches."""

from __future__ import annotations

import torch
from torch import nn

SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """PatchGAN: (batch, channel, mel, frame) in, one logit per patch out.

    Three layers judge patches of 70 x 70 bins; 256 x 256 in gives 30 x 30 logits.

    Parameters
    ----------
    in_channels : int
        Channels of the input (1 for a mel; 2 where the condition is concatenated).
    width : int
        Channels of the first layer; doubled per layer up to eight times.
    layers : int
        Strided layers: 3 sees 70 bins (1.6 s at hop 512 of 22050 Hz), 4 sees 142 (3.3 s).
    norm : str
        ``"instance"`` (no affine, CycleGAN) or ``"batch"`` (pix2pix).

    Notes
    -----
    Isola et al. 2017, section 2.2.2 and appendix 6.1.2: Ck-layers with 4 x 4 kernels, LeakyReLU 0.2, no
    normalisation on the first.
    """

    def __init__(self, in_channels: int = 1, width: int = 64, layers: int = 3, norm: str = "instance") -> None:
        super().__init__()
        modules: list[nn.Module] = [nn.Conv2d(in_channels, width, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE, True)]
        channels = width
        for layer in range(1, layers + 1):
            wider = width * min(2**layer, 8)
            stride = 2 if layer < layers else 1
            # A bias before batch norm is cancelled by it, so the reference leaves it out there.
            conv = nn.Conv2d(channels, wider, 4, stride=stride, padding=1, bias=norm == "instance")
            modules += [conv, norm_layer(norm, wider), nn.LeakyReLU(SLOPE, True)]
            channels = wider
        modules.append(nn.Conv2d(channels, 1, 4, stride=1, padding=1))
        self.layers = nn.Sequential(*modules)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, 1, patch rows, patch columns)."""
        return self.layers(x)


def norm_layer(norm: str, channels: int) -> nn.Module:
    """Return instance norm without affine and running statistics, or batch norm with both."""
    if norm == "instance":
        return nn.InstanceNorm2d(channels)
    return nn.BatchNorm2d(channels)
