"""The style generator for latents: few steps with many channels, doubled three times."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from gantools.nn.initialisation import init_he
from gantools.nn.time_convolution import TimeConv1d, TimeDoubling
from gantools.runtime.seeds import item_seed
from gantools.systems.latents.discriminator import DenseDiscriminator
from gantools.systems.wavegan.config import LATENT_FACTOR, WaveGANConfig
from gantools.systems.wavegan.style import MAPPING_LAYERS, AdaIN, Mapping

#: Channels over the width: of the first steps, and after each doubling; and those of the discriminator.
_WIDTHS = (24, 20, 16, 12)
_DISCRIMINATOR_WIDTH = 4
_HALF = 0.5**0.5


class LatentGenerator(nn.Module):
    """(batch, latent) to latents of a codec, (batch, channels, clip_latents), as the discriminator sees them.

    A dense layer to an eighth of the steps, then three times: a transposed convolution to twice as many and one of 3,
    each with AdaIN and noise of the style variant, beside repeated steps. The six layers of the mapping feed the places
    in their order; the last layer is not normalised. Interpolated, steps move a third as far from one to the next as
    real ones do, too slowly for hits; what an endless piece could not have, weights of their own for even and odd
    steps, does no harm in a clip that begins on the beat.

    Parameters
    ----------
    config : WaveGANConfig
    channels : int
        Channels of the sound times those of the codec.
    """

    def __init__(self, config: WaveGANConfig, channels: int) -> None:
        super().__init__()
        self.each, self.first_steps = config.style_source == "each", config.clip_latents // LATENT_FACTOR
        widths = [config.width * width for width in _WIDTHS]
        self.mapping = Mapping(config.latent, config.style_width)
        self.start = nn.Linear(config.latent, self.first_steps * widths[0])
        self.layers, self.direct, places = nn.ModuleList(), nn.ModuleList(), [widths[0]]
        self.noise_times, steps = [self.first_steps], self.first_steps
        for before, after in itertools.pairwise(widths):
            steps *= 2
            self.layers += [TimeDoubling(before, after), TimeConv1d(after, after, 3, padding=1)]
            self.direct.append(TimeConv1d(before, after, 1))
            places += [after, after]
            self.noise_times += [steps, steps]
        self.styles = nn.ModuleList(AdaIN(width, config.style_width) for width in places)
        self.out = TimeConv1d(widths[-1], channels, 3, padding=1)
        self.noise_samples = sum(self.noise_times)

    def settle(self) -> None:
        """Begin with gamma near 0 and beta 0, and with latents that vary less than real ones."""
        with torch.no_grad():
            for style in self.styles:
                style.affine.weight.mul_(0.5)  # type: ignore[union-attr, operator]
            self.out.weight.mul_(0.1)

    def forward(
        self, z: torch.Tensor, noise: torch.Tensor | None = None, styles: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Make clips from latents and noise (batch, noise_samples); `styles` replace those of the mapping."""
        if styles is None:
            styles = self.mapping(z)
        noises = [None] * len(self.styles) if noise is None else noise.split(self.noise_times, 1)

        def styled(x: torch.Tensor, place: int) -> torch.Tensor:
            source = min(place, MAPPING_LAYERS - 1) if self.each else MAPPING_LAYERS - 1
            made: torch.Tensor = self.styles[place](x[:, :, None], styles[:, source], noises[place])
            return functional.silu(made[:, :, 0])

        x = styled(self.start(z).view(len(z), -1, self.first_steps), 0)
        for number, direct in enumerate(self.direct):
            h = styled(self.layers[2 * number](x), 2 * number + 1)
            h = styled(self.layers[2 * number + 1](h), 2 * number + 2)
            x = _HALF * (h + direct(x.repeat_interleave(2, 2)))
        made: torch.Tensor = self.out(x)
        return made


def build_latent_networks(config: WaveGANConfig, channels: int) -> dict[str, nn.Module]:
    """Return G and D for latents of so many channels with their initial weights, which follow from `config.seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(item_seed(config.seed, "weights"))
        generator = LatentGenerator(config, channels)
        judge = DenseDiscriminator(channels, 0, _DISCRIMINATOR_WIDTH * config.width, config.clip_latents)
        for network in (generator, judge):
            init_he(network)
    generator.settle()
    return {"G": generator, "D": judge}
