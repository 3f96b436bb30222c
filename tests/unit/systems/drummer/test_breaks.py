"""Which drums rest in a section, by hand: shares, the first section, and bars that would be empty."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.symbolic.roll import BAR_STEPS, DRUM_NAMES
from gantools.systems.drummer.breaks import CYMBALS, SKINS, leave_out, parts_of

KICK, HAT, RIDE = (DRUM_NAMES.index(name) for name in ("kick", "closed hi-hat", "ride"))
SECTION = 2 * BAR_STEPS


def kit(sections: int) -> np.ndarray:
    """Return drums of which a kick and a hi-hat begin each bar."""
    drums = np.zeros((sections * SECTION, 9), np.uint8)
    drums[::BAR_STEPS, [KICK, HAT]] = 3
    return drums


@pytest.mark.parametrize("seed", range(6))
def test_of_four_sections_two_are_whole_and_each_half_of_the_kit_has_one(seed: int) -> None:
    names = [name for name, skin in zip(DRUM_NAMES, SKINS, strict=True) if skin]
    assert names == ["kick", "snare", "low tom", "mid tom", "high tom"]
    parts = parts_of(40, seed)
    assert parts[0].all()
    for part, count in ((CYMBALS | SKINS, 20), (CYMBALS, 10), (SKINS, 10)):
        assert sum(np.array_equal(part, one) for one in parts) == count
    assert all(np.array_equal(a, b) for a, b in zip(parts_of(7, seed), parts_of(7, seed), strict=True))


def test_what_a_section_leaves_out_is_silent_and_the_rest_as_it_was() -> None:
    whole, made = kit(20), kit(20)
    leave_out(made, 3, section_bars=2)
    for section, wanted, part in zip(made.reshape(20, -1, 9), whole.reshape(20, -1, 9), parts_of(20, 3), strict=True):
        np.testing.assert_array_equal(section, wanted * part)


def test_no_bar_loses_all_its_hits() -> None:
    drums = kit(20)
    drums[BAR_STEPS::SECTION, HAT] = 0
    made = drums.copy()
    leave_out(made, 3, section_bars=2)
    assert (made.reshape(-1, BAR_STEPS, 9).any((1, 2))).all()
    # Where the second bar has no hi-hat, the kick stays in place of it.
    (cymbals,) = {number for number, part in enumerate(parts_of(4, 3)) if np.array_equal(part, CYMBALS)}
    assert made[cymbals * SECTION : (cymbals + 1) * SECTION].any(0).tolist() == [row == KICK for row in range(9)]
    # A half that cannot be told from silence leaves the other as it is, and nothing is played before the music begins.
    late = np.zeros((SECTION, 9), np.uint8)
    late[12, RIDE] = 2
    again = late.copy()
    leave_out(again, 1, first=12, section_bars=1)
    np.testing.assert_array_equal(again, late)
