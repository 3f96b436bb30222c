"""What a drummer reads of a score and is told, against cases worked by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_drummer import tiny_config, tiny_drummer
from small_loop_models import files_of, write_pieces

from gantools.symbolic.roll import roll_edges
from gantools.symbolic.score import Bars, Score, Track
from gantools.systems.drummer.bars import bar_place, learn_places
from gantools.systems.drummer.counts import Counts
from gantools.systems.drummer.data import Stretch, read_pieces, vary
from gantools.systems.drummer.likeness import bars_alike
from gantools.systems.drummer.music import (
    AGO,
    GROUP_BARS,
    ONSET,
    SOUNDING,
    TOLD,
    bass_rows,
    density_of,
    drum_rows,
    hits_per_bar,
    struck,
    told,
)

_SIXTEENTH = 120


def score(notes: list[tuple[int, int, int, int]], *, drums: bool, bars: int = 1) -> Score:
    """Return notes (step, steps, pitch, velocity) as a score in 4/4."""
    steps, lengths, pitches, velocities = np.array(notes, np.int64).T
    track = Track("", 33, drums, steps * _SIXTEENTH, lengths * _SIXTEENTH, pitches, velocities)
    meter = np.full(bars, 4)
    grid = Bars(np.arange(bars + 1) * 16 * _SIXTEENTH, meter, meter)
    return Score(4 * _SIXTEENTH, (track,), np.zeros(1, np.int64), np.array([120.0]), grid)


def test_a_bass_is_its_onsets_what_sounds_and_how_loud() -> None:
    music = score([(0, 3, 40, 100), (4, 1, 43, 50), (15, 4, 40, 100)], drums=False)
    rows = bass_rows(music, music.tracks, roll_edges(music))
    assert np.flatnonzero(rows[:, 0]).tolist() == [0, 4, 15]
    assert np.flatnonzero(rows[:, 1]).tolist() == [0, 1, 2, 4, 15]
    # Half the velocity is 40 log10(2) = 12.04 dB less, of 40.
    assert rows[[0, 2, 4, 15], 2] == pytest.approx([1, 1, 1 - 12.041 / 40, 1], abs=1e-4)


def test_drums_are_nine_and_struck_in_three_ways() -> None:
    music = score([(0, 1, 36, 127), (0, 1, 35, 60), (4, 1, 40, 70), (6, 1, 44, 69), (8, 1, 75, 99)], drums=True)
    rows = drum_rows(music, roll_edges(music))
    found = {(step, drum): rows[step, drum] for step, drum in np.argwhere(rows).tolist()}
    # Two kicks together are one, the harder; a clave is none of the nine.
    assert found == {(0, 0): 3, (4, 1): 2, (6, 2): 1}
    assert hits_per_bar(rows) == 3


def test_a_step_is_told_its_place_the_step_before_and_bars_ago() -> None:
    drums = np.zeros((80, 9), np.uint8)
    drums[3, 0], drums[50, 8] = 3, 1
    row = told(drums, np.array([4, 19, 51, 67]))
    assert row.shape == (4, TOLD)
    place, bar, past = row[:, :16], row[:, 16 : 16 + GROUP_BARS], row[:, 16 + GROUP_BARS :]
    assert place.argmax(1).tolist() == [4, 3, 3, 3]
    assert bar.argmax(1).tolist() == [0, 1, 3, 0]
    looks = past[:, :-3].reshape(4, 4, 27)
    # Step 4: the kick a step before. Step 19: a bar before. Step 51: the ride a step before. Step 67: four bars before.
    assert np.argwhere(looks).tolist() == [[0, 0, 2], [1, 1, 2], [2, 0, 24], [3, 3, 2]]
    assert past[:, -3:].tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert AGO == (16, 32, 64)


def test_what_was_before_the_music_is_not_told() -> None:
    drums = np.full((40, 9), 3, np.uint8)
    row = told(drums, np.array([8, 23, 24]), first=8)[:, 16 + GROUP_BARS :]
    assert row[0].sum() == 0
    assert row[:, -3].tolist() == [0, 0, 1]


def test_struck_tells_levels_apart() -> None:
    assert struck(np.array([[0, 1, 2, 3, 0, 0, 0, 0, 0]])).reshape(9, 3)[:4].tolist() == [
        [0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    ]


def test_likeness_is_hits_of_both_over_hits_of_either() -> None:
    drums = np.zeros((48, 9), np.uint8)
    drums[[0, 4, 16, 24], 0] = 3  # bar 1: steps 0 and 4; bar 2: 0 and 8; bar 3 is empty
    assert bars_alike(drums, 1) == pytest.approx(1 / 3)
    assert bars_alike(drums, 2) == 0
    drums[32] = drums[0]
    assert bars_alike(drums, 2) == pytest.approx(1 / 2)
    assert bars_alike(drums[:16], 1) == 0


def test_density_is_the_share_of_windows_with_fewer_hits() -> None:
    table = np.linspace(0, 32, 33)
    assert [density_of(hits, table) for hits in (-1, 0, 8, 40)] == [0, 0, 0.25, 1]


def test_a_varied_bass_loses_moves_and_gains_onsets() -> None:
    bass = np.zeros((1600, 3), np.float32)
    bass[::4] = 1
    config = tiny_config(bars=100, lost_onsets=0.1, moved_onsets=0.1, false_onsets=0.05, silenced=0.0)
    varied = vary(bass, np.random.default_rng(0), config)
    assert bass[::4, ONSET].all()  # its argument is left alone
    kept = varied[::4, ONSET].mean()
    assert 0.74 < kept < 0.88
    assert 0.02 < varied[2::4, ONSET].mean() < 0.09
    assert 0.04 < varied[1::4, ONSET].mean() < 0.17
    silent = vary(bass, np.random.default_rng(0), dataclasses.replace(config, silenced=1.0, false_onsets=0.0))
    rests = ~silent.reshape(100, -1).any(1)
    assert rests.any()
    assert not silent[:, SOUNDING].reshape(100, -1)[rests].any()


def test_windows_are_cut_from_pieces_of_their_side(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    pieces = read_pieces(files_of(tmp_path), tiny_config())
    assert pieces.split == {"train": ["piece0", "piece1"], "val": ["piece2"], "test": []}
    window = pieces.window("val", 1)
    stretch, bar = pieces.windows("val")[1]
    assert (window["drums"] == stretch.drums[bar * 16 : bar * 16 + 32]).all()
    assert (window["told"] == told(stretch.drums, bar * 16 + np.arange(32))).all()
    assert window["asked"][-1] == 1
    assert (window["asked"][2:-1] == window["drums"].any(0)).all()
    longer = read_pieces(files_of(tmp_path), tiny_config(bars=16)).window("val", 0)
    assert (longer["drums"][160:] == -1).all()
    assert (longer["drums"][:160] >= 0).all()


def test_counts_tell_the_bar_before_and_the_place() -> None:
    drums = np.zeros((64, 9), np.uint8)
    drums[::16, 0] = 3
    stretch = Stretch(np.zeros((64, 3), np.float32), drums)
    counts = Counts.of([(stretch, 0)], 4)
    # Four bars, one count more for each of four ways to strike: (4 + 1) / (4 + 4).
    assert counts.by_place[0, 0, 3] == pytest.approx(5 / 8)
    assert counts.after[0, 3, 3] == pytest.approx(4 / 7)
    figures = counts.nats([(stretch, 0)], 4)
    by_hand = -(64 * 9) * np.log(5 / 8) / 64
    assert figures["by_place"] == pytest.approx(by_hand)


def test_the_validation_says_what_the_network_takes(tmp_path: Path) -> None:
    write_pieces(tmp_path)
    system = tiny_drummer(tmp_path)
    for network in system.networks.values():
        network.eval()
    figures = system.validate(system.networks, 0)
    assert figures.keys() == {"score", "bar_before", "by_place"}
    # Untrained it knows nothing of four ways to strike nine drums.
    assert figures["score"] == pytest.approx(9 * np.log(4), rel=0.1)
    assert figures["by_place"] < figures["score"]


def test_bars_of_a_bass_are_found_wherever_it_begins() -> None:
    random, pieces = np.random.default_rng(0), []
    for _ in range(60):
        bass = np.zeros((256, 3), np.float32)
        bass[::16] = 1
        for place in random.choice(np.arange(2, 16), 3, replace=False):
            bass[place::16] = (1, 1, 0.5)
        pieces.append(bass)
    weights = learn_places([[bass] for bass in pieces[:56]])
    for bass in pieces[56:]:
        assert [bar_place(np.roll(bass, turn, axis=0), weights) for turn in (0, 5, 10)] == [0, 5, 10]
    assert not learn_places([]).any()
