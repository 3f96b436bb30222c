"""Causal linear attention in its three forms, which are one function: quadratic, in chunks, and as a recurrence.

With phi(x) = elu(x) + 1 the output of row t is

    sum_s<=t (phi(q_t) . phi(k_s)) v_s / (sum_s<=t phi(q_t) . phi(k_s) + eps)

(Katharopoulos et al. 2020, equations 9 to 12, the "linear transformer decoder" of SymphonyNet). A column of ones beside
the values makes the sum below the line one more value, so that both come from one product.
"""

from __future__ import annotations

import torch
from torch.nn import functional

EPSILON = 1e-6
CHUNK = 64


def feature_map(x: torch.Tensor) -> torch.Tensor:
    """Return elu(x) + 1, which is above 0."""
    return functional.elu(x) + 1


def with_ones(values: torch.Tensor) -> torch.Tensor:
    """Return values (..., width) with a column of ones, (..., width + 1)."""
    return torch.cat([values, torch.ones_like(values[..., :1])], -1)


def normalised(sums: torch.Tensor) -> torch.Tensor:
    """Return sums (..., width + 1) divided by their last column."""
    return sums[..., :-1] / (sums[..., -1:] + EPSILON)


def quadratic(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return the attention by its definition, whose time grows with the square of the rows; for tests and short rows.

    Parameters
    ----------
    query, key, value : tensor (batch, head, row, width)
        Queries and keys are mapped already.
    """
    products = (query @ key.transpose(-1, -2)).tril()
    return normalised(products @ with_ones(value))


def in_chunks(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    state: torch.Tensor | None = None,
    chunk: int = CHUNK,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the attention, quadratic within chunks of rows and summed up between them: linear in time and memory.

    Parameters
    ----------
    query, key, value : tensor (batch, head, row, width)
        Queries and keys are mapped already. All sums are in float32.
    state : tensor (batch, head, width, width + 1), optional
        Sum of keys times values of the rows before.
    chunk : int

    Returns
    -------
    tensor (batch, head, row, width), and the state after the last row
    """
    query, key, value = query.float(), key.float(), with_ones(value.float())
    rows = query.shape[2]
    if missing := -rows % chunk:
        # Keys of zeros add nothing to any sum.
        query, key, value = (functional.pad(x, (0, 0, 0, missing)) for x in (query, key, value))
    query, key, value = (x.unflatten(2, (-1, chunk)) for x in (query, key, value))
    sums = key.transpose(-1, -2) @ value
    total = sums.cumsum(2)
    before = total - sums
    if state is not None:
        before, total = before + state[:, :, None], total + state[:, :, None]
    mixed = (query @ key.transpose(-1, -2)).tril() @ value + query @ before
    return normalised(mixed.flatten(2, 3)[:, :, :rows]), total[:, :, -1]


def recurrent(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, state: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the attention of one more row, and the state after it; time and memory do not depend on what was before.

    Parameters
    ----------
    query, key, value : tensor (batch, head, width)
    state : tensor (batch, head, width, width + 1)
        As returned by `in_chunks` or this; zeros at the start.
    """
    state = state + key.unsqueeze(-1) * with_ones(value).unsqueeze(-2)
    return normalised((query.unsqueeze(-2) @ state).squeeze(-2)), state
