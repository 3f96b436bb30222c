from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_songs import small_config

from gantools.chunks.multitrack import Multitrack
from gantools.errors import ConfigError
from gantools.systems.separator.config import SOURCES
from gantools.systems.separator.data import Remixer, draw_colours, equaliser_db

N = 20_000


def test_items_follow_from_their_numbers_alone(tracks: list[Multitrack]) -> None:
    remixer = Remixer(small_config(), tracks)
    first = remixer.item(3, 1, N)
    remixer.item(4, 0, N)
    again = Remixer(small_config(), tracks).item(3, 1, N)
    for here, there in zip(first, again, strict=True):
        np.testing.assert_array_equal(here, there)
    assert first[0].shape == (4, 2, N)
    assert first[0].dtype == np.float32
    others = [remixer.item(3, 0, N), remixer.item(2, 1, N), Remixer(small_config(seed=1), tracks).item(3, 1, N)]
    assert not any(np.array_equal(first[0], other[0]) for other in others)


def test_plain_aligned_items_are_stretches_of_a_song(tracks: list[Multitrack]) -> None:
    config = small_config(aligned_share=1.0, shift_semitones=0.0, eq_spread_db=0.0, validation_share=0.0)
    remixer = Remixer(config, tracks)
    assert remixer.complete == ["one", "two"]
    stems, colours = remixer.item(0, 0, N)
    assert np.all(equaliser_db(colours, np.array([0.0, 100.0, 10_000.0])) == 0)
    found = []
    for song in remixer.complete:
        recordings = remixer.songs[song]
        # The bass tells the place up to its period; the drums, which are noise, tell it exactly.
        drums = recordings["drums"].recording.crop(0, recordings["drums"].frames)[0]
        score = np.correlate(drums, stems[1, 0], "valid")
        start = int(np.argmax(np.abs(score)))
        part = {role: stem.recording.crop(start, N) for role, stem in recordings.items()}
        gain = score[start] / np.sum(part["drums"][0] ** 2)
        flipped = [part[role][::-1] for role in SOURCES]
        whole = [part[role] for role in SOURCES]
        found.append(min(np.abs(stems - gain * np.stack(w)).max() for w in (whole, flipped, 0.7 * np.stack(flipped))))
    assert min(found) < 1e-5


def test_a_share_of_stems_is_silent_and_short_loops_repeat(tracks: list[Multitrack]) -> None:
    config = small_config(aligned_share=0.0, silent_share=0.5, loose_share=1.0, shift_semitones=0.0)
    remixer = Remixer(config, tracks)
    items = np.stack([remixer.item(0, i, N)[0] for i in range(40)])
    silent = (np.abs(items).max((2, 3)) == 0).mean()
    assert 0.35 < silent < 0.65
    half = 22050  # samples of the loop, whose first 20000 are heard from any place on
    drums = next(item[1] for item in np.stack([remixer.item(1, i, half + 500)[0] for i in range(9)]) if item[1].any())
    np.testing.assert_array_equal(drums[:, :500], drums[:, half : half + 500])


def test_training_leaves_out_what_is_held_out(tracks: list[Multitrack]) -> None:
    remixer = Remixer(small_config(val_songs="two"), tracks)
    assert "two" not in remixer.songs
    assert [held[0] for held in remixer.held_out] == ["two"]
    remixer = Remixer(small_config(validation_share=0.25), tracks)
    stem = remixer.songs["one"]["bass"]
    assert stem.frames == round(0.75 * stem.recording.frames)
    assert [(song, first) for song, _, first, _ in remixer.held_out] == [("one", stem.frames), ("two", stem.frames)]
    assert remixer.songs["loop"]["drums"].frames == 22050


def test_refuses(tracks: list[Multitrack], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no song 'three'"):
        Remixer(small_config(val_songs="one, three"), tracks)
    mute = [dataclasses.replace(t, stems={r: p for r, p in t.stems.items() if r != "bass"}) for t in tracks]
    with pytest.raises(ConfigError, match="no training song has bass"):
        Remixer(small_config(), mute)


def test_equalisers_stay_within_bounds_and_half_are_flat() -> None:
    random = np.random.default_rng(0)
    colours = np.concatenate([draw_colours(random, 4.0) for _ in range(200)])
    gains = equaliser_db(colours, np.linspace(0, 22050, 100))
    assert gains.shape == (800, 100)
    assert np.abs(gains).max() <= 18.0
    assert 0.4 < (np.abs(gains).max(1) == 0).mean() < 0.6
    # 3 dB per octave from 1 kHz, and a bell of 6 dB at 2 kHz.
    row = np.array([[3.0, 6.0, 1.0, 0.0, 0.0, 1.0]])
    np.testing.assert_allclose(equaliser_db(row, np.array([2000.0, 1000.0])), [[9.0, 6 * np.exp(-0.5)]], rtol=1e-6)
