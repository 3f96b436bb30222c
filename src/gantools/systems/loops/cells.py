"""From the logits of a roll's cells to notes: at random or the most probable ones, and one note of the bass at most.

The paper draws every cell by itself. But the bass of its data plays one note at a time, and a network that has learned
the probability of each cell has learned those of classes of which one comes true: a pitch, or a rest.
"""

from __future__ import annotations

import torch

from gantools.symbolic.roll import BASS_PITCHES, DRUM_ROWS

#: Random numbers that a step takes: for each drum, for the pitch of the bass, and for its strike.
DRAWS = DRUM_ROWS + 2
#: Below this temperature a choice is as good as certain.
_COLDEST = 1e-4
_BASS = slice(DRUM_ROWS, DRUM_ROWS + BASS_PITCHES)


def draw_step(
    logits: torch.Tensor, before: torch.Tensor | None, uniform: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Return the cells of one step: drums each by itself, of the bass one pitch at most.

    A pitch sounds with its own probability, a rest with what is left to 1; where the pitches have more than 1 together,
    all are divided by it. The row of strikes says how probable an onset is; a new pitch is one in any case, and what
    is left of the probability is that of striking the old pitch again.

    Parameters
    ----------
    logits : tensor (batch, 58)
    before : bool tensor (batch, 58), optional
        Cells of the step before; none at the first step, where whatever sounds is struck.
    uniform : tensor (batch, 11)
        In [0, 1).
    temperature : float
        Below 1 what is probable becomes more so, of drums and strikes against their silence, of pitches against each
        other and a rest. Logits of single cells divided by it would thin out the bass, whose pitches are all rare.

    Returns
    -------
    bool tensor (batch, 58)
    """
    chances, uniform = torch.sigmoid(logits.double()), uniform.to(logits.device, torch.float64)
    drums = uniform[:, :DRUM_ROWS] < _sharpened(chances[:, :DRUM_ROWS, None], temperature)[..., 0]
    pitches = chances[:, _BASS] / chances[:, _BASS].sum(1, keepdim=True).clamp_min(1)
    place = (_sharpened(pitches, temperature)[:, :-1].cumsum(1) <= uniform[:, DRUM_ROWS, None]).sum(1)
    pitch = torch.nn.functional.one_hot(place, BASS_PITCHES + 1)[:, :BASS_PITCHES].bool()
    struck = pitch.any(1)
    if before is not None:
        held = before[:, _BASS]
        stays = (pitches * held).sum(1)
        changes = pitches.sum(1) - stays
        again = ((chances[:, -1] - changes) / stays.clamp_min(1e-12)).clamp(0, 1)
        again = _sharpened(again[:, None], temperature)[:, 0]
        struck &= ~(pitch & held).any(1) | (uniform[:, -1] < again)
    return torch.cat([drums, pitch, struck[:, None]], 1)


def _sharpened(chances: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return probabilities of classes and of none of them, (..., classes) to (..., classes + 1), at a temperature."""
    every = torch.cat([chances, (1 - chances.sum(-1, keepdim=True)).clamp_min(0)], -1)
    return torch.softmax(every.clamp_min(1e-300).log() / max(temperature, _COLDEST), -1)


def draw_cells(logits: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return cells drawn from the logits of whole rolls; see `draw_step`.

    Parameters
    ----------
    logits : tensor (batch, 58, step)
    uniform : tensor (batch, step, 11)

    Returns
    -------
    bool tensor (batch, 58, step)
    """
    found: list[torch.Tensor] = []
    for step in range(logits.shape[2]):
        found.append(draw_step(logits[:, :, step], found[-1] if found else None, uniform[:, step]))
    return torch.stack(found, 2)


def likely_cells(logits: torch.Tensor) -> torch.Tensor:
    """Return the cells whose probability is above one half, of the bass the most probable one of them.

    Parameters
    ----------
    logits : tensor (batch, 58, step)

    Returns
    -------
    bool tensor (batch, 58, step)
    """
    cells = logits > 0
    pitches = logits[:, _BASS]
    best = torch.nn.functional.one_hot(pitches.argmax(1), BASS_PITCHES).transpose(1, 2).bool()
    cells[:, _BASS] &= best
    cells[:, -1] &= cells[:, _BASS].any(1)
    return cells
