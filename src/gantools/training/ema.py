"""The exponential moving average of a generator's weights, which is steadier than the weights themselves."""

from __future__ import annotations

import copy

import torch
from torch import nn


def ema_decay(step: int) -> float:
    """Return min(0.999, (1 + t) / (10 + t)) for the 0-based update t.

    The average follows closely at first, so that a short run is not dominated by its random start.
    """
    return min(0.999, (1.0 + step) / (10.0 + step))


class EMA:
    """Copies of some networks whose weights are moving averages of the networks' own.

    Parameters
    ----------
    networks : dict of str to nn.Module
        Networks to follow; the copies start equal to them. Buffers are copied, not averaged.

    Attributes
    ----------
    copies : dict of str to nn.Module
        The copies under their networks' names, in evaluation mode and without gradients.
    """

    def __init__(self, networks: dict[str, nn.Module]) -> None:
        self._networks = networks
        self.copies = {name: copy.deepcopy(net).eval().requires_grad_(False) for name, net in networks.items()}

    @torch.no_grad()
    def restart(self) -> None:
        """Set the copies equal to the networks."""
        for name, net in self._networks.items():
            self.copies[name].load_state_dict(net.state_dict())

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the copies towards the networks after the 0-based update `step`."""
        weight = 1.0 - ema_decay(step)
        for name, net in self._networks.items():
            copied = self.copies[name]
            # One fused call: a loop over hundreds of small tensors would cost more than the arithmetic.
            torch._foreach_lerp_(list(copied.parameters()), list(net.parameters()), weight)
            for target, source in zip(copied.buffers(), net.buffers(), strict=True):
                target.copy_(source)
