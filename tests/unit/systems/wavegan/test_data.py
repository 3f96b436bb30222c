"""Clips from songs: splits, places, levels, short, silent and broken files, and clips from a chunk folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_wavegan import tiny

from gantools.chunks.shards import write_dataset, write_index
from gantools.errors import ConfigError
from gantools.files.containers import write_tensors
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.systems.wavegan.data import ChunkClips, fixed_clips, training_clip
from gantools.training.songs import SongClips, split_songs

Crate = list[tuple[str, Path]]


def test_songs_are_split_whole_and_the_same_each_time() -> None:
    songs = [f"s{n}" for n in range(20)]
    split = split_songs(songs, WaveGANConfig())
    assert {side: len(names) for side, names in split.items()} == {"train": 16, "val": 2, "test": 2}
    assert sorted(song for names in split.values() for song in names) == sorted(songs)
    assert split_songs(songs[::-1], WaveGANConfig()) == split
    assert split_songs(songs, WaveGANConfig(seed=1)) != split


def test_few_songs_leave_no_side_empty() -> None:
    assert {side: len(names) for side, names in split_songs(["a", "b", "c"], WaveGANConfig()).items()} == {
        "train": 1,
        "val": 1,
        "test": 1,
    }
    assert split_songs(["a"], WaveGANConfig()) == {"train": ["a"], "val": ["a"], "test": []}
    named = split_songs(["a", "b", "c"], WaveGANConfig(val_songs="b", test_songs="c"))
    assert named == {"train": ["a"], "val": ["b"], "test": ["c"]}
    with pytest.raises(ConfigError, match="no song 'd'"):
        split_songs(["a", "b"], WaveGANConfig(val_songs="d"))
    with pytest.raises(ConfigError, match="left to train"):
        split_songs(["a"], WaveGANConfig(val_songs="a"))


def test_a_clip_is_a_stretch_of_its_song(tmp_path: Path) -> None:
    ramp = np.linspace(-0.5, 0.5, 8000, dtype=np.float32)
    soundfile.write(tmp_path / "ramp.wav", ramp, 8000, subtype="FLOAT")
    clips = SongClips([("ramp", tmp_path / "ramp.wav")], tiny(normalise="none", augment=False))
    clip = training_clip(clips, 5, augment=False)
    assert clip.shape == (1, 1024)
    start = int(np.argmin(np.abs(ramp - clip[0, 0])))
    np.testing.assert_allclose(clip[0], ramp[start : start + 1024], atol=2e-5)
    np.testing.assert_array_equal(clip, training_clip(clips, 5, augment=False))
    loud = SongClips([("ramp", tmp_path / "ramp.wav")], tiny(normalise="peak"))
    assert np.abs(loud.draw(np.random.default_rng(0))).max() == pytest.approx(1.0, abs=0.95)
    assert loud.songs["ramp"].gain * 32767 * 0.5 == pytest.approx(0.5 / 0.5 * 0.5, abs=0.51)


def test_gain_and_polarity_stay_within_full_scale(crate: Crate) -> None:
    clips = SongClips(crate, tiny())
    ratios = []
    for seed in range(40):
        plain, changed = training_clip(clips, seed, False), training_clip(clips, seed, True)
        assert np.abs(changed).max() <= 1.0
        place = np.unravel_index(np.abs(plain).argmax(), plain.shape)
        ratios.append(float(changed[place] / plain[place]))
    assert min(ratios) < 0 < max(ratios)
    assert all(10 ** (-3.01 / 20) < abs(ratio) < 10 ** (3.01 / 20) for ratio in ratios)


def test_silence_is_not_drawn(tmp_path: Path) -> None:
    wave = np.zeros(40_000, np.float32)
    wave[30_000:34_000] = 0.5 * np.sin(np.arange(4000))
    soundfile.write(tmp_path / "late.wav", wave, 8000)
    clips = SongClips([("late", tmp_path / "late.wav")], tiny())
    drawn = [clips.draw(np.random.default_rng(seed)) for seed in range(20)]
    assert sum(np.abs(clip).max() > 0.1 for clip in drawn) >= 18  # 7 places of 8 are silent


def test_short_broken_and_silent_files(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hit.wav", 0.5 * np.ones(300, np.float32), 8000)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(4000, np.float32), 8000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF no audio")
    files = [(name, tmp_path / f"{name}.wav") for name in ("hit", "nothing", "broken")]
    clips = SongClips(files, tiny(normalise="none"))
    assert clips.padded == ["hit"]
    assert [Path(line.split(":")[0]).stem for line in clips.left_out] == ["nothing", "broken"]
    clip = clips.draw(np.random.default_rng(0))
    np.testing.assert_allclose(clip[0, :300], 0.5, atol=1e-4)
    assert not clip[0, 300:].any()
    with pytest.raises(ConfigError, match="none of these files"):
        SongClips(files[1:], tiny())


def test_stereo_keeps_its_sides_and_mono_is_doubled(tmp_path: Path) -> None:
    sides = np.stack([np.full(9000, 0.5), np.full(9000, -0.25)], 1)
    soundfile.write(tmp_path / "a.wav", sides, 16000)
    soundfile.write(tmp_path / "b.wav", sides[:, 0], 8000)
    config = tiny(channels=2, normalise="none")
    stereo = SongClips([("a", tmp_path / "a.wav")], config).draw(np.random.default_rng(0))
    np.testing.assert_allclose(np.median(stereo, axis=1), [0.5, -0.25], atol=1e-3)
    doubled = SongClips([("b", tmp_path / "b.wav")], config).draw(np.random.default_rng(0))
    np.testing.assert_allclose(np.median(doubled, axis=1), [0.5, 0.5], atol=1e-3)


def test_fixed_places_are_few_and_the_same(crate: Crate) -> None:
    clips = SongClips(crate[:1], tiny(clips_per_song=3))
    drawn = {clips.draw(np.random.default_rng(seed)).tobytes() for seed in range(40)}
    assert len(drawn) == 3
    np.testing.assert_array_equal(fixed_clips(clips, "val", 4), fixed_clips(clips, "val", 4))


def test_clips_of_a_chunk_folder(tmp_path: Path) -> None:
    clips = np.random.default_rng(0).uniform(-0.5, 0.5, (6, 1500)).astype(np.float32)
    rows = [
        {
            "source": f"s{n // 2}",
            "song": f"s{n // 2}",
            "split": "val" if n > 3 else "train",
            "row": n,
            "start": 0,
            "level_db": -9.0,
            "samples": 1500,
            "role": "",
        }
        for n in range(6)
    ]
    write_tensors(tmp_path / "shard-00000.safetensors", {"clips": clips}, {"kind": "shard", "rows": rows})
    write_dataset(tmp_path, {"kind": "audio", "config": {"samples": 1500, "sample_rate_hz": 8000}})
    write_index(tmp_path, ["shard-00000.safetensors"])
    chunks = ChunkClips(tmp_path, tiny())
    assert chunks.windows() == {"train": 4, "val": 2, "test": 0}
    drawn = chunks.draw(np.random.default_rng(1))
    places = [np.flatnonzero(row == drawn[0, 0]) for row in clips[:4]]
    assert sum(map(len, places)) == 1
    for config in (dataclasses.replace(tiny(), sample_rate_hz=16000), tiny(samples=2048), tiny(channels=2)):
        with pytest.raises(ConfigError, match="holds clips of 1500 samples at 8000 Hz"):
            ChunkClips(tmp_path, config)
