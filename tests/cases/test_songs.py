"""Songs as people have them: twice, short, damaged, with stems missing, or only one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_wavegan import tiny
from sounds import stem, tone

from gantools.training.songs import SongClips

RATE_HZ = 8000
TINY = "--preset small --variant baseline --width 2 --batch-size 4 --samples 1024 --validation-clips 8 --threads 1"
WAVEGAN = ("train", "wavegan", *TINY.split(), "-o", "m", "--dry-run", "--json")
ROLES = ("vocals", "drums", "bass", "other")


def write_stems(folder: Path, songs: int = 3, seconds: float = 4.0) -> None:
    """Write songs with four stems each."""
    for number in range(songs):
        for role in ROLES:
            path = folder / f"song{number}/{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, stem(role, seconds, 16000, number), 16000)


def truncate(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Five files, three songs: one as WAV, FLAC and MP3 under two names, and two called 01."""
    waves = [stem(role, 4.0, RATE_HZ, number) for number, role in enumerate(("drums", "bass", "vocals"))]
    for folder in ("a", "b"):
        (tmp_path / "album" / folder).mkdir(parents=True)
    soundfile.write(tmp_path / "album/song.wav", waves[0], RATE_HZ)
    soundfile.write(tmp_path / "album/song.flac", waves[0], RATE_HZ)
    soundfile.write(tmp_path / "album/song (1).mp3", waves[0], RATE_HZ)
    soundfile.write(tmp_path / "album/a/01.wav", waves[1], RATE_HZ)
    soundfile.write(tmp_path / "album/b/01.wav", waves[2], RATE_HZ)
    return tmp_path / "album"


def test_equal_names_are_all_used_and_one_recording_is_said(gantools: Callable, album: Path) -> None:
    for inputs in (
        (album,),
        (album / "a", album / "b", album / "song.wav", album / "song.flac", album / "song (1).mp3"),
    ):
        done = gantools(*WAVEGAN, *inputs)
        assert done.returncode == 0, done.stderr
        planned = json.loads(done.stdout)
        assert sum(planned["songs"].values()) == 5
        (line,) = [line for line in done.stderr.splitlines() if "more than once" in line]
        assert line.count("song") >= 3
        assert "they stay on one side of the split" in line


def test_one_recording_stays_on_one_side_with_every_seed(album: Path) -> None:
    files = [(path.stem, path) for path in sorted(album.rglob("*.*"))]  # two are called song, two 01
    for seed in range(6):
        clips = SongClips(files, tiny(seed=seed))
        assert sum(map(len, clips.split.values())) == 5
        (twins,) = clips.twins
        assert len(twins) == 3
        (side,) = [names for names in clips.split.values() if set(names) & set(twins)]
        assert set(twins) <= set(side)
    clips = SongClips(files, tiny(val_songs="song"))
    assert set(clips.split["val"]) == set(twins)


def test_short_songs_are_counted_in_one_line_and_one_song_is_heard_twice(gantools: Callable, tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / "hits").mkdir(exist_ok=True)
        soundfile.write(tmp_path / f"hits/hit{number}.wav", tone(0.1, RATE_HZ, hz=110.0 * (number + 1)), RATE_HZ)
    done = gantools(*WAVEGAN, "hits")
    (line,) = [line for line in done.stderr.splitlines() if "shorter than a clip" in line]
    assert line.endswith(
        "7 of 7 songs are shorter than a clip of 1024 samples, silence follows them: hit0, hit1, hit2 and 4 more"
    )
    soundfile.write(tmp_path / "one.wav", tone(4.0, RATE_HZ), RATE_HZ)
    done = gantools(*WAVEGAN, "one.wav")
    assert "there is one song only: validation hears the training" in done.stderr
    assert json.loads(done.stdout)["songs"] == {"train": 1, "val": 1, "test": 0}


