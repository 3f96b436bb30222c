"""Songs as sets of stems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from gantools.chunks.multitrack import Multitrack, Recording, StemFile, find_multitracks, group_stems
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


def test_a_recording_is_its_file_in_sixteen_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantools.chunks.multitrack._BLOCK", 7)
    codes = np.random.default_rng(0).integers(-16000, 16000, (30, 2))
    codes[0] = 16001
    soundfile.write(tmp_path / "a.wav", codes / 32767, 44100, subtype="DOUBLE")
    recording = Recording(str(tmp_path / "a.wav"))
    assert (recording.peak, recording.frames, recording.rate_hz) == (pytest.approx(16001 / 32767), 30, 44100)
    np.testing.assert_array_equal(recording.crop(0, 30), (codes.T * np.float32(1 / 32767)).astype(np.float32))
    np.testing.assert_array_equal(recording.crop(25, 10)[:, :5], recording.crop(25, 5))
    assert not recording.crop(25, 10)[:, 5:].any()
    assert not recording.crop(30, 4).any()
    assert not recording.crop(-4, 4).any()


def test_files_of_several_shapes_and_rates_are_summed(tmp_path: Path) -> None:
    left, both = np.array([0.25, 0.5, -0.5]), np.array([[0.25, -0.25], [0.5, 0.0]])
    soundfile.write(tmp_path / "mono.wav", left, 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "stereo.wav", both, 44100, subtype="FLOAT")
    total = Recording([tmp_path / "mono.wav", tmp_path / "stereo.wav"])
    np.testing.assert_allclose(total.crop(0, 3), [[0.5, 1.0, -0.5], [0.0, 0.5, -0.5]], atol=1e-4)
    wave = 0.3 * np.random.default_rng(0).standard_normal((3000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "slow.wav", wave, 16000, subtype="FLOAT")
    slow, expected = Recording(tmp_path / "slow.wav", 24000), soxr.resample(wave, 16000, 24000).T
    assert slow.frames == expected.shape[1] == 4500
    np.testing.assert_allclose(slow.crop(0, 4500), expected, atol=1e-4)
    soundfile.write(tmp_path / "three.wav", np.zeros((9, 3)), 44100)
    with pytest.raises(InputError, match="has 3 channels; give mono or stereo stems"):
        Recording(tmp_path / "three.wav")


def test_of_several_mixes_one_is_taken_and_the_others_named() -> None:
    files = [
        StemFile(Path("b.ogg"), "mix", "two", "x"),
        StemFile(Path("c.WAV"), "mix", "two", "y"),
        StemFile(Path("c.WAV"), "mix", "two", "y"),
        StemFile(Path("n.wav"), "accompaniment", "two", "no drums"),
        StemFile(Path("m.wav"), "accompaniment", "two", "no bass"),
        StemFile(Path("k.wav"), "drums", "one", "snare"),
        StemFile(Path("l.wav"), "drums", "one", "kick"),
    ]
    said = list[str]()
    one, two = group_stems(files, said.append)
    assert one == Multitrack("one", {"drums": (Path("l.wav"), Path("k.wav"))})
    assert two == Multitrack("two", {"accompaniment": (Path("m.wav"),)}, Path("c.WAV"))
    assert said == [
        "one: drums is the sum of l.wav, k.wav",
        "n.wav: m.wav is also the accompaniment of two; left out",
        "b.ogg: c.WAV is also the mix of two; left out",
    ]
    assert group_stems(files) == [one, two]


def test_files_and_folders_given_one_by_one(
    tmp_path: Path, write_tone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (bass, _), away = (write_tone(tmp_path / f"one/{name}.wav", 0.1) for name in ("bass", "drums")), tmp_path / "none"
    (alone,) = find_multitracks([bass])
    assert alone == Multitrack("bass", {"bass": (bass,)})
    monkeypatch.chdir(tmp_path / "one")
    (here,) = find_multitracks(["."])
    assert (here.song, sorted(here.stems)) == ("one", ["bass", "drums"])
    with pytest.raises(InputError, match="no such file or folder"):
        find_multitracks([away])
