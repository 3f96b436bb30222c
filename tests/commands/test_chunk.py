"""`gantools chunk` through its real interface."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gantools.audio.melfile import read_mel
from gantools.chunks.shards import ChunkSet


@pytest.fixture
def mels(gantools, write_tone, tmp_path: Path) -> Path:
    for song in ("one", "two", "three"):
        for role, hz in (("bass", 55.0), ("drums", 880.0)):
            write_tone(tmp_path / f"stems/{song}/{role}.wav", seconds=12.0, hz=hz)
    assert gantools("melify", "stems", "-o", "mels", "-q").returncode == 0
    return tmp_path / "mels"


def test_windows_overlap_by_fifty_frames_and_codes_are_exact(gantools, mels: Path, tmp_path: Path) -> None:
    done = gantools("chunk", "mels", "-o", "chunks", "--val-songs", "two", "--test-songs", "three")
    assert done.returncode == 0, done.stderr
    chunks = ChunkSet(tmp_path / "chunks")
    rows = [row for row in chunks.rows if row["source"] == "one/bass"]
    assert [row["start"] for row in rows] == [0, 206]
    assert {row["song"]: row["split"] for row in chunks.rows} | {"one": ""} == {
        "one": "",
        "two": "val",
        "three": "test",
    }
    assert chunks.roles() == {"bass": 6, "drums": 6}
    mel = read_mel(mels / "one/bass.mel.safetensors").frames(206, 462).T
    back = chunks.db_range.from_unit(chunks.window(rows[1]))
    inside = mel > chunks.db_range.lo_db
    # Half a step of the codes, and the float16 of the mel file.
    assert np.abs(back - mel)[inside].max() <= (chunks.db_range.hi_db - chunks.db_range.lo_db) / 510 + 0.05


def test_second_run_added_song_and_changed_option(gantools, mels: Path, write_tone, tmp_path: Path) -> None:
    gantools("chunk", "mels", "-o", "chunks")
    again = gantools("chunk", "mels", "-o", "chunks")
    assert "nothing to do: 6 up to date" in again.stderr
    before = json.loads((tmp_path / "chunks/dataset.json").read_text())
    write_tone(tmp_path / "stems/four/bass.wav", seconds=8.0)
    gantools("melify", "stems", "-o", "mels", "-q")
    added = gantools("chunk", "mels", "-o", "chunks")
    assert "1 done, 6 up to date" in added.stderr
    assert json.loads((tmp_path / "chunks/dataset.json").read_text()) == before
    changed = gantools("chunk", "mels", "-o", "chunks", "--stride", "128")
    assert "7 done" in changed.stderr
    part = gantools("chunk", "mels/one", "-o", "chunks", "--stride", "64")
    assert part.returncode == 2
    assert "other sources cut with other options" in part.stderr


def test_pipe_of_records_and_an_empty_second_pass(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "s/song/bass.wav", seconds=8.0)
    listing = gantools("melify", "-", "-o", "mels", "--json", input="s/song/bass.wav\n")
    done = gantools("chunk", "-", "-o", "chunks", input=listing.stdout)
    assert done.returncode == 0, done.stderr
    assert [row["song"] for row in ChunkSet(tmp_path / "chunks").rows] == ["s/song"]
    nothing = gantools("chunk", "-", "-o", "chunks", input="")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing to do" in nothing.stderr
    assert gantools("chunk", "-", "-o", "elsewhere", input="").returncode == 2


def test_shards_of_a_job_array_make_the_same_set(gantools, mels: Path, tmp_path: Path) -> None:
    gantools("chunk", "mels", "-o", "whole")
    for part in (1, 2):
        assert gantools("chunk", "mels", "-o", "parts", "--shard", f"{part}/2").returncode == 0

    def contents(folder: str) -> dict:
        chunks = ChunkSet(tmp_path / folder)
        return {(row["source"], row["start"]): chunks.window(row).tobytes() for row in chunks.rows}

    assert contents("parts") == contents("whole")


def test_silence_short_songs_and_most_per_song(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "s/a/bass.wav", seconds=40.0)
    write_tone(tmp_path / "s/short/bass.wav", seconds=1.0)
    import soundfile

    (tmp_path / "s/quiet").mkdir()
    soundfile.write(tmp_path / "s/quiet/bass.wav", np.zeros(22050 * 8), 22050)
    gantools("melify", "s", "-o", "mels", "-q")
    done = gantools("chunk", "mels", "-o", "chunks", "--windows-per-song", "3", "--json")
    assert done.returncode == 1
    found = {
        r["source"].split("/")[1]: (r["status"], r.get("chunks")) for r in map(json.loads, done.stdout.splitlines())
    }
    assert found == {"a": ("ok", 3), "quiet": ("ok", 0), "short": ("error", None)}
    assert "too short" in done.stderr
    assert "silent" in done.stderr


def test_audio_clips(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "songs/a.wav", seconds=10.0, rate_hz=44100, channels=2)
    command = ("chunk", "songs", "-o", "clips", "--samples", "16384", "--clips-per-song", "4", "--sample-rate", "16000")
    done = gantools(*command)
    assert done.returncode == 0, done.stderr
    clips = ChunkSet(tmp_path / "clips")
    assert [row["start"] % 16384 for row in clips.rows] == [0, 0, 0, 0]
    assert clips.clip(clips.rows[3]).shape == (16384,)
