"""musdb18's .stem.mp4 through every verb that reads stems."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from stem_files import TRACKS, write_stem_file

from gantools.audio.io import read_audio

ROLES = ("bass", "drums", "other", "vocals")


@pytest.fixture
def musdb(tmp_path: Path) -> Path:
    for song, up in {"train/One": 1.0, "test/Two": 1.3}.items():
        write_stem_file(tmp_path / f"musdb18/{song}.stem.mp4", seconds=4.0, up=up)
    return tmp_path / "musdb18"


def test_melify_chunk_and_a_second_run(gantools, musdb: Path, tmp_path: Path) -> None:
    done = gantools("melify", "musdb18", "-o", "mels", "--json")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 10
    assert {(r["role"], r["song"]) for r in found} >= {(role, "train/One") for role in (*ROLES, "mix")}
    assert (tmp_path / "mels/train/One/bass.mel.safetensors").exists()
    assert "nothing to do: 10 up to date" in gantools("melify", "musdb18", "-o", "mels").stderr
    os.utime(musdb / "train/One.stem.mp4", ns=(1, 1))  # the same content
    assert "nothing to do" in gantools("melify", "musdb18", "-o", "mels").stderr
    write_stem_file(musdb / "train/One.stem.mp4", seconds=5.0)
    again = gantools("melify", "musdb18", "-o", "mels", "--json").stdout.splitlines()
    assert sum(json.loads(line)["status"] == "ok" for line in again) == 5
    one = gantools("melify", "musdb18/test/Two.stem.mp4/vocals.m4a", "-o", "one")
    assert one.stdout.splitlines() == ["one/vocals.mel.safetensors"]
    sizes = ("--samples", "4096", "--sample-rate", "8000", "--split", "1/0/0", "--test-songs", "test/Two")
    assert gantools("chunk", "musdb18", "-o", "clips", *sizes).returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "clips/index.jsonl").read_text().splitlines()]
    assert {row["split"] for row in rows if row.get("song") == "test/Two"} == {"test"}
    assert {row["role"] for row in rows if "role" in row} == {*ROLES, "mix"}


def test_fxnorm_takes_the_stems_and_not_the_mixture(gantools, musdb: Path, tmp_path: Path) -> None:
    assert gantools("fxnorm", "fit", "musdb18", "-o", "f.json", "--measure", "raw").returncode == 0
    features = json.loads((tmp_path / "f.json").read_text())["stems"]
    assert {role: stem["n_files"] for role, stem in features.items()} == dict.fromkeys(ROLES, 2)
    done = gantools("fxnorm", "apply", "musdb18/train", "-o", "norm", "--target", "f.json", "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "norm/One").iterdir()) == [f"{role}.m4a" for role in ROLES]
    check = gantools("fxnorm", "check", "musdb18/train", "norm", "--target", "f.json")
    assert "ok      One/bass: format: 44100 Hz, 2 ch, AAC" in check.stdout, check.stdout
    untouched = gantools("fxnorm", "apply", "musdb18/train", "-o", "same", "--target", "f.json", "--amount", "0")
    assert untouched.returncode == 0, untouched.stderr
    assert read_audio(tmp_path / "same/One/bass.m4a")[0].shape[0] == 2


def test_separate_takes_the_mixture_and_is_measured_on_the_stems(gantools, musdb: Path, tmp_path: Path) -> None:
    done = gantools("separate", "musdb18/test", "-o", "made", "--model", "tiny", "-d", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made/Two/bass.wav").exists()
    for role in ROLES:  # the true stems as estimates: whatever the separator does
        wave, rate_hz = read_audio(musdb / f"test/Two.stem.mp4/{role}.m4a")
        soundfile.write(tmp_path / f"made/Two/{role}.wav", 0.5 * wave.T, rate_hz)
    done = gantools("evaluate", "separation", "made", "musdb18/test", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result["stems"]) == set(ROLES)
    assert result["sdr_db"] == pytest.approx(20 * np.log10(2), abs=0.05)


def test_training_reads_songs_of_one_file(gantools, musdb: Path, tmp_path: Path) -> None:
    small = "--preset small --steps 2 --width 4 --body-width 8 --blocks 1 --batch-size 2 --segment-frames 24".split()
    limits = "--validation-seconds 1 --validate-every 1000 --threads 1 --precision float32 -d cpu".split()
    done = gantools("train", "separator", "musdb18", "-o", "model", "--val-songs", "test/Two", *small, *limits)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model/config.json").exists()


def test_a_file_with_other_tracks_fails_alone(gantools, musdb: Path, tmp_path: Path) -> None:
    write_stem_file(musdb / "train/Short.stem.mp4", tracks=2)
    done = gantools("melify", "musdb18", "-o", "mels")
    assert done.returncode == 1
    assert done.stderr.count("has 2 sound tracks, not the 5 of musdb18") == len(TRACKS) - 1
    assert len(done.stdout.splitlines()) == 11
