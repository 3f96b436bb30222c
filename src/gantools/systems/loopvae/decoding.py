"""From logits to notes: thresholds that keep the density of the music, and a bass of one note at a time."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from gantools.symbolic.roll import BASS_PITCHES, DRUM_ROWS, PITCHES

_BASS = slice(DRUM_ROWS, PITCHES)
#: Where thresholds may lie.
_GRID = np.linspace(0.2, 0.5, 31)


def to_rolls(logits: torch.Tensor, thresholds: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return what sounds and what begins, two bool arrays (n, step, 57).

    A drum sounds where its probability reaches its threshold. The bass plays one note at a time, so that the
    probabilities of its pitches add up to that of its playing at all: it sounds where their sum reaches its threshold.
    The pitch of a note is the most probable one over its whole length, which no single step decides.

    Parameters
    ----------
    logits : tensor (n, 57 or 58, step)
    thresholds : tensor (2,)
        Of drums and bass.
    """
    chances = torch.sigmoid(logits.float())
    drums = chances[:, :DRUM_ROWS] >= thresholds[0]
    pitches = chances[:, _BASS]
    plays = pitches.sum(1) >= thresholds[1]  # (n, step)
    begins = plays & ~functional.pad(plays, (1, 0))[:, :-1]
    if logits.shape[1] > PITCHES:
        begins |= plays & (chances[:, PITCHES] >= 0.5)
    else:
        # Without a row of strikes a note begins where another pitch is the most probable one.
        best = pitches.argmax(1)
        begins[:, 1:] |= plays[:, 1:] & (best[:, 1:] != best[:, :-1])
    pitch = _pitches(pitches * plays[:, None], begins)
    bass = functional.one_hot(pitch, BASS_PITCHES).bool() & plays[:, :, None]
    sounding = torch.cat([drums.transpose(1, 2), bass], 2).cpu().numpy()
    onsets = sounding.copy()
    onsets[:, :, _BASS] &= begins.cpu().numpy()[:, :, None]
    return sounding, onsets


def _pitches(chances: torch.Tensor, begins: torch.Tensor) -> torch.Tensor:
    """Return the most probable pitch of the note at each step, int64 (n, step).

    Parameters
    ----------
    chances : tensor (n, pitch, step)
        0 where nothing sounds.
    begins : bool tensor (n, step)
        Where notes begin; each reaches to the next.
    """
    note = begins.long().cumsum(1)  # 0 before the first one
    sums = torch.zeros(len(chances), chances.shape[2] + 1, chances.shape[1], device=chances.device)
    sums.scatter_add_(1, note[:, :, None].expand(-1, -1, chances.shape[1]), chances.transpose(1, 2))
    return sums.argmax(2).gather(1, note)


def calibrate(logits: torch.Tensor, sounding: np.ndarray, share: float = 1.0) -> torch.Tensor:
    """Return the thresholds with which reconstructions have as many notes as what they reconstruct, float32 (2,).

    A network that is not sure of a note gives it less than one half, and at the paper's threshold of 0.5 the rarer
    drums vanish. The values are between 0.2 and 0.5.

    Parameters
    ----------
    logits : tensor (n, 57 or 58, step)
    sounding : bool array (n, step, 57)
        What was to be reconstructed, or the music that loops were learned from.
    share : float
        Loops of the logits for each one that sounds.
    """
    chances = torch.sigmoid(logits.float())
    of_drums, of_bass = chances[:, :DRUM_ROWS], chances[:, _BASS].sum(1)
    drums, bass = (float(sounding[:, :, part].sum() * share) for part in (slice(DRUM_ROWS), _BASS))
    return torch.tensor([_matching(of_drums, drums), _matching(of_bass, bass)])


def _matching(chances: torch.Tensor, count: float) -> float:
    """Return the threshold at or above which nearest to `count` of the probabilities lie."""
    values = np.sort(chances.cpu().numpy().ravel())
    above = len(values) - np.searchsorted(values, _GRID.astype(values.dtype))
    # Of equally good ones the highest, as where nothing sounds.
    return float(_GRID[::-1][np.abs(above - count)[::-1].argmin()])
