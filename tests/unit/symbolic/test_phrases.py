"""Phrases of a piece: which windows are some, and what is said of pieces without any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.symbolic.midi import write_midi
from gantools.symbolic.phrases import PackedRolls, find_phrases
from gantools.symbolic.roll import BAR_STEPS, PITCHES, Roll, score_of


def write(path: Path, sounding: np.ndarray) -> Path:
    edges = np.arange(0, len(sounding) + 1, BAR_STEPS)
    write_midi(path, score_of(Roll(sounding, sounding.copy(), edges), 90.0))
    return path


def test_windows_a_bar_apart_in_which_both_play(tmp_path: Path) -> None:
    sounding = np.zeros((6 * BAR_STEPS, PITCHES), bool)
    sounding[::4, 0] = True  # four kicks a bar
    sounding[2 * BAR_STEPS :: 2, 20] = True  # eight bass notes a bar from the third on
    path = write(tmp_path / "a.mid", sounding)
    piece = find_phrases(path, 2, 8)
    # Bars 0 and 1 have no bass, those from 1 on have eight notes at least.
    assert (piece.starts / BAR_STEPS).tolist() == [1, 2, 3, 4]
    assert piece.passed == {"in another meter": 0, "nearly empty": 1}
    packed = PackedRolls()
    assert [packed.add(piece.roll), packed.add(piece.roll)] == [0, 96]
    windows, onsets = packed.windows(piece.starts + 96, 2 * BAR_STEPS)
    assert windows.shape == (4, 2 * BAR_STEPS, PITCHES)
    assert np.array_equal(windows[1], sounding[2 * BAR_STEPS : 4 * BAR_STEPS])
    assert np.array_equal(onsets, windows)
    assert piece.bpm == pytest.approx(90)
    assert len(find_phrases(path, 2, 0).starts) == 5


def test_what_has_no_phrase_says_why(tmp_path: Path) -> None:
    sounding = np.zeros((2 * BAR_STEPS, PITCHES), bool)
    sounding[::4, 0] = True
    path = write(tmp_path / "drums.mid", sounding)
    with pytest.raises(InputError, match="has no bass"):
        find_phrases(path, 2, 1)
    with pytest.raises(InputError, match="has 2 bars, fewer than the 8"):
        find_phrases(path, 8, 0)
    assert len(find_phrases(path, 2, 0).starts) == 1
