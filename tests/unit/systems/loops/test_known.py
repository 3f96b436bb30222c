"""How new a loop is, against a plain search; how it is played."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_loop_models import TINY, files_of, write_pieces

from gantools.metrics.loops.novelty import nearest_cells
from gantools.symbolic.midi import read_midi
from gantools.symbolic.roll import DRUM_ROWS, drums_and_bass
from gantools.systems.looplm.generate import with_bars
from gantools.systems.loops.config import PhraseConfig
from gantools.systems.loops.data import open_phrases
from gantools.systems.loops.known import KnownRolls
from gantools.systems.loops.playing import loop_seconds, play, write_loop
from gantools.systems.loops.styles import draw_styled


def test_the_distance_is_that_of_the_nearest_phrase_in_any_key(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    phrases = open_phrases(
        files_of(tmp_path), PhraseConfig(**{n: TINY[n] for n in ("only_loops", "val_songs", "split")})
    )
    known = KnownRolls.of(phrases)
    assert known.sizes == (known.cells.shape[0], len(np.unique(phrases.rolls(phrases.starts["train"])[0], axis=0)), 8)
    rolls = phrases.rolls(phrases.starts["train"])[0]
    loop = draw_styled(1, 8, 77)[0][0]
    loop[:, DRUM_ROWS:] = np.roll(rolls[1][:, DRUM_ROWS:], 3, axis=1)
    others = draw_styled(6, 8, 78)[0]
    others[3, :, DRUM_ROWS:] = False
    for roll in (loop, *others):
        expected = nearest_cells(roll[None], len(rolls), lambda some: rolls[some])[0]
        assert known.nearest(roll) == expected
    assert known.nearest(rolls[2]) == 0
    assert known.nearest(loop) < known.nearest(others[0])


@pytest.mark.parametrize("swing", [50.0, 58.0, 66.0, 74.0])
def test_a_loop_comes_back_from_its_file(tmp_path: Path, swing: float) -> None:
    sounding, onsets = (planes[0] for planes in draw_styled(1, 8, 8))
    write_loop(tmp_path / "loop.mid", play(sounding, onsets, 97.0, swing, repeat=2))
    score = read_midi(tmp_path / "loop.mid")
    roll = drums_and_bass(score)
    np.testing.assert_array_equal(roll.sounding, np.tile(sounding, (2, 1)))
    np.testing.assert_array_equal(roll.onsets, np.tile(onsets, (2, 1)))
    assert score.bpm == pytest.approx(97.0, abs=1e-3)
    assert loop_seconds(8, 97.0) == pytest.approx(8 * 4 * 60 / 97)


def test_swing_moves_every_second_sixteenth_and_nothing_else() -> None:
    sounding = np.zeros((16, 57), bool)
    sounding[:, 2] = True
    (track,) = play(sounding, sounding, 120.0, 66.0).tracks
    assert (track.onsets[:4] % 240).tolist() == [0, 158, 0, 158]
    assert track.velocities[0] > track.velocities[2] > track.velocities[1]


def test_bars_that_stay_are_the_same_to_the_bit() -> None:
    sounding, onsets = draw_styled(2, 8, 9)
    made = with_bars((sounding[0], onsets[0]), (sounding[1], onsets[1]), [0, 1, 5])
    bars = [plane.reshape(8, 16, 57) for plane in (made[0], sounding[0], sounding[1])]
    for bar in range(8):
        np.testing.assert_array_equal(bars[0][bar], bars[2 if bar in (0, 1, 5) else 1][bar])
    before = np.zeros_like(made[0])
    before[1:] = made[0][:-1]
    assert not (made[0] & ~before & ~made[1]).any()
