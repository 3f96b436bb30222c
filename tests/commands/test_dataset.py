"""`gantools evaluate dataset` on a folder of which everything is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from sounds import tone

from gantools.chunks.splits import split_of
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.training.songs import SongClips


def half_sine(rate_hz: int, channels: int) -> np.ndarray:
    """Return 4 s, the second half of them silent, of a sine of amplitude .5."""
    time = np.arange(4 * rate_hz) / rate_hz
    wave = 0.5 * np.sin(2 * np.pi * 1000 * time) * (time < 2)
    return np.repeat(wave[:, None], channels, axis=1)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine files of good sound, two of them one recording, and four of none."""
    folder = tmp_path_factory.mktemp("dataset")
    soundfile.write(folder / "half.wav", half_sine(44100, 2), 44100)
    for seed in range(7):
        soundfile.write(folder / f"song {seed}.flac", tone(3.0 + seed, hz=100.0 + 40 * seed, seed=seed), 22050)
    soundfile.write(folder / "again.ogg", 0.5 * tone(9.0, hz=340.0, seed=6), 22050)
    soundfile.write(folder / "silent.wav", np.zeros(8000), 8000)
    sine = half_sine(22050, 1)[:, 0]
    soundfile.write(folder / "inverted.wav", np.stack([sine, -sine], axis=1), 22050)
    soundfile.write(folder / "nan.wav", np.full(8000, np.nan), 8000, subtype="FLOAT")
    (folder / "text.wav").write_text("no sound")
    return folder


def test_what_a_folder_holds(gantools: Callable, music: Path, tmp_path: Path) -> None:
    done = gantools("evaluate", "dataset", music, "-o", "report", "--json")
    assert done.returncode == 1  # two files cannot be read
    found = json.loads(done.stdout)
    assert (found["status"], found["files"], len(found["failed"])) == ("ok", 11, 2)
    assert found["audio_seconds"] == pytest.approx(4 + sum(range(3, 10)) + 9 + 1 + 4, abs=0.1)
    assert found["rates_hz"] == {"22050": 9, "44100": 1, "8000": 1}
    assert found["channels"] == {"1": 9, "2": 2}
    report = json.loads((tmp_path / "report/report.json").read_text())
    rows = {row["file"]: row for row in report["rows"]}
    half = rows["half"]
    assert (half["seconds"], half["silent_share"]) == (4.0, 0.5)
    assert half["peak_db"] == pytest.approx(20 * np.log10(0.5), abs=0.01)
    reference = pyloudnorm.Meter(44100).integrated_loudness(half_sine(44100, 2))
    assert half["lufs"] == pytest.approx(reference, abs=0.1)
    assert (rows["silent"]["silent_share"], rows["silent"]["lufs"]) == (1.0, None)
    assert found["silent_share"] == pytest.approx(
        sum(r["silent_share"] * r["seconds"] for r in rows.values()) / found["audio_seconds"], abs=1e-3
    )
    why = {one["file"]: one["why"] for one in found["unusable"]}
    assert set(why) == {"silent", "inverted", "nan", "text"}
    assert "is silent" in why["silent"]
    assert "cancel each other" in why["inverted"]
    assert "NaN" in why["nan"]
    assert found["twins"] == [["again", "song 6"]]
    page = (tmp_path / "report/report.html").read_text()
    assert all(text in page for text in ("again = song 6", "Split by name", "Of no use"))
    assert (tmp_path / "report/dataset.png").exists()


def test_the_splits_are_those_of_training(gantools: Callable, music: Path) -> None:
    options = ("--split", "60/20/20", "--val-songs", "half", "--seed", "5")
    found = json.loads(gantools("evaluate", "dataset", music, *options, "--json").stdout)
    good = [path for path in sorted(music.iterdir()) if path.stem not in ("inverted", "silent", "nan", "text")]
    config = WaveGANConfig(
        split="60/20/20", val_songs="half", seed=5, samples=16384, channels=1
    )  # no song is shorter than a clip
    clips = SongClips([(path.stem, path) for path in good], config)
    for side, one in found["splits"]["seed"].items():
        assert (one["files"], one["seconds"]) == (len(clips.split[side]), pytest.approx(clips.seconds[side], abs=0.01))
    sides = ["val" if path.stem == "half" else split_of(path.stem, (60, 20, 20)) for path in good]
    for side, one in found["splits"]["name"].items():
        assert one["files"] == sides.count(side)


def test_nothing_starts_with_wrong_options(gantools: Callable, music: Path) -> None:
    for options, reason in (
        (("--split", "1/2"), "split"),
        (("--val-songs", "absent"), "no song 'absent'"),
        (("--role", "drums"), "no file has the role"),
    ):
        done = gantools("evaluate", "dataset", music / "half.wav", *options)
        assert (done.returncode, done.stdout) == (2, "")
        assert reason in done.stderr
