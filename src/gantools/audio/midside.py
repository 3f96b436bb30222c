"""Stereo as mid and side: what both channels share, and what they differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch

Signal = TypeVar("Signal", np.ndarray, "torch.Tensor")


def to_mid_side(wave: Signal) -> Signal:
    """Return mid (l + r) / 2 and side (l - r) / 2 of stereo; mono stays as it is.

    Parameters
    ----------
    wave : ndarray or torch.Tensor
        (..., 1 or 2, time).

    Returns
    -------
    ndarray or torch.Tensor
        Of the same shape.

    Examples
    --------
    >>> to_mid_side(np.array([[1.0, 0.5], [1.0, -0.5]])).tolist()
    [[1.0, 0.0], [0.0, 0.5]]
    """
    if wave.shape[-2] == 1:
        return wave
    left, right = wave[..., 0, :], wave[..., 1, :]
    return _channels((left + right) / 2, (left - right) / 2)


def from_mid_side(signal: Signal) -> Signal:
    """Return left and right of mid and side, (..., 2, time); mono stays as it is. The inverse of `to_mid_side`."""
    if signal.shape[-2] == 1:
        return signal
    mid, side = signal[..., 0, :], signal[..., 1, :]
    return _channels(mid + side, mid - side)


def _channels(first: Signal, second: Signal) -> Signal:
    if isinstance(first, np.ndarray):
        return np.stack([first, second], -2)
    import torch

    return torch.stack([first, second], -2)
