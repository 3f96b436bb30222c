"""Varied phrases are phrases still: notes that begin sound, one bass note at a time, and equal draws are equal."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_loop_models import TINY, files_of, write_pieces
from small_loops import write_detector

from gantools.errors import ConfigError
from gantools.structure.loops.detector import LoopDetector
from gantools.symbolic.roll import DRUM_ROWS
from gantools.systems.loops.config import VariedPhraseConfig
from gantools.systems.loops.data import open_phrases, to_cells
from gantools.systems.loops.styles import STYLES, draw_styled
from gantools.systems.loops.variation import Draws, rotated, varied, with_bass_of

CONFIG = VariedPhraseConfig(**{name: TINY[name] for name in ("only_loops", "val_songs", "split")})


def check(sounding: np.ndarray, onsets: np.ndarray) -> None:
    assert not (onsets & ~sounding).any()
    assert sounding[..., DRUM_ROWS:].sum(-1).max() <= 1
    # A bass note is struck where it does not go on from before.
    bass, begins = sounding[..., DRUM_ROWS:], onsets[..., DRUM_ROWS:]
    assert not (bass[:, 1:] & ~bass[:, :-1] & ~begins[:, 1:]).any()
    assert not (bass[:, 0] & ~begins[:, 0]).any()


def test_patterns_are_loops_of_many_styles() -> None:
    sounding, onsets = draw_styled(60, 8, 3)
    check(sounding, onsets)
    assert sounding[:, :, :DRUM_ROWS].any((1, 2)).all()
    assert sounding[:, :, DRUM_ROWS:].any((1, 2)).all()
    assert len(np.unique(sounding.reshape(60, -1), axis=0)) == 60
    np.testing.assert_array_equal(draw_styled(5, 8, 3)[0], sounding[:5])
    lengths = {len(text) for style in STYLES.values() for text in (*style.kick, *style.snare, *style.hat, *style.bass)}
    assert lengths <= {0, 16}


def test_variations_keep_what_makes_a_phrase() -> None:
    sounding, onsets = draw_styled(40, 8, 4)
    random = np.random.default_rng(5)
    made = [varied((sounding[n], onsets[n]), random) for n in range(40)]
    check(np.stack([planes[0] for planes in made]), np.stack([planes[1] for planes in made]))
    assert sum(not np.array_equal(planes[0], sounding[n]) for n, planes in enumerate(made)) > 30


def test_another_first_bar_is_the_same_circle() -> None:
    sounding, onsets = (planes[0] for planes in draw_styled(1, 8, 6))
    turned = rotated((sounding, onsets), 48)
    np.testing.assert_array_equal(np.roll(turned[0], 48, axis=0), sounding)
    check(turned[0][None], turned[1][None])
    other = draw_styled(2, 8, 7)
    joined = with_bass_of((sounding, onsets), (other[0][1], other[1][1]))
    np.testing.assert_array_equal(joined[0][:, :DRUM_ROWS], sounding[:, :DRUM_ROWS])
    np.testing.assert_array_equal(joined[0][:, DRUM_ROWS:], other[0][1][:, DRUM_ROWS:])


def test_a_draw_depends_on_step_and_item_alone(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    phrases = open_phrases(files_of(tmp_path), CONFIG)
    draws = Draws(phrases, CONFIG)
    whole = draws.cells(7, range(6))
    np.testing.assert_array_equal(draws.cells(7, [4, 5]), whole[4:])
    assert not np.array_equal(draws.cells(8, [4, 5]), whole[4:])
    plain = dataclasses.replace(CONFIG, swap_bass=0.0, vary=0.0, transpose=0)
    cells = Draws(phrases, plain).cells(7, range(4))
    known = to_cells(*phrases.rolls(phrases.starts["train"]))
    assert all((known == one).all((1, 2)).any() for one in cells)


def test_patterns_join_the_phrases(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    config = dataclasses.replace(CONFIG, patterns=5)
    phrases = open_phrases(files_of(tmp_path), config)
    before = open_phrases(files_of(tmp_path), CONFIG)
    assert len(phrases.starts["train"]) == len(before.starts["train"]) + 5
    assert phrases.notes[-1] == "5 generated patterns to train on besides"
    check(*phrases.rolls(phrases.starts["train"]))


def test_without_a_loop_there_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pieces(tmp_path)
    write_detector(tmp_path / "detector")
    config = dataclasses.replace(CONFIG, only_loops=True, detector=str(tmp_path / "detector"))
    with monkeypatch.context() as patch:
        patch.setattr(LoopDetector, "threshold", lambda *_: -1.0)
        with pytest.raises(ConfigError, match=r"none of \d+ phrases is a loop; --no-only-loops"):
            open_phrases(files_of(tmp_path), config)
    with monkeypatch.context() as patch:
        patch.setattr(LoopDetector, "threshold", lambda *_: np.inf)
        assert "the loop detector takes" in open_phrases(files_of(tmp_path), config).notes[-1]
