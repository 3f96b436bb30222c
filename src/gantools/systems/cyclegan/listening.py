"""Listening to the small networks, which take a style and noise beside the mel."""

from __future__ import annotations

import torch
from torch import nn

from gantools.systems.cyclegan.time_networks import TimeGenerator, band_statistics
from gantools.systems.translation.listening import Listener


class StyleListener(Listener):
    """A `Listener` that gives a `TimeGenerator` one style after the other of its bank, and noise."""

    def apply(
        self,
        network: nn.Module,
        mels: torch.Tensor,
        start: int,
        like: torch.Tensor | None,
        random: torch.Generator,
    ) -> torch.Tensor:
        """Translate some windows; styles come from `like`, or else from the bank."""
        if not isinstance(network, TimeGenerator):
            return super().apply(network, mels, start, like, random)
        if like is None:
            styles = network.bank[torch.arange(start, start + len(mels)) % len(network.bank)]
        else:
            styles = like[start : start + len(mels)]
        noise = torch.randn(len(mels), network.noise_channels, mels.shape[-1] // 4, generator=random)
        translated: torch.Tensor = network(mels, styles, noise.to(mels)).float()
        return translated

    def conditions(self, mels: torch.Tensor) -> torch.Tensor:
        """Return the `band_statistics` of mels."""
        return band_statistics(mels)
