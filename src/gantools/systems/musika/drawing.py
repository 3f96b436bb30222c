"""Anchors and styles of a piece: each a function of the seed and its number, so that any place can be made alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from gantools.runtime.seeds import item_seed


def draw_normal(seed: int, size: int, bound: float = 0.0) -> torch.Tensor:
    """Return normal numbers (size,); with `bound` none is larger, and their deviation is 1 all the same.

    Truncation makes music more usual. SA-AdaIN only multiplies, so that plain truncated numbers, which are smaller,
    would also make it softer, by 3 to 6 dB at a bound of 2: they are divided by their deviation.
    """
    random = torch.Generator().manual_seed(seed)
    if not bound:
        return torch.randn(size, generator=random)
    # By inversion of the distribution function, so that no number is drawn twice.
    tail = 0.5 * math.erfc(bound / math.sqrt(2))
    share = tail + (1 - 2 * tail) * torch.rand(size, generator=random, dtype=torch.float64)
    numbers = math.sqrt(2) * torch.erfinv(2 * share - 1)
    return (numbers / truncated_deviation(bound)).float()


def truncated_deviation(bound: float) -> float:
    """Return the standard deviation of a normal number of which only values up to `bound` are kept."""
    density = math.exp(-0.5 * bound**2) / math.sqrt(2 * math.pi)
    kept = math.erf(bound / math.sqrt(2))
    return math.sqrt(max(1e-12, 1 - 2 * bound * density / kept))


def draw_anchors(
    seed: int, numbers: Sequence[int], size: int, bound: float = 0.0, what: str = "anchor"
) -> torch.Tensor:
    """Return some anchors of a piece, (anchors, size); those of another kind have another name in `what`."""
    return torch.stack([draw_normal(item_seed(seed, what, number), size, bound) for number in numbers])


def draw_style(seed: int, size: int, bound: float = 0.0) -> torch.Tensor:
    """Return the style of a piece, (size,)."""
    return draw_normal(item_seed(seed, "style"), size, bound)


def between(first: torch.Tensor, last: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Return styles (size, n) on the way from one to another, of the length that random ones have.

    A straight line between two random styles leads through shorter ones, which make other music, and softer: each
    point is brought to the length that lies as far between both.
    """
    points = torch.lerp(first[:, None], last[:, None], shares[None])
    lengths = torch.lerp(first.norm(), last.norm(), shares)
    return points / points.norm(dim=0).clamp(min=1e-6) * lengths
