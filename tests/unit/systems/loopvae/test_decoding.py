"""From probabilities to notes, by hand-worked cases."""

from __future__ import annotations

import numpy as np
import torch

from gantools.symbolic.roll import DRUM_ROWS, PITCHES
from gantools.systems.loopvae.decoding import calibrate, to_rolls

HALF = torch.tensor([0.5, 0.5])


def logits(cells: dict[tuple[int, int], float], rows: int = 58, steps: int = 6) -> torch.Tensor:
    """Return logits of probabilities by (row, step), all others 0.001."""
    chances = torch.full((1, rows, steps), 0.001)
    for (row, step), chance in cells.items():
        chances[0, row, step] = chance
    return torch.logit(chances)


def notes(plane: np.ndarray) -> list[tuple[int, int]]:
    return [(int(step), int(row)) for step, row in np.argwhere(plane[0])]


def test_drums_sound_above_their_threshold() -> None:
    made = to_rolls(logits({(0, 1): 0.6, (8, 2): 0.4}), HALF)
    assert notes(made[0]) == notes(made[1]) == [(1, 0)]
    assert notes(to_rolls(logits({(0, 1): 0.6, (8, 2): 0.4}), torch.tensor([0.35, 0.5]))[0]) == [(1, 0), (2, 8)]


def test_the_bass_plays_where_its_pitches_together_are_probable_enough() -> None:
    one, two = DRUM_ROWS + 3, DRUM_ROWS + 8
    # Unsure of the pitch, but sure that there is one; the note has the pitch that is likelier over its whole length.
    cells = {(one, 1): 0.4, (two, 1): 0.3, (one, 2): 0.3, (two, 2): 0.5, (one, 4): 0.3, (57, 1): 0.9}
    sounding, onsets = to_rolls(logits(cells), HALF)
    assert notes(sounding) == [(1, two), (2, two)]
    assert notes(onsets) == [(1, two)]


def test_a_strike_begins_a_note_and_a_rest_ends_one() -> None:
    low, high = DRUM_ROWS, DRUM_ROWS + 47
    cells = {(low, 0): 0.9, (low, 1): 0.9, (high, 2): 0.9, (high, 3): 0.8, (high, 5): 0.9, (57, 1): 0.7, (57, 2): 0.6}
    sounding, onsets = to_rolls(logits(cells), HALF)
    assert notes(sounding) == [(0, low), (1, low), (2, high), (3, high), (5, high)]
    assert notes(onsets) == [(0, low), (1, low), (2, high), (5, high)]


def test_the_papers_rows_begin_a_note_where_the_pitch_changes() -> None:
    low, high = DRUM_ROWS, DRUM_ROWS + 5
    cells = {(low, 0): 0.9, (low, 1): 0.9, (high, 2): 0.9, (high, 3): 0.9}
    assert notes(to_rolls(logits(cells, rows=PITCHES), HALF)[1]) == [(0, low), (2, high)]


def test_thresholds_are_those_with_as_many_notes_as_there_were() -> None:
    random = torch.Generator().manual_seed(1)
    made = torch.logit(torch.rand(20, 58, 32, generator=random) * 0.01)
    made[:, 0] = torch.logit(torch.rand(20, 32, generator=random))
    made[:, DRUM_ROWS] = torch.logit(torch.rand(20, 32, generator=random))
    real = np.zeros((20, 32, PITCHES), bool)
    real.reshape(-1, PITCHES)[:416, 1] = True  # 65 of 100 steps: reached at a threshold of 0.35
    real.reshape(-1, PITCHES)[:64, DRUM_ROWS + 2] = True  # fewer than any threshold gives: the highest
    drums, bass = calibrate(made, real).tolist()
    assert abs(drums - 0.35) < 0.04
    assert bass == 0.5
    assert (
        abs(calibrate(made, real[:10].repeat(2, 0), 1.0)[0] - calibrate(made, np.tile(real[:10], (4, 1, 1)), 0.5)[0])
        < 0.02
    )
