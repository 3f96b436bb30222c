"""The latent coordinate system (section 3.2): where each latent lies between random anchors.

The coordinate of latent t is the point between two anchors at::

    tau(t) = (t + offset) / A,    w(t) = (1 - f) anchor[i] + f anchor[i + 1],    i = floor(tau), f = tau - i

with A latents from one anchor to the next. The paper's crops of 2 L points out of 4 L + 1 between three anchors are
those of A = 2 L at whole offsets from 0 to 2 L. Its program for 44.1 kHz has A = 3 L and three offsets, at which an
anchor lies in the middle of every third patch.
"""

from __future__ import annotations

import torch

#: Anchors that a training item needs: what its two patches lie between.
ANCHORS = 3


def training_offsets(patch_latents: int, anchor_patches: int) -> list[float]:
    """Return the offsets at which pairs of patches are trained; one of them is drawn for each item."""
    length, spacing = patch_latents, anchor_patches * patch_latents
    if anchor_patches == 2:
        return [float(offset) for offset in range(2 * length + 1)]
    return [0.5 - length / 2 + spacing * phase / anchor_patches for phase in range(1, anchor_patches + 1)]


def free_offsets(grid: int, anchor_latents: int) -> list[float]:
    """Return the offsets of a generator without patches: its first step lies anywhere between two anchors."""
    return [float(offset) for offset in range(0, anchor_latents, grid)]


def anchors_for(count: int, anchor_latents: int) -> int:
    """Return the anchors that `count` latents need, wherever they begin."""
    return (anchor_latents + count - 2) // anchor_latents + 2


def generation_offset(patch_latents: int, anchor_patches: int) -> float:
    """Return the offset at which music begins; all its patches then lie to the anchors as in training."""
    return training_offsets(patch_latents, anchor_patches)[0]


def interpolate(anchors: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return the coordinates at some places.

    Parameters
    ----------
    anchors : float tensor (batch, anchors, size)
    places : float tensor (batch, n) or (n,)
        tau, counted in anchors from the first one: 0 to anchors - 1.

    Returns
    -------
    float tensor (batch, size, n)
    """
    places = places.expand(len(anchors), -1)
    # The last anchor ends the last stretch, and begins none.
    first = places.floor().clamp(0, anchors.shape[1] - 2)
    share = (places - first)[..., None].to(anchors.dtype)
    index = first.long()[..., None].expand(-1, -1, anchors.shape[2])
    points = torch.lerp(anchors.gather(1, index), anchors.gather(1, index + 1), share)
    return points.transpose(1, 2)


def with_style(
    coordinates: torch.Tensor,
    style: torch.Tensor,
    detail: torch.Tensor | None = None,
    conditions: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return what the generator takes: detail, coordinates, the style at every latent, conditions, one upon the other.

    Parameters
    ----------
    coordinates : tensor (batch, size, n)
    detail : tensor (batch, size, n), optional
        Random numbers of each latent. The paper's coordinates lead slowly from one anchor to the next, and music of
        which each moment follows from them alone hardly moves, or repeats.
    style : tensor (batch, size) or (batch, size, n)
        One for a whole piece, or a walk.
    conditions : tensor (batch, conditions, n), optional
    """
    if style.ndim == 2:
        style = style[..., None].expand(-1, -1, coordinates.shape[2])
    return torch.cat([part for part in (detail, coordinates, style, conditions) if part is not None], 1)


def to_patches(sequence: torch.Tensor, patch_latents: int) -> torch.Tensor:
    """Return a sequence (batch, channel, k L) as patches on the batch axis (batch k, channel, L)."""
    batch, channels, length = sequence.shape
    count = length // patch_latents
    return sequence.reshape(batch, channels, count, patch_latents).transpose(1, 2).flatten(0, 1)


def from_patches(patches: torch.Tensor, count: int) -> torch.Tensor:
    """Return `count` patches of each item one after the other: the inverse of `to_patches`."""
    _, channels, length = patches.shape
    return patches.reshape(-1, count, channels, length).transpose(1, 2).flatten(2)
