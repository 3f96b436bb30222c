"""The clock: beats of clicks, places between and beyond them, tempi that change, and a network that is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_musika import tiny_musika

from gantools.systems.musika.conditions import Conditions
from gantools.systems.musika.meter import Meter, clock, find_meter, is_played_to_a_clock, steadiness
from gantools.systems.musika.wishes import Wishes

RATE = 8000


def clicks(bpm: float, seconds: float = 12.0) -> np.ndarray:
    """Return a drum machine that plays beats, the first of four lower and louder."""
    wave, random = np.zeros(round(seconds * RATE), np.float32), np.random.default_rng(1)
    for number, start in enumerate(np.arange(0.5, seconds - 0.3, 60 / bpm)):
        times = np.arange(1200) / RATE
        hit = np.exp(-times / 0.03) * np.sin(2 * np.pi * (60 if number % 4 == 0 else 900) * times)
        at = round(start * RATE)
        wave[at : at + 1200] += (0.8 if number % 4 == 0 else 0.3) * hit + 0.05 * random.standard_normal(1200) * hit
    return wave


def test_a_machine_has_a_clock_and_noise_has_none() -> None:
    meter = find_meter(clicks(125), RATE)
    assert meter is not None
    assert meter.steady
    assert meter.bpm == pytest.approx(125, rel=0.005)
    # Clicks lie on whole beats, the low one on the first of the bar.
    beats = meter.beats(0.5 + np.arange(16) * 60 / 125)
    assert float(np.abs(beats - np.round(beats)).max()) < 0.06
    assert round(float(beats[0])) % 4 == 0
    noise = 0.1 * np.random.default_rng(2).standard_normal(10 * RATE).astype(np.float32)
    assert find_meter(noise, RATE) is None
    assert is_played_to_a_clock([meter, None])
    assert not is_played_to_a_clock([meter, None, None])


def test_a_machine_is_known_though_beats_are_found_to_a_hundredth_of_a_second() -> None:
    random = np.random.default_rng(0)
    found = np.round(np.arange(200) * 60 / 131, 2)
    steady, bpm = steadiness(found)
    assert (steady, round(bpm, 1)) == (True, 131.0)
    # In a break, half of the song long, the beats that are found lie anywhere near.
    broken = found + np.where(np.arange(200) < 100, random.normal(0, 0.05, 200), 0)
    assert steadiness(broken)[0]
    # Somebody who plays: each beat is 15 ms off, or the tempo moves by a tenth.
    assert not steadiness(found + random.normal(0, 0.015, 200))[0]
    assert not steadiness(np.cumsum(60 / 131 * (1 + 0.1 * np.sin(np.arange(200) / 5))))[0]
    assert steadiness(found[:2]) == (False, 0.0)


def test_the_clock_goes_on_before_the_first_beat_and_behind_the_last() -> None:
    meter = Meter(np.array([1.0, 1.5, 2.0]), 1, 120.0, True)
    assert meter.beats(np.array([0.0, 1.25, 3.0])).tolist() == pytest.approx([-3.0, -0.5, 3.0])
    told = clock(np.array([0.0, 0.5, 2.0]))
    np.testing.assert_allclose(told[:2].T, [[1, 0], [-1, 0], [1, 0]], atol=1e-6)
    assert told[2].tolist() == pytest.approx([1, np.cos(np.pi / 4), -1], abs=1e-6)


def test_a_piece_keeps_the_tempo_that_is_asked_for(tmp_path: Path) -> None:
    conditions = Conditions(tempi=(140.0,))
    wishes = Wishes(conditions, {"tempo": 90.0}, 1, 0.1)
    beats = np.unwrap(np.arctan2(*wishes.at(np.arange(100.0))[[1, 0]])) / (2 * np.pi)
    assert float(np.diff(beats).mean() * 600) == pytest.approx(90)
    assert Wishes(conditions, {}, 1, 0.1).bpm == 140
    # From 60 to 120 within ten seconds: 15 beats.
    (tmp_path / "faster.csv").write_text("0,60\n10,120\n")
    faster = Wishes(conditions, {"tempo": tmp_path / "faster.csv"}, 1, 0.1)
    assert float(faster._beats(np.array([99.5]))[0]) == pytest.approx(15, abs=1e-6)
    assert float(faster._beats(np.array([109.5]))[0]) == pytest.approx(17, abs=1e-6)
    # A loop of 8 beats and 31 latents goes round.
    loop = Wishes(conditions, {}, 1, 0.1, loop=(31, 8)).at(np.arange(62.0))
    np.testing.assert_allclose(loop[:, :31], loop[:, 31:], atol=1e-5)


def test_crops_know_their_place_in_the_bar(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", clicks(125), RATE)
    system = tiny_musika(tmp_path, clock="auto", offsets=2)
    songs = system.latent_songs
    assert songs.conditions.tempi == (pytest.approx(125, rel=0.005),)
    assert any("clock of 125" in note for note in songs.notes)
    crop = songs.draw(np.random.default_rng(3))
    meter = songs.songs[0].meter
    assert meter is not None
    cosine, sine = crop.conditions[:2].numpy()
    places = np.unwrap(np.arctan2(sine, cosine)) / (2 * np.pi)
    assert float(np.diff(places).mean()) == pytest.approx(songs.seconds_per_latent * meter.bpm / 60, rel=5e-3)
    seconds = (crop.start + 0.5) * songs.seconds_per_latent
    # Within the half latent that the takes differ by.
    away = (places[0] - meter.beats(np.array([seconds]))[0] + 0.5) % 1 - 0.5
    assert 0 <= round(float(away), 4) <= round(0.5 * songs.seconds_per_latent * meter.bpm / 60 + 1e-3, 4)
