"""Initial weights: those of the reference CycleGAN and pix2pix, and those that keep the size of a signal."""

from __future__ import annotations

import torch
from torch import nn


def init_normal(network: nn.Module, std: float = 0.02, generator: torch.Generator | None = None) -> None:
    """Draw the weights of all convolutions and linear layers from N(0, std^2), in place; biases become 0.

    Batch-normalisation scales are drawn from N(1, std^2).

    Parameters
    ----------
    network : nn.Module
        Network to initialise.
    std : float
        Standard deviation of the weights.
    generator : torch.Generator, optional
        CPU source of randomness; the global one otherwise.

    Notes
    -----
    Zhu et al. 2017, appendix 7.1 (Gaussian, standard deviation 0.02).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d | nn.Linear):
            _draw(module.weight, 0.0, std, generator)
        elif isinstance(module, nn.BatchNorm2d) and module.affine:
            _draw(module.weight, 1.0, std, generator)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def init_he(network: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw the weights of convolutions and linear layers after He et al. 2015 (uniform); biases become 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _draw(weight: torch.Tensor, mean: float, std: float, generator: torch.Generator | None) -> None:
    # Drawn on the CPU so that every device starts from the same weights.
    with torch.no_grad():
        weight.copy_(torch.randn(weight.shape, generator=generator) * std + mean)
