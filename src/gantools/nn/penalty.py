"""The gradient penalty of WGAN-GP (Gulrajani et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable

import torch


def gradient_penalty(
    discriminator: Callable[[torch.Tensor], torch.Tensor], real: torch.Tensor, fake: torch.Tensor, places: torch.Tensor
) -> torch.Tensor:
    """Return E (|grad D(x)| - 1)^2 at x = fake + a (real - fake), one place a in [0, 1] for each item.

    The norm is over channels and time of each item (equation 3). The result can be differentiated again, with respect
    to the discriminator's weights.

    Parameters
    ----------
    discriminator : callable
        (batch, channel, time) to (batch,); an item's score must depend on that item only.
    real, fake : tensor (batch, channel, time)
    places : tensor (batch,)
    """
    between = torch.lerp(fake.detach(), real, places[:, None, None]).requires_grad_(True)
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    # The small number keeps the root's own slope finite where the gradient vanishes.
    norm = torch.sqrt(slope.square().sum((1, 2)) + 1e-12)
    return (norm - 1).square().mean()
