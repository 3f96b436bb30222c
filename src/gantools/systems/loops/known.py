"""The phrases that a model was trained on, small enough to stay in its folder, to tell how new a loop is."""

from __future__ import annotations

from functools import cached_property

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
        """Return the training phrases of pieces, without generated ones."""
        starts = phrases.starts["train"]
        starts = starts[: len(starts) - phrases.generated]
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

    def nearest(self, sounding: np.ndarray) -> int:
        """Return the cells in which a loop differs from the nearest phrase, as `metrics.loops.novelty` counts them.

        The basses are compared as they are, and with the loop's moved so that their lowest notes are the same: a copy
        in another key is a copy.

        Parameters
        ----------
        sounding : bool array (steps, 57)
        """
        known, size, lowest = self._unpacked
        bars = sounding.reshape(-1, BAR_STEPS, PITCHES)
        rows, shifts = self.rows.cpu().numpy(), lowest - _lowest(sounding[None])[0]
        wanted = np.unique([0, *shifts.tolist()])
        # All keys in one product. Cells that differ are those of either less twice those of both; a note that leaves
        # the columns is in neither.
        moved = np.concatenate([_moved(bars, shift) for shift in wanted.tolist()]).reshape(-1, known.shape[1])
        both = (moved @ known.T).reshape(len(wanted), len(bars), -1)
        apart = bars.sum((1, 2))[:, None] + size - 2 * both
        place = np.arange(len(bars))
        keys = (np.searchsorted(wanted, shifts), np.full(len(rows), np.searchsorted(wanted, 0)))
        return int(min(apart[key[:, None], place, rows].sum(1).min() for key in keys))

    @cached_property
    def _unpacked(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the bars as float32 (bars, cells), how many cells sound in each, and the lowest bass by phrase."""
        cells = np.unpackbits(self.cells.cpu().numpy(), axis=1, count=BAR_STEPS * PITCHES)
        used = np.asarray(cells.reshape(-1, BAR_STEPS, PITCHES).any(1))  # (bars, 57)
        of_phrase = np.asarray(used[self.rows.cpu().numpy()].any(1))
        known = cells.astype(np.float32)
        return known, known.sum(1), _lowest(of_phrase[:, None])


def _packed(sounding: np.ndarray) -> np.ndarray:
    """Return rolls (n, steps, 57) as bits of their bars, uint8 (n, bars, 114)."""
    bars = sounding.reshape(len(sounding), -1, BAR_STEPS * PITCHES)
    return np.packbits(bars, axis=2)


def _lowest(sounding: np.ndarray) -> np.ndarray:
    """Return the lowest column of the bass in each roll (n, steps, 57); 0 where it is silent."""
    return np.asarray(sounding[:, :, DRUM_ROWS:].any(axis=1).argmax(axis=1))


def _moved(bars: np.ndarray, shift: int) -> np.ndarray:
    """Return bars, float32 (n, 16, 57), with the bass moved by semitones; what leaves the columns is gone."""
    moved = bars.astype(np.float32)
    bass = np.zeros_like(moved[:, :, DRUM_ROWS:])
    source = moved[:, :, DRUM_ROWS:]
    if shift >= 0:
        bass[:, :, shift:] = source[:, :, : BASS_PITCHES - shift]
    else:
        bass[:, :, :shift] = source[:, :, -shift:]
    moved[:, :, DRUM_ROWS:] = bass
    return moved
