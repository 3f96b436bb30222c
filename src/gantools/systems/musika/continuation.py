"""The end of a recording found among what the generator makes, so that music can go on from there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from gantools.runtime.seeds import item_seed
from gantools.systems.musika.drawing import draw_anchors, draw_style
from gantools.systems.musika.stream import LatentMaker, Piece

#: Patches at the end of the recording that the generator is brought to, as the discriminator saw two.
PATCHES = 2
_DRAWS, _STEPS, _LR = 64, 300, 0.05
#: Weight of how far anchors and style are from the length that random ones have.
_PRIOR = 0.05


def find_piece(maker: LatentMaker, piece: Piece, target: torch.Tensor) -> tuple[Piece, float]:
    """Return a piece whose first two patches are as near as the generator comes to those of a recording.

    The best of 64 random draws, whose anchors and style Adam then moves (GAN inversion). What follows the two patches
    leads from their last anchor to anchors of the seed.

    Parameters
    ----------
    maker : LatentMaker
    piece : Piece
        Its seed, bounds and wishes.
    target : tensor (channels, C, 2 L)
        Latents of the recording.

    Returns
    -------
    Piece
        With ``anchors``, ``detail`` and ``style`` of its own.
    float
        What is left of the variance of the recording's latents, as the GAN sees them: 0 is the same, 1 no likeness.
    """
    device = next(maker.generator.parameters()).device
    wanted = maker.scale.scaled(target.flatten(0, 1).to(device))
    variance = float(wanted.var())
    best = min((_drawn(maker, piece, number) for number in range(_DRAWS)), key=lambda one: _error(maker, one, wanted))
    own: dict[str, Any] = {name: nn.Parameter(getattr(best, name).clone()) for name in ("anchors", "detail", "style")}
    optimizer = torch.optim.Adam(own.values(), lr=_LR)
    for parameter in maker.generator.parameters():
        parameter.requires_grad_(False)
    with torch.enable_grad():
        for _ in range(_STEPS):
            made = _made(maker, replace(piece, **own))
            prior = sum((tensor.square().mean() - 1).square() for tensor in own.values() if tensor.numel())
            loss = (made - wanted).square().mean() / max(variance, 1e-9) + _PRIOR * prior
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    found = replace(piece, **{name: tensor.detach() for name, tensor in own.items()})
    with torch.no_grad():
        return found, float((_made(maker, found) - wanted).square().mean()) / max(variance, 1e-9)


def _drawn(maker: LatentMaker, piece: Piece, number: int) -> Piece:
    c, seed = maker.config, item_seed(piece.seed, "draw", number)
    return replace(
        piece,
        anchors=draw_anchors(seed, range(2), c.anchor_size),
        detail=draw_anchors(seed, range(PATCHES * c.patch_latents), c.detail_size, what="detail"),
        style=draw_style(seed, c.style_size),
    )


def _made(maker: LatentMaker, piece: Piece) -> torch.Tensor:
    """Return the first two patches (channels C, 2 L) as the GAN sees them, differentiable in anchors and style."""
    return maker.scaled(piece, 0, PATCHES * maker.config.patch_latents)


@torch.no_grad()
def _error(maker: LatentMaker, piece: Piece, wanted: torch.Tensor) -> float:
    return float((_made(maker, piece) - wanted).square().mean())
