"""What the generators and discriminators of Musika are made of."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from gantools.nn.time_convolution import TimeDoubling


class LayerNoise(nn.Module):
    """x + b e with one learned b, 0 at first, and e normal, (batch, 1, time): shared by the channels.

    Only in training: what is generated must not depend on how it is cut into batches.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the noise."""
        if not self.training:
            return x
        return x + self.scale * torch.randn(len(x), 1, x.shape[2], device=x.device, dtype=x.dtype)


class SpatialAdaIN(nn.Module):
    """Spatially aligned AdaIN (Skorokhodov et al. 2021) as in the program: x / std_t(x) times what coordinates say.

    No mean is taken off and nothing is added, so the level of the output follows the length of the coordinates.

    Parameters
    ----------
    coordinates, channels : int
    """

    def __init__(self, coordinates: int, channels: int) -> None:
        super().__init__()
        self.scale = nn.Conv1d(coordinates, channels, 1)

    def forward(self, x: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
        """Scale x (batch, channel, time) by coordinates (batch, coordinate, time)."""
        # In single precision: with four steps in it, half precision would be coarse.
        spread = x.float().std(2, keepdim=True, unbiased=False).to(x.dtype)
        modulated: torch.Tensor = x / (spread + 1e-5) * self.scale(coordinates)
        return modulated


class LocalAdaIN(nn.Module):
    """SA-AdaIN over the root mean square of the channels at each step, so that no step knows of others.

    Over the deviation in time, what is made would depend on where a patch begins and ends, and what hardly changes
    within one has no deviation: dividing by it makes noise.

    Parameters
    ----------
    coordinates, channels : int
    """

    def __init__(self, coordinates: int, channels: int) -> None:
        super().__init__()
        self.scale = nn.Conv1d(coordinates, channels, 1)

    def forward(self, x: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
        """Scale x (batch, channel, time) by coordinates (batch, coordinate, time)."""
        spread = x.float().square().mean(1, keepdim=True).sqrt().to(x.dtype)
        modulated: torch.Tensor = x / (spread + 1e-5) * self.scale(coordinates)
        return modulated


class ModulatedLayer(nn.Module):
    """A convolution, noise, AdaIN and SiLU: "after each convolutional layer" (section 4.2)."""

    def __init__(self, conv: nn.Module, coordinates: int, channels: int, local: bool = False) -> None:
        super().__init__()
        self.conv, self.noise = conv, LayerNoise()
        self.norm = (LocalAdaIN if local else SpatialAdaIN)(coordinates, channels)

    def forward(self, x: torch.Tensor, coordinates: torch.Tensor) -> torch.Tensor:
        """Return (batch, channel, time)."""
        return functional.silu(self.norm(self.noise(self.conv(x)), coordinates))


class SkipExcitation(nn.Module):
    """The gate of a skip-layer excitation (FastGAN): what a coarse layer says of the channels of a fine one."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(low, high), nn.Linear(high, high)

    def forward(self, low: torch.Tensor) -> torch.Tensor:
        """Return factors (batch, high, 1) of coarse features (batch, low, time)."""
        gate = torch.sigmoid(self.excite(functional.silu(self.squeeze(low.mean(2)))))
        return gate[..., None]


def doubling(channels: int, out: int) -> nn.Module:
    """Return a transposed convolution that makes twice as many steps."""
    return TimeDoubling(channels, out)


def pyramid(coordinates: torch.Tensor, levels: int) -> list[torch.Tensor]:
    """Return coordinates and their averages over 2, 4, 8 ... steps, finest first."""
    found = [coordinates]
    for _ in range(levels):
        found.append(functional.avg_pool1d(found[-1], 2))
    return found


def twice_as_many(x: torch.Tensor) -> torch.Tensor:
    """Return twice as many steps of x (batch, channel, time), each a quarter of a step beside an old one."""
    return functional.interpolate(x, scale_factor=2.0, mode="linear", align_corners=False)


def within(x: torch.Tensor, steps: int) -> torch.Tensor:
    """Return x (batch, channel, time) without so many steps at either end."""
    return x[..., steps : x.shape[2] - steps]
