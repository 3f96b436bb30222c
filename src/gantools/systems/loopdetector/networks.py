"""The network f_w with its centre, and its inverse, which only the first stage of the training uses."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import nn

from gantools.structure.loops.correlation import pairs
from gantools.structure.loops.detector import CENTRE_LEAST, DIMENSIONS, SLOPE, hidden_units


def _layers(*widths: int) -> nn.Sequential:
    """Return linear layers without biases, with LeakyReLU between them: a network with biases could collapse."""
    made: list[nn.Module] = []
    for before, after in pairwise(widths):
        made += [nn.LeakyReLU(SLOPE), nn.Linear(before, after, bias=False)]
    return nn.Sequential(*made[1:])


class LoopEncoder(nn.Module):
    """f_w: correlations of the bars of a phrase (batch, pairs) to 7 dimensions (Han et al., section 3.2.2).

    Parameters
    ----------
    bars : int
    known_loops : mapping of str to int
        Domain to the number of known loops that are kept beside the weights.

    Attributes
    ----------
    centre : torch.Tensor
        c of equation 1; zeros until it is set.
    audio_loops, midi_loops : torch.Tensor
        Correlations of known loops, by whose scores threshold and percentiles are told: they go with the weights, so
        that they always fit them.
    """

    centre: torch.Tensor

    def __init__(self, bars: int, known_loops: Mapping[str, int]) -> None:
        super().__init__()
        inputs = pairs(bars)
        hidden = hidden_units(inputs)
        self.f = _layers(inputs, hidden, hidden, DIMENSIONS)
        self.register_buffer("centre", torch.zeros(DIMENSIONS))
        for domain, count in known_loops.items():
            self.register_buffer(f"{domain}_loops", torch.zeros(count, inputs))

    @property
    def has_centre(self) -> bool:
        """Whether the centre is set: no coordinate of it can be 0 then."""
        return bool((self.centre != 0).all())

    def set_centre(self, correlations: torch.Tensor) -> None:
        """Set the centre to the mean of what the network makes of all loops of the training.

        A coordinate near 0 is moved to 0.1 or -0.1, as in the program of Ruff et al.: a network of zeros would meet it.
        """
        mean = self.f(correlations).mean(dim=0)
        edge = torch.where(mean < 0, -CENTRE_LEAST, CENTRE_LEAST)
        self.centre.copy_(torch.where(mean.abs() < CENTRE_LEAST, edge, mean))

    def forward(self, correlations: torch.Tensor) -> torch.Tensor:
        """Return the embedding, (batch, 7)."""
        return self.f(correlations)

    def scores(self, correlations: torch.Tensor) -> torch.Tensor:
        """Return the loop scores (batch,): the mean over the 7 dimensions of the squared distance from the centre."""
        return (self.f(correlations) - self.centre).square().mean(dim=1)


def make_decoder(bars: int) -> nn.Sequential:
    """Return f_w's inverse: 7 dimensions back to correlations, layers of the same widths."""
    hidden = hidden_units(pairs(bars))
    return _layers(DIMENSIONS, hidden, hidden, pairs(bars))
