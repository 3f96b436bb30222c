"""Songs as sets of stems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.chunks.multitrack import Multitrack, Recording, find_multitracks
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


def test_channels_of_one_role_sound_together(tmp_path: Path) -> None:
    sounds = dict(zip(("01_Kick.wav", "02_SnareTop.flac", "03_OH.wav"), (0.25, -0.5, 0.125), strict=True))
    for number, (name, level) in enumerate(sounds.items()):
        (tmp_path / "in/song").mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "in/song" / name, np.full(100 * (number + 1), level), 44100, subtype="PCM_16")
    said = list[str]()
    (song,) = find_multitracks([tmp_path / "in"], said.append)
    assert (song.song, list(song.stems)) == ("song", ["drums"])
    assert said == ["song: drums is the sum of 01_Kick.wav, 03_OH.wav, 02_SnareTop.flac"]
    wave = Recording(song.stems["drums"]).crop(0, 300)
    expected = np.concatenate([np.full(100, value) for value in (0.25 - 0.5 + 0.125, -0.5 + 0.125, 0.125)])
    np.testing.assert_allclose(wave, [expected] * 2, atol=1e-4)


def test_one_channel_in_several_files_counts_once(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    for name in (
        "one/bass.ogg",
        "one/bass.wav",
        "one.bass.flac",
        "one/drums.wav",
        "one/drums2.wav",
        "one/no_drums.wav",
    ):
        write_tone(tmp_path / "in" / name, 0.1)
    write_tone(tmp_path / "in/one/no_bass.wav", 0.1)
    said = list[str]()
    (song,) = find_multitracks([tmp_path / "in"], said.append)
    names = {role: [path.name for path in paths] for role, paths in song.stems.items()}
    assert names == {
        "accompaniment": ["no_bass.wav"],
        "bass": ["one.bass.flac"],
        "drums": ["drums.wav", "drums2.wav"],
    }
    assert len([line for line in said if line.endswith("left out")]) == 3
    with pytest.raises(InputError, match="no audio"):
        find_multitracks([(tmp_path / "empty", (tmp_path / "empty").mkdir())[0]])


def test_instruments_join_the_rest_of_a_system_of_few_parts() -> None:
    stems = {role: (Path(f"{role}.wav"),) for role in ("bass", "guitar", "keys", "other", "accompaniment")}
    track = Multitrack("one", stems)
    four = track.within(("vocals", "drums", "bass", "other")).stems
    assert sorted(path.name for path in four["other"]) == ["guitar.wav", "keys.wav", "other.wav"]
    assert sorted(four) == ["accompaniment", "bass", "other"]
    assert track.within(("bass", "guitar")) == track


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
