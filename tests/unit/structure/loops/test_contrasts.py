"""What is no loop, made of a piece."""

from __future__ import annotations

import numpy as np

from gantools.structure.loops.contrasts import shuffled, straddling, through_composed

#: Two sections of two bars that alternate: A B A B A B A B, C D C D C D C D.
SECTIONS = np.array([0, 1] * 4 + [2, 3] * 4)
LIKENESS = np.where(SECTIONS[:, None] == SECTIONS, 1.0, 0.2)


def test_shuffled_loops_have_their_bars_and_another_form() -> None:
    loops = np.array([[0, 1, 2, 3], [0, 2, 4, 6]])
    (made,) = shuffled(LIKENESS, loops, np.random.default_rng(1))  # equal bars have no other order
    assert sorted(made.tolist()) == [0, 1, 2, 3]
    assert SECTIONS[made].tolist() not in ([0, 1, 0, 1], [1, 0, 1, 0])


def test_straddling_windows_change_once() -> None:
    made = straddling(LIKENESS, np.array([[0, 1, 2, 3], [8, 9, 10, 11]]), np.random.default_rng(2))
    assert len(made) == 2
    for window in made:
        second = SECTIONS[window] >= 2
        assert second.tolist() in ([False, False, True, True], [True, True, False, False])


def test_through_composed_windows_repeat_nothing() -> None:
    usable = np.ones(16, bool)
    made = through_composed(LIKENESS, usable, 4, 5, np.random.default_rng(3))
    assert made.shape == (5, 4)
    assert all(len(set(SECTIONS[window].tolist())) == 4 for window in made)
    assert through_composed(LIKENESS, usable, 5, 5, np.random.default_rng(3)).shape == (0, 5)
