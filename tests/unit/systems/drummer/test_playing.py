"""Drums row by row against the network at once, draws against all that can be drawn, times and rests."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from small_drummer import bass_line, tiny_config

from gantools.errors import InputError
from gantools.systems.drummer.hearing import HEARD_HZ, best_line, find_onsets, hear, rests
from gantools.systems.drummer.music import LEVELS, asked, told
from gantools.systems.drummer.networks import DrummerNet, build_network
from gantools.systems.drummer.playing import drum_score, step_times
from gantools.systems.drummer.sampling import Player, drawn, probabilities, sections
from gantools.systems.drummer.sound import DRUMS_OVER_BASS_LU, gains_db

#: Bars that begin where the loudest notes are.
PLACES = np.concatenate([np.zeros((1, 16)), np.eye(1, 16), np.zeros((2, 16))])


def network() -> DrummerNet:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = build_network(tiny_config()).eval()
        made.nested.data.normal_()
        made.voicings.fill_(1.0)
    return made


def test_a_row_at_a_time_is_all_at_once() -> None:
    net, random = network(), np.random.default_rng(1)
    bass = random.random((48, 3)).astype(np.float32)
    drums = Player(net).play(bass, 5, density=0.5)
    assert len(np.unique(drums)) == LEVELS
    wanted = asked(0.5, np.ones(9))
    tensors = [
        torch.from_numpy(part)[None] for part in (bass, told(drums, np.arange(48)), wanted, drums.astype(np.int64))
    ]
    with torch.inference_mode():
        logits = net(*tensors)[0].numpy()
    # Each draw made anew from the logits of all steps at once.
    from gantools.runtime.seeds import item_seed

    uniform = np.random.default_rng(item_seed(5, "drums")).random((48, 9))
    again = [[drawn(logits[t, d].tolist(), uniform[t, d], 1.0, 1.0) for d in range(9)] for t in range(48)]
    assert np.array_equal(again, drums)
    # And the numbers themselves, of the last step.
    player, hidden = Player(net), np.zeros(8, np.float32)
    heard = player._heard(bass)
    for step in range(48):
        x = np.concatenate([heard[step], told(drums, np.array([step]))[0], wanted])
        hidden = player._gated(x, hidden)
    with torch.inference_mode():
        x_all = torch.cat([net.hear(tensors[0]), tensors[1], tensors[2][:, None].expand(-1, 48, -1)], 2)
        reference = net.memory(x_all)[0][0, -1].numpy()
    assert hidden == pytest.approx(reference, abs=1e-5)


def test_drums_of_a_step_multiply_to_all_that_can_be_struck() -> None:
    net = network()
    bass, past = torch.rand(1, 1, 3), torch.zeros(1, 1, told(np.zeros((1, 9), np.uint8), np.array([0])).shape[1])
    total = 0.0
    # Of three drums, the others left alone: the chances of all 64 ways sum to the chance that the others are.
    for ways in itertools.product(range(LEVELS), repeat=3):
        drums = torch.tensor([[[*ways, 0, 0, 0, 0, 0, 0]]])
        with torch.inference_mode():
            shares = net(bass, past, torch.from_numpy(asked(None, None))[None], drums).log_softmax(3)[0, 0]
        total += float(sum(shares[drum, way] for drum, way in enumerate(ways)).exp())
    assert total == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(1.0, [0.1, 0.2, 0.3, 0.4]), (0.65, [0, 0, 3 / 7, 4 / 7]), (0.0, [0, 0, 0, 1])]
)
def test_draws_take_the_most_probable(top_p: float, kept: list[float]) -> None:
    logits = np.log([0.1, 0.2, 0.3, 0.4]).tolist()
    assert probabilities(logits, 1.0, top_p) == pytest.approx(kept)
    found = np.bincount([drawn(logits, u, 1.0, top_p) for u in (np.arange(1000) + 0.5) / 1000], minlength=4)
    assert found / 1000 == pytest.approx(kept, abs=2e-3)
    assert drawn(logits, 0.99999999, 1.0, top_p) == 3
    assert probabilities(logits, 0.0, 1.0) == [0, 0, 0, 1]
    assert probabilities(logits, 0.5, 1.0) == pytest.approx(np.square([1, 2, 3, 4]) / 30)


def test_nothing_is_played_before_the_music_begins() -> None:
    drums = Player(network()).play(np.ones((32, 3), np.float32), 1, first=12)
    assert not drums[:12].any()
    assert drums[12:].any()


def test_sections_of_a_letter_are_one_and_come_again() -> None:
    assert sections("AABA", 8, 36) == [("A", 0, 16), ("B", 16, 24), ("A", 24, 36)]
    assert sections("A", 8, 20) == [("A", 0, 20)]
    bass, player = np.ones((32 * 16, 3), np.float32), Player(network())
    plain = player.play(bass, 1, density=0.5)
    drums = player.play(bass, 1, density=0.5, form="ABAB", section_bars=8)
    first, second, _, fourth = drums.reshape(4, 8 * 16, 9)
    np.testing.assert_array_equal(first, plain[: 8 * 16])
    # The bass is heard 42 sixteenths to either side; within, both sections have heard the same.
    np.testing.assert_array_equal(second[: 5 * 16], fourth[: 5 * 16])
    assert (first != second).any()


def test_swing_moves_every_second_sixteenth() -> None:
    beats = np.array([1.0, 1.5, 2.1])
    assert step_times(beats, 0.5) == pytest.approx([1, 1.125, 1.25, 1.375, 1.5, 1.65, 1.8, 1.95])
    assert step_times(beats, 2 / 3)[:4] == pytest.approx([1, 1 + 1 / 6, 1.25, 1.25 + 1 / 6])


def test_a_score_is_in_time_whatever_its_tempo() -> None:
    drums = np.zeros((3, 9), np.uint8)
    drums[0, 0], drums[2, 1] = 3, 1
    made = drum_score(drums, np.array([0.1, 0.7, 1.234]), 97.3, seed=4)
    (track,) = made.tracks
    assert made.seconds(track.onsets) == pytest.approx([0.1, 1.234], abs=5e-4)
    assert track.pitches.tolist() == [35, 38]
    assert np.abs(track.velocities - [112, 55]).max() <= 6
    assert not drum_score(np.zeros((3, 9), np.uint8), np.zeros(3), 120, seed=0).tracks


def test_rests_of_two_bars_are_found() -> None:
    bass = np.ones((16 * 6, 3), np.float32)
    bass[16 : 16 + 31] = 0
    bass[64:] = 0
    found = rests(bass, 0, 2)
    assert np.flatnonzero(found).tolist() == list(range(64, 96))
    assert not rests(np.zeros((40, 3), np.float32), 8, 2)[:8].any()


def test_a_bass_is_heard_on_its_line() -> None:
    wave = bass_line(100.0, 24, HEARD_HZ, start_s=0.9, rest=range(8, 12))
    grid, bass = hear(wave, PLACES)
    assert grid.clear
    assert grid.bpm == pytest.approx(100, abs=0.02)
    bar = grid.beats_s[(-grid.first % 16) // 4]
    assert (bar - 0.9 + 1.2) % 2.4 - 1.2 == pytest.approx(0, abs=0.03)
    bass = bass[-grid.first % 16 :] if bar < 0.5 else bass
    start = grid.first + round((0.9 - grid.beats_s[0]) / 0.15)
    played = hear(wave, PLACES)[1][start : start + 16 * 24].reshape(24, 16, 3)
    assert (played[:8, [0, 6, 8, 11, 14], 0] == 1).mean() > 0.9
    assert not played[9:12, :, 1].any()
    assert played[:8, 0, 2].mean() > played[:8, 11, 2].mean()


def test_tempo_and_downbeat_may_be_named() -> None:
    wave = bass_line(100.0, 8, HEARD_HZ)
    grid, bass = hear(wave, PLACES, bpm=50.0, downbeat_s=1.3)
    assert np.diff(grid.beats_s) == pytest.approx(1.2)
    assert grid.beats_s[0] == pytest.approx(0.1)
    assert grid.first == 12
    assert len(bass) == 12 + 4 * (len(grid.beats_s) - 1)
    assert grid.beats_s[-1] >= len(wave) / HEARD_HZ
    silent, _ = hear(np.zeros(HEARD_HZ * 4, np.float32), PLACES, bpm=90.0)
    assert silent.clear
    assert (silent.bpm, silent.beats_s[0], silent.first) == (90, 0, 0)


def test_no_pulse_is_said_and_too_little_refused() -> None:
    grid, _ = hear(np.zeros(HEARD_HZ * 4, np.float32), PLACES)
    assert (grid.clear, grid.bpm) == (False, 120)
    noise = np.random.default_rng(0).standard_normal(HEARD_HZ * 30).astype(np.float32) * 0.1
    assert not hear(noise, PLACES)[0].clear
    with pytest.raises(InputError, match="too short"):
        hear(np.zeros(HEARD_HZ // 10, np.float32), PLACES)


def test_a_line_is_straight_to_a_thousandth_of_a_percent() -> None:
    onsets, bpm, _ = find_onsets(bass_line(123.37, 60, HEARD_HZ))
    step_s, _, steady, agreed = best_line(onsets, 15 / bpm, fixed=False)
    assert 15 / step_s == pytest.approx(123.37, rel=5e-5)
    assert steady
    assert agreed > 0.8


def test_drums_come_to_the_level_of_their_bass() -> None:
    time = np.arange(HEARD_HZ * 4) / HEARD_HZ
    bass = (0.1 * np.sin(2 * np.pi * 500 * time)).astype(np.float32)
    drums = np.stack([bass, bass]) * np.float32(0.5)
    gain, more = gains_db(drums, HEARD_HZ, bass)
    assert gain == pytest.approx(20 * np.log10(2) + DRUMS_OVER_BASS_LU, abs=0.01)
    assert more == 0
    gain, more = gains_db(drums, HEARD_HZ, bass * 20)
    assert gain == pytest.approx(-1 - 20 * np.log10(0.05), abs=0.01)
    assert gain + more == pytest.approx(20 * np.log10(40) + DRUMS_OVER_BASS_LU, abs=0.01)
    assert gains_db(drums, HEARD_HZ, bass * 900)[1] == 6
    assert gains_db(drums * 0, HEARD_HZ, bass) == (0, 0)
