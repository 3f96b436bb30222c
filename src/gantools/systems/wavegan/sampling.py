"""Drawing clips from a generator, each a pure function of its seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from gantools.runtime.seeds import item_seed


def draw_latent(seed: int, size: int, kind: str) -> torch.Tensor:
    """Return one latent (size,): normal, or uniform in [-1, 1]."""
    random = torch.Generator().manual_seed(seed)
    if kind == "uniform":
        return 2 * torch.rand(size, generator=random) - 1
    return torch.randn(size, generator=random)


def draw_noise(seed: int, samples: int) -> torch.Tensor:
    """Return the noise inputs of one clip, normal (samples,)."""
    return torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def draw_items(seeds: Sequence[int], generator: nn.Module, latent: int, kind: str) -> dict[str, torch.Tensor]:
    """Return latents ``z`` (item, latent), and ``noise`` (item, noise_samples) where the generator takes some."""
    drawn = {"z": torch.stack([draw_latent(seed, latent, kind) for seed in seeds])}
    samples = int(generator.noise_samples)  # type: ignore[arg-type]
    if samples:
        drawn["noise"] = torch.stack([draw_noise(item_seed(seed, "noise"), samples) for seed in seeds])
    return drawn


@torch.no_grad()
def make_clips(generator: nn.Module, drawn: dict[str, torch.Tensor], at_once: int = 16) -> torch.Tensor:
    """Return clips (item, channel, time) on the CPU, made a few at a time."""
    device = next(generator.parameters()).device
    parts = []
    for start in range(0, len(drawn["z"]), at_once):
        z, noise = (
            drawn[name][start : start + at_once].to(device) if name in drawn else None for name in ("z", "noise")
        )
        parts.append(generator(z, noise).float().cpu())
    return torch.cat(parts)
