"""The loss of GANs of latents: real and generated music judged in pairs, with a penalty on the slope at both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

_SCALE = 1024.0


@contextmanager
def thawed(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Let autograd note parameters that the loop has frozen for this phase."""
    before = [parameter.requires_grad for parameter in parameters]
    for parameter in parameters:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter, was in zip(parameters, before, strict=True):
            parameter.requires_grad_(was)


def paired(better: Sequence[torch.Tensor], worse: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the relativistic pairing loss (Huang et al. 2024): softplus of how much worse scores are above better."""
    parts = [functional.softplus(b.float() - a.float()).mean() for a, b in zip(better, worse, strict=True)]
    return torch.stack(parts).sum()


def handed_on(fake: torch.Tensor, made: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
    """Return a loss with the value of `loss`, whose gradient goes on from `made` to what made `fake`.

    `made` is the leaf that was judged in place of `fake`. The graph behind it stays, so that the discriminator's own
    loss can be taken from the same pass.
    """
    with torch.autocast(fake.device.type, enabled=False):
        # Larger on the way, so that half precision does not lose what is small.
        (slope,) = torch.autograd.grad(_SCALE * loss, made, retain_graph=True)
        total = (fake.float() * (slope / _SCALE)).sum()
    return loss.detach() + total - total.detach()


def slope_penalty(judge: Callable[[torch.Tensor], Sequence[torch.Tensor]], latents: torch.Tensor) -> torch.Tensor:
    """Return E |grad D|^2 of each item, over channels and time, without a factor of a half (R1, at fakes R2)."""
    x = latents.detach().float().requires_grad_(True)
    with torch.autocast(x.device.type, enabled=False), torch.enable_grad():
        # Of several heads the mean of each counts, so that a scale of many steps is no stricter than one of few.
        total = torch.stack([scores.mean(1).sum() for scores in judge(x)]).sum()
        (slope,) = torch.autograd.grad(total, x, create_graph=True)
    return slope.square().sum((1, 2)).mean()
