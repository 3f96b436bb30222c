"""Rolls from the transformer, step by step: every cell a Bernoulli draw, with the keys and values of before kept."""

from __future__ import annotations

import torch

from gantools.systems.loops.cells import draw_step
from gantools.systems.looptransformer.networks import RollTransformer


@torch.inference_mode()
def draw_rolls(network: RollTransformer, uniform: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Return drawn rolls.

    Parameters
    ----------
    network : RollTransformer
        In evaluation mode.
    uniform : tensor (batch, step, 11)
        Random numbers in [0, 1); the steps are those of the network, or fewer.
    temperature : float
        See `draw_step`.

    Returns
    -------
    bool tensor (batch, 58, step)
    """
    found: list[torch.Tensor] = []
    caches, uniform = network.caches(len(uniform)), uniform.to(network.start.device)
    for step in range(uniform.shape[1]):
        before = found[-1] if found else None
        logits = network.next_step(None if before is None else before.float(), caches)
        found.append(draw_step(logits, before, uniform[:, step], temperature))
    return torch.stack(found, 2)
