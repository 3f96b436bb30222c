"""Songs as sets of stems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.chunks.multitrack import Recording, find_multitracks
from gantools.errors import InputError


def test_three_layouts_give_the_same_songs(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    for layout, names in {
        "a": ("one/bass.wav", "one/drums.wav", "one/mixture.wav"),
        "b": ("bass/one.wav", "drums/one.wav", "mix/one.wav"),
        "c": ("one.bass.wav", "one.drums.wav", "one.wav"),
    }.items():
        for name in names:
            write_tone(tmp_path / layout / name, 0.1)
        (song,) = find_multitracks([tmp_path / layout])
        assert (song.song, set(song.stems)) == ("one", {"bass", "drums"})
        assert song.mixture is not None


def test_two_files_of_one_role_are_refused(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    write_tone(tmp_path / "one" / "bass.wav", 0.1)
    write_tone(tmp_path / "one.bass.wav", 0.1)
    with pytest.raises(InputError, match="also the bass of one"):
        find_multitracks([tmp_path])
    with pytest.raises(InputError, match="no audio"):
        find_multitracks([(tmp_path / "empty", (tmp_path / "empty").mkdir())[0]])


def test_crops_are_the_file_and_zeros_outside(tmp_path: Path) -> None:
    wave = np.random.default_rng(0).uniform(-1.5, 1.5, (1000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "loud.wav", wave, 44100, subtype="FLOAT")
    loud = Recording(tmp_path / "loud.wav")
    crop = loud.crop(-10, 1020)
    assert np.abs(crop[:, 10:-10] - wave.T).max() <= 0.5 * 1.5 / 32767 + 1e-6
    assert not crop[:, :10].any()
    assert not crop[:, -10:].any()


def test_mono_becomes_two_equal_channels_at_the_asked_rate(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    wave = Recording(write_tone(tmp_path / "x.wav", 1.0, 22050), 44100).crop(0, 44100)
    assert np.array_equal(wave[0], wave[1])
    assert np.abs(wave).max() > 0.1