def test_a_bad_stem_costs_itself_in_the_separator(gantools: Callable, tmp_path: Path) -> None:
    write_stems(tmp_path / "stems")
    truncate(tmp_path / "stems/song0/vocals.wav")
    (tmp_path / "stems/song1/bass.wav").unlink()
    soundfile.write(tmp_path / "stems/song2/drums.wav", stem("drums", 3.0, 16000, 2), 16000)
    command = ("train", "separator", "stems", "-o", "s", "--steps", "2")
    done = gantools(*command, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    planned = json.loads(done.stdout)
    assert planned["songs"] == {"train": 3, "val": 1}
    said = done.stderr.replace("gantools train: ", "").splitlines()
    assert said[0].startswith("stems/song0/vocals.wav: truncated")
    assert said[0].endswith("left out")
    assert "2 of 3 songs lack stems: song0 (vocals), song1 (bass)" in said
    assert any(line.endswith("in 1 songs: song2 (drums 3.0 s, vocals 4.0 s)") for line in said)
    assert [planned["left_out"], *planned["notes"]][0] == said[:1]
    for path in (tmp_path / "stems").rglob("vocals.wav"):
        path.write_bytes(b"no sound")
    done = gantools(*command)
    assert done.returncode == 2
    assert "no training song has vocals that sound" in done.stderr
    assert "song0/vocals.wav" in done.stderr


def test_one_song_of_stems_says_what_validation_hears(gantools: Callable, tmp_path: Path) -> None:
    write_stems(tmp_path / "stems", songs=1)
    done = gantools("train", "separator", "stems", "-o", "s", "--dry-run")
    assert "validation hears the training: the last 10 % of the one song" in done.stderr


def test_a_bad_stem_costs_itself_in_automix(gantools: Callable, tmp_path: Path) -> None:
    write_stems(tmp_path / "stems", songs=2, seconds=6.0)
    truncate(tmp_path / "stems/song1/other.wav")
    options = ("--mixes", "stems", "--target", "musdb18", "-o", "a", "--preset", "small", "--crop", "16384")
    done = gantools("train", "automix", "stems", *options, "--sample-rate", "16000", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    planned = json.loads(done.stdout)
    assert planned["songs"] == {"train": 2}
    assert "song1/other.wav: truncated" in planned["left_out"][0]
    assert "1 of 2 songs lack stems: song1 (other)" in planned["notes"]


def test_a_dry_run_of_many_clips_looks_at_each(gantools: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    soundfile.write(folder / "good.wav", tone(2.0, 4000), 4000)
    soundfile.write(folder / "silent.wav", np.zeros(8000), 4000)
    soundfile.write(folder / "tiny.wav", tone(0.02, 4000), 4000)
    soundfile.write(folder / "cut.wav", tone(2.0, 4000), 4000)
    truncate(folder / "cut.wav")
    (folder / "text.wav").write_text("letter")
    command = ("train", "caw", "clips", "-o", "c", "--preset", "small", "--dry-run", "--json")
    done = gantools(*command)
    records = {Path(r["source"]).stem: r for r in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert {name: record["status"] for name, record in records.items()} == {
        "good": "planned",
        **dict.fromkeys(("silent", "tiny", "cut", "text"), "error"),
    }
    assert records["good"]["facts"]["clip"] == "2.00 s at 4000 Hz"
    assert "receptive field" in done.stderr
    assert "would do 1; 0 up to date; 4 would fail" in done.stderr
    assert not (tmp_path / "c").exists()
    (folder / "tiny.wav").unlink()
    done = gantools(*command, "--together")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["left_out"]) == 3


def test_chunks_of_one_recording_go_to_one_side(gantools: Callable, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / "songs").mkdir(exist_ok=True)
        wave = np.round(32767 * stem("bass", 2.0, RATE_HZ, number // 2)).astype(np.int16)
        soundfile.write(tmp_path / f"songs/{number}.{('wav', 'flac')[number % 2]}", wave, RATE_HZ)
    arguments = ("chunk", "songs", "-o", "c", "--samples", "4096", "--sample-rate", "8000", "--split", "50/25/25")
    done = gantools(*arguments, "--val-songs", "3")
    assert done.returncode == 0, done.stderr
    assert "the same recording more than once: 0 = 1; 2 = 3; 4 = 5; and 1 more; they stay on one side" in done.stderr
    rows = [json.loads(line) for line in (tmp_path / "c/index.jsonl").read_text().splitlines()]
    sides = {row["song"]: row["split"] for row in rows}
    assert all(sides[str(number)] == sides[str(number + 1)] for number in (0, 2, 4, 6))
    assert sides["2"] == "val"
