"""The style variant: WaveGAN's generator with a mapping network, AdaIN and noise inputs (Karras et al. 2019).

The paper (section 3.3): "a fully connected network of 6 layers, where the output of each layer is fed into the
transpose convolution of the generator at each step, along with an additional noise vector".
"""

from __future__ import annotations

from itertools import accumulate, pairwise

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.wavegan.config import FIRST_STEPS, WaveGANConfig, strides
from gantools.systems.wavegan.networks import Generator, layer_widths

MAPPING_LAYERS = 6
_SLOPE = 0.2
_EPSILON = 1e-5


class Mapping(nn.Module):
    """Six dense layers with leaky ReLU: (batch, latent) to the output of each, (batch, 6, width)."""

    def __init__(self, latent: int, width: int) -> None:
        super().__init__()
        sizes = [latent, *[width] * MAPPING_LAYERS]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map latents, first brought to unit mean square."""
        x, outputs = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8), []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), _SLOPE)
            outputs.append(x)
        return torch.stack(outputs, 1)


class AdaIN(nn.Module):
    """Give each channel the mean and deviation over time that a style asks for, and noise.

    AdaIN(x) = (1 + gamma) (x - mean) / deviation + beta, with (gamma, beta) from the style (Karras et al. 2019,
    equation 1, gamma around 0), plus one noise signal times a learned gain per channel that starts at 0.
    """

    def __init__(self, channels: int, style_width: int) -> None:
        super().__init__()
        self.affine = nn.Linear(style_width, 2 * channels)
        self.noise_gain = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor, style: torch.Tensor, noise: torch.Tensor | None) -> torch.Tensor:
        """Apply to (batch, channel, 1, time) a style (batch, width) and noise (batch, time)."""
        variance, mean = torch.var_mean(x, 3, correction=0, keepdim=True)
        gamma, beta = self.affine(style)[:, :, None, None].chunk(2, 1)
        x = (x - mean) * (torch.rsqrt(variance + _EPSILON) * (1 + gamma)) + beta
        if noise is not None:
            x = x + noise[:, None, None] * self.noise_gain[:, None, None]
        return x


class StyleGenerator(Generator):
    """WaveGAN's generator with AdaIN and noise after the dense layer and after each upsampling layer but the last.

    For 65536 samples these are six places for the six layers of the mapping; `style_source` "last" feeds all of them
    from the sixth, as StyleGAN does. The last layer makes the wave and is left alone: normalised, all clips would be
    equally loud.
    """

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__(config)
        self.each = config.style_source == "each"
        self.mapping = Mapping(config.latent, config.style_width)
        self.styles = nn.ModuleList(AdaIN(width, config.style_width) for width in reversed(layer_widths(config)))
        self.noise_times = list(accumulate(strides(config.samples)[:-1], int.__mul__, initial=FIRST_STEPS))
        self.noise_samples = sum(self.noise_times)  # type: ignore[misc]

    def settle(self, random: torch.Generator) -> None:
        """Begin with gamma near 0 and beta 0, so that styles differ but do not yet decide."""
        with torch.no_grad():
            for style in self.styles:
                style.affine.weight.mul_(0.5)  # type: ignore[union-attr, operator]

    def forward(
        self,
        z: torch.Tensor,
        noise: torch.Tensor | None = None,
        styles: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Make clips from latents and noise (batch, noise_samples); `styles` replace those of the mapping."""
        if styles is None:
            styles = self.mapping(z)
        noises = [None] * len(self.styles) if noise is None else noise.split(self.noise_times, 1)
        x = self.first(z)
        for number, adain in enumerate(self.styles):
            source = min(number, MAPPING_LAYERS - 1) if self.each else MAPPING_LAYERS - 1
            x = functional.relu(adain(x, styles[:, source], noises[number]))
            if number < len(self.styles) - 1:
                x = self.layers[number](x)
        return self.finish(x)
