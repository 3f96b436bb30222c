"""Losses of one scale (Greshler et al. 2021, section 3.2, and the authors' program)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

#: (window length of the transform, hop, window) in samples, the same at every rate.
SPECTRAL_SIZES = ((2048, 240, 1200), (1024, 120, 600), (512, 50, 240))


def wasserstein(scores: torch.Tensor, valid: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean score, over the positions where `valid` is 1 when it is given."""
    return scores.mean() if valid is None else masked_mean(scores, valid)


def masked_mean(x: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Return the mean of x over the positions where `valid`, of a shape that broadcasts, is 1."""
    weight = valid.expand_as(x)
    return (x * weight).sum() / weight.sum().clamp(min=1.0)


def gradient_penalty(
    discriminator: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    fake: torch.Tensor,
    mix: torch.Tensor,
    valid: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the mean over time of (|d sum D / d x_t| - 1)^2 at a mixture of real and fake.

    One number mixes the whole signal, and each sample has a penalty of its own: the published program takes the norm
    over the channel axis, which has one entry. With two channels it is the norm of both.

    Parameters
    ----------
    discriminator : callable
        (batch, channel, time) -> scores; those that count, where there are holes.
    real, fake : Tensor
        (batch, channel, time).
    mix : Tensor
        (batch, 1, 1), from 0 to 1.
    valid : Tensor, optional
        (batch, 1, time): 0 in holes, which are left out of the mean.
    """
    mixture = (mix * real + (1.0 - mix) * fake).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(mixture).sum(), mixture, create_graph=True)
    excess = (torch.linalg.vector_norm(gradient, dim=1, keepdim=True) - 1.0).square()
    return excess.mean() if valid is None else masked_mean(excess, valid)


def magnitudes(x: torch.Tensor) -> list[torch.Tensor]:
    """Return |STFT| of (batch, channel, time) at the three sizes; short signals are padded with zeros."""
    flat = x.reshape(-1, x.shape[-1]).float()
    result = []
    for n_fft, hop, window in SPECTRAL_SIZES:
        mode = "reflect" if flat.shape[-1] > n_fft // 2 else "constant"
        weights = torch.hann_window(window, device=x.device)
        spectrum = torch.stft(flat, n_fft, hop, window, weights, pad_mode=mode, return_complex=True)
        # The root of the power has no gradient at 0.
        power = spectrum.real.square() + spectrum.imag.square()
        result.append(power.clamp(min=1e-12).sqrt().reshape(*x.shape[:2], *spectrum.shape[1:]))
    return result


def spectral_loss(x: torch.Tensor, target: list[torch.Tensor]) -> torch.Tensor:
    """Return the Frobenius norm of the difference of magnitudes, not normalised, averaged over the three sizes.

    Parameters
    ----------
    x : Tensor
        (batch, channel, time).
    target : list of Tensor
        `magnitudes` of the target.
    """
    norms = [
        torch.linalg.vector_norm((own - other).flatten(1), dim=1).mean()
        for own, other in zip(magnitudes(x), target, strict=True)
    ]
    return torch.stack(norms).mean()


def mean_square_error(x: torch.Tensor, target: torch.Tensor, valid: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean square of the difference, outside holes."""
    if valid is None:
        return functional.mse_loss(x.float(), target)
    return masked_mean((x.float() - target).square(), valid)
