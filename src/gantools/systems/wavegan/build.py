"""The networks of each variant with their initial weights."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gantools.runtime.seeds import item_seed
from gantools.systems.wavegan.config import HYBRID, WaveGANConfig
from gantools.systems.wavegan.networks import Discriminator, Generator, SpectralDiscriminator, UpConv
from gantools.systems.wavegan.style import StyleGenerator
from gantools.systems.wavegan.transformer import HybridGenerator, TransformerGenerator


def initialise(network: nn.Module, seed: int) -> None:
    """Draw the weights so that the size of a signal stays the same from layer to layer (He et al. 2015); biases 0.

    WaveGAN's own program leaves this to TensorFlow 1 (Glorot), whose filters of 25 taps with stride 4 shrink a signal
    at each layer; the first thousands of its steps go into growing it again.
    """
    random = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            fan_in = module.weight[0].numel()
        elif isinstance(module, UpConv):
            fan_in = module.fan_in
        else:
            continue
        gain = math.sqrt(2.0)
        nn.init.uniform_(module.weight, -gain * math.sqrt(3 / fan_in), gain * math.sqrt(3 / fan_in), generator=random)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def normalise_spectrally(discriminator: nn.Module, seed: int) -> None:
    """Divide the weights of each layer by their largest singular value, from one power iteration per use."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for module in discriminator.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                spectral_norm(module)


def build_generator(config: WaveGANConfig) -> nn.Module:
    """Return the untrained generator of a resolved configuration: ``noise_samples`` and ``forward(z, noise)``."""
    kinds = {"style": StyleGenerator, "transformer": TransformerGenerator, HYBRID: HybridGenerator}
    return kinds.get(config.variant, Generator)(config)


def build_networks(config: WaveGANConfig) -> dict[str, nn.Module]:
    """Return G and D of a resolved configuration with their initial weights, which follow from `config.seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(item_seed(config.seed, "weights"))
        judge = SpectralDiscriminator if config.spectra else Discriminator
        networks: dict[str, nn.Module] = {"G": build_generator(config), "D": judge(config)}
    for name, network in networks.items():
        initialise(network, item_seed(config.seed, "weights", name))
    networks["G"].settle(torch.Generator().manual_seed(item_seed(config.seed, "weights", "settle")))  # type: ignore[operator]
    if config.spectral_norm:
        normalise_spectrally(networks["D"], item_seed(config.seed, "weights", "spectral"))
    return networks
