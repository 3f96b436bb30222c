"""Where the variant small begins: the principal components of frames, and those of blocks of their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from gantools.systems.codec.small import CODE_SCALE

#: Components weaker than this share of the strongest are not blown up to its size.
_WEAKEST = 1e-3


@torch.no_grad()
def start_from_components(
    networks: Mapping[str, nn.Module], levels: Iterable[torch.Tensor], weights: torch.Tensor, block: int
) -> None:
    """Set the linear paths of all four networks to the principal components of some music.

    The first level keeps the D1 strongest components of frames, the second the D2 strongest of `block` frames of
    these. Codes have a standard deviation of `CODE_SCALE` before tanh in every channel.

    Parameters
    ----------
    networks : mapping of str to nn.Module
        ``encoder1``, ``decoder1``, ``encoder2``, ``decoder2`` of the variant small.
    levels : iterable of torch.Tensor
        Levels s of the sound, float32 (batch, bin, frame), the frames of each a multiple of `block`; read twice.
    weights : torch.Tensor
        Weight of the squared error of each bin, float32 (bin,).
    block : int
        Frames of a latent.

    Notes
    -----
    The least-squares answer among linear codecs, which a network would need most of a short run to find. The second
    level's components are those of the codes as they were before they were brought to one size: among codes of one
    size the loud ones would count no more than the others.
    """
    lines = {name: network.get_submodule("linear") for name, network in networks.items()}
    root = weights.sqrt()
    mean, vectors, sizes = _components(
        (part.transpose(1, 2).flatten(0, 1) * root for part in levels), _outputs(lines["encoder1"])
    )
    # As (out, in, kernel): codes are scale V' (sqrt(w) s - mean) / size.
    encode = CODE_SCALE * vectors.T * root / sizes[:, None]
    _set(lines["encoder1"], encode[..., None], -CODE_SCALE * (vectors.T @ mean) / sizes)
    decode = vectors * sizes / CODE_SCALE / root[:, None]
    _set(lines["decoder1"], decode[..., None], mean / root)

    def blocks() -> Iterable[torch.Tensor]:
        """Yield blocks of codes, (batch, latent, block * codes)."""
        for part in levels:
            codes = torch.einsum("bft,fd->btd", part * root[:, None] - mean[:, None], vectors)
            yield codes.reshape(len(codes), -1, block * codes.shape[-1])

    mean2, vectors2, sizes2 = _components((part.flatten(0, 1) for part in blocks()), _outputs(lines["encoder2"]))
    per_code = sizes.repeat(block) / CODE_SCALE  # what a code of one size is worth
    encode2 = (CODE_SCALE * vectors2.T * per_code / sizes2[:, None]).unflatten(1, (block, -1)).transpose(1, 2)
    _set(lines["encoder2"], encode2, -CODE_SCALE * (vectors2.T @ mean2) / sizes2)
    taps = (vectors2.T * sizes2[:, None])[:, None]
    if lines["decoder2"].kernel_size != (block,):
        taps = _lapped(blocks(), mean2, vectors2 / sizes2)
    # As (in, out, kernel), the steps of all taps in a row.
    decode2 = (taps / CODE_SCALE / per_code).unflatten(2, (block, -1)).flatten(1, 2).transpose(1, 2)
    # A transposed convolution has one bias for all frames of a block: the mean of blocks is nearly that of frames.
    bias = (mean2 / per_code).unflatten(0, (block, -1)).mean(0)
    _set(lines["decoder2"], decode2, bias)


def _lapped(parts: Iterable[torch.Tensor], mean: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    """Return the least-squares estimate of blocks from the components of three blocks in a row.

    Parameters
    ----------
    parts : iterable of torch.Tensor
        Blocks that follow one another, (batch, latent, n), at least three.
    mean : torch.Tensor
        Of blocks, (n,).
    axes : torch.Tensor
        What makes components of unit deviation of a block, (n, k).

    Returns
    -------
    torch.Tensor
        (k, 3, n): what a component says of the block before its own, of its own, and of the block behind it.
    """
    size = 3 * axes.shape[1]
    square = torch.zeros(size, size, dtype=torch.float64)
    product = torch.zeros(size, len(mean), dtype=torch.float64)
    for part in parts:
        blocks = part - mean
        known = blocks @ axes
        seen = torch.cat([known[:, 2:], known[:, 1:-1], known[:, :-2]], 2).flatten(0, 1)
        square += (seen.T @ seen).double()
        product += (seen.T @ blocks[:, 1:-1].flatten(0, 1)).double()
    # A little of the deviation on the diagonal: components that are always alike must not divide by nothing.
    square.diagonal().add_(1e-4 * float(square.diagonal().mean()))
    return torch.linalg.solve(square, product).float().unflatten(0, (3, -1)).transpose(0, 1)


def _components(rows: Iterable[torch.Tensor], count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the mean (n,) of vectors (k, n), the strongest directions (n, count), and the deviations along these."""
    number, total, square = 0, torch.zeros(0), torch.zeros(0)
    for part in rows:
        if not number:
            total, square = torch.zeros(part.shape[1], dtype=torch.float64), torch.zeros(0)
            square = torch.zeros(part.shape[1], part.shape[1], dtype=torch.float64)
        number += len(part)
        total += part.sum(0, dtype=torch.float64)
        square += (part.T @ part).double()
    mean = total / number
    strengths, directions = torch.linalg.eigh(square / number - mean[:, None] * mean)
    # In the order of their strength, each turned so that its sum is positive: eigenvectors have no sign of their own.
    strengths, directions = strengths.flip(0)[:count], directions.flip(1)[:, :count]
    directions = directions * torch.where(directions.sum(0) < 0, -1.0, 1.0)
    sizes = strengths.clamp_min(0).sqrt()
    sizes = sizes.clamp_min(max(_WEAKEST * float(sizes[0]), 1e-6))
    return mean.float(), directions.float(), sizes.float()


def _outputs(layer: nn.Module) -> int:
    assert isinstance(layer, nn.Conv1d)
    return layer.out_channels


def _set(layer: nn.Module, weight: torch.Tensor, bias: torch.Tensor) -> None:
    assert isinstance(layer, nn.Conv1d | nn.ConvTranspose1d)
    assert layer.bias is not None
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
    layer.requires_grad_(False)
