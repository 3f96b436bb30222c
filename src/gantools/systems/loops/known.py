"""The phrases that a model was trained on, small enough to stay in its folder, to tell how new a loop is."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from gantools.symbolic.roll import BAR_STEPS, BASS_PITCHES, DRUM_ROWS, PITCHES
from gantools.systems.loops.data import Phrases

#: Phrases that are kept at most, evenly spread over all.
_MOST_PHRASES = 20_000
_BLOCK = 2048
_BAR_BYTES = -(-BAR_STEPS * PITCHES // 8)


class KnownRolls(nn.Module):
    """Training phrases as bars, each kept once: phrases a bar apart share most of them.

    Parameters
    ----------
    bars, phrases, length : int
        Different bars, different phrases, and bars of a phrase.

    Attributes
    ----------
    cells : uint8 buffer (bars, 114)
        The cells of each bar in bits, step by step.
    rows : int32 buffer (phrases, length)
        The bars of each phrase.
    """

    cells: torch.Tensor
    rows: torch.Tensor

    def __init__(self, bars: int, phrases: int, length: int) -> None:
        super().__init__()
        self.register_buffer("cells", torch.zeros(bars, _BAR_BYTES, dtype=torch.uint8))
        self.register_buffer("rows", torch.zeros(phrases, length, dtype=torch.int32))

    @classmethod
    def of(cls, phrases: Phrases) -> KnownRolls:
        """Return the training phrases of pieces."""
        starts = phrases.starts["train"]
        starts = starts[np.linspace(0, len(starts) - 1, min(_MOST_PHRASES, len(starts))).astype(int)]
        parts = [_packed(phrases.rolls(starts[at : at + _BLOCK])[0]) for at in range(0, len(starts), _BLOCK)]
        packed = np.concatenate(parts)  # (phrases, bars, bytes)
        bars, index = np.unique(packed.reshape(-1, _BAR_BYTES), axis=0, return_inverse=True)
        rows = np.unique(index.reshape(packed.shape[:2]), axis=0)
        known = cls(len(bars), *rows.shape)
        known.cells.copy_(torch.from_numpy(bars))
        known.rows.copy_(torch.from_numpy(rows.astype(np.int32)))
        return known

    @property
    def sizes(self) -> tuple[int, int, int]:
        """What it is built with."""
        return len(self.cells), len(self.rows), self.rows.shape[1]

    def distance(self, sounding: np.ndarray) -> float:
        """Return the share of cells in which a loop differs from the nearest phrase, whatever the key of the bass.

        Parameters
        ----------
        sounding : bool array (steps, 57)
        """
        cells = np.unpackbits(self.cells.cpu().numpy(), axis=1, count=BAR_STEPS * PITCHES)
        known = cells.reshape(-1, BAR_STEPS, PITCHES).astype(np.float32)
        rows, size = self.rows.cpu().numpy(), known.sum((1, 2))
        bars = sounding.reshape(-1, BAR_STEPS, PITCHES)
        least = np.inf
        for shift in _shifts(sounding):
            moved = bars.astype(np.float32)
            moved[:, :, DRUM_ROWS:] = np.roll(moved[:, :, DRUM_ROWS:], shift, axis=2)
            # Cells that differ are those of either less twice those of both.
            both = moved.reshape(len(bars), -1) @ known.reshape(len(known), -1).T
            apart = moved.sum((1, 2))[:, None] + size - 2 * both
            least = min(least, float(apart[np.arange(len(bars)), rows].sum(1).min()))
        return least / sounding.size


def _packed(sounding: np.ndarray) -> np.ndarray:
    """Return rolls (n, steps, 57) as bits of their bars, uint8 (n, bars, 114)."""
    bars = sounding.reshape(len(sounding), -1, BAR_STEPS * PITCHES)
    return np.packbits(bars, axis=2)


def _shifts(sounding: np.ndarray) -> range:
    """Return the semitones by which the bass of a loop can be moved, at most six up or down."""
    used = np.flatnonzero(sounding[:, DRUM_ROWS:].any(0))
    if not len(used):
        return range(1)
    return range(max(-6, -int(used[0])), min(6, BASS_PITCHES - 1 - int(used[-1])) + 1)
