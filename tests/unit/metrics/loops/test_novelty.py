"""Distances to the nearest phrase that was learned from, against a count of differing cells."""

from __future__ import annotations

import numpy as np
from loop_files import loop_roll

from gantools.metrics.loops.novelty import in_one_key, nearest_cells
from gantools.symbolic.roll import DRUM_ROWS


def moved(sounding: np.ndarray, semitones: int) -> np.ndarray:
    return np.concatenate([sounding[..., :DRUM_ROWS], np.roll(sounding[..., DRUM_ROWS:], semitones, axis=-1)], axis=-1)


def test_distances_are_differing_cells_in_the_nearer_of_two_keys() -> None:
    rolls = np.stack([loop_roll(seed) for seed in range(11)])
    others = np.stack([loop_roll(seed) for seed in range(20, 33)])
    found = nearest_cells(rolls, len(others), lambda some: others[some], block=4)
    keyed = in_one_key(rolls), in_one_key(others)
    expected = [
        min(min((a != b).sum(), (c != d).sum()) for b, d in zip(others, keyed[1], strict=True))
        for a, c in zip(rolls, keyed[0], strict=True)
    ]
    assert found.tolist() == expected


def test_a_copy_is_one_in_any_key_and_a_changed_note_is_two_cells() -> None:
    learned = np.stack([loop_roll(seed) for seed in range(5)])
    changed = learned[3].copy()
    step, row = np.argwhere(changed[:, DRUM_ROWS:])[7] + (0, DRUM_ROWS)
    changed[step, row], changed[step, row + 1] = False, True
    given = np.stack([learned[2], moved(learned[1], 5), changed, np.zeros_like(learned[0])])
    found = nearest_cells(given, 5, lambda some: learned[some])
    assert found[:3].tolist() == [0, 0, 2]
    # Silence is as far from a phrase as that has cells.
    assert found[3] == learned.sum(axis=(1, 2)).min()


def test_one_key_begins_at_the_lowest_note_and_leaves_the_drums() -> None:
    roll = loop_roll(0)[None]
    keyed = in_one_key(roll)
    assert keyed[0, :, DRUM_ROWS].any()
    assert np.array_equal(keyed[..., :DRUM_ROWS], roll[..., :DRUM_ROWS])
    assert np.array_equal(in_one_key(moved(roll, 7)), keyed)
    drums = roll.copy()
    drums[..., DRUM_ROWS:] = False
    assert np.array_equal(in_one_key(drums), drums)
