"""`gantools evaluate grade fit` and `predict` on clips whose faults and whose graders are made."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

RATE = 16000
SONGS = 14


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real drums of 14 songs; two clips made for each, the good ones near the real ones, the bad ones noise."""
    folder = tmp_path_factory.mktemp("grade")
    (folder / "real").mkdir()
    rng = np.random.default_rng(0)
    answers, grades = [("rater", "clip", "set", "question", "value")], [("clip", "grade")]
    for song in range(SONGS):
        wave = drum_pattern(90.0 + 5 * song, 5.0, RATE, seed=song)[0]
        soundfile.write(folder / f"real/song {song}.drums.wav", wave, RATE)
        for take, good in (("a", True), ("b", False)):
            noise = rng.standard_normal(len(wave))
            made = 0.8 * wave + 0.005 * noise if good else 0.1 * noise
            path = folder / f"made/{take}/song {song}.drums.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, made, RATE)
            for rater in range(4):
                value = float(np.clip(np.round((8 if good else 3) + rng.standard_normal()), 1, 10))
                answers.append((f"r{rater}", f"{take}/song {song}.drums", "made", "quality", str(value)))
            grades.append((f"{take}/song {song}.drums.wav", str(8 if good else 3)))
    for name, rows in (("answers.csv", answers), ("grades.csv", grades)):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


FIT = ("evaluate", "grade", "fit")


def test_graders_are_learnt_and_whole_songs_graded(gantools: Callable, graded: Path, tmp_path: Path) -> None:
    fit = (*FIT, graded / "made", graded / "real", graded / "answers.csv", "-o", "model")
    done = gantools(*fit, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["n"], found["songs"], found["good_share"]) == (2 * SONGS, SONGS, 0.5)
    assert found["accuracy"] >= 0.9
    assert found["auc"] >= 0.95
    assert "learnt" not in found
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"grade.safetensors", "report.json", "report.html", "grades.png"} <= names
    assert "learnt" not in json.loads((tmp_path / "model/report.json").read_text())
    assert "the paper's" in done.stderr
    assert "nothing to do" in gantools(*fit).stderr
    # A song of which the first ten seconds are good, and the rest is noise.
    (tmp_path / "new").mkdir()
    wave = np.tile(soundfile.read(graded / "real/song 3.drums.wav")[0], 3)
    soundfile.write(tmp_path / "real.drums.wav", wave, RATE)
    made = 0.8 * wave
    made[10 * RATE :] = 0.1 * np.random.default_rng(1).standard_normal(5 * RATE)
    soundfile.write(tmp_path / "new/song.drums.wav", made, RATE)
    done = gantools("evaluate", "grade", "predict", "new", "real.drums.wav", "--model", "model", "-o", "p", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (row,) = json.loads((tmp_path / "p/report.json").read_text())["rows"]
    assert (row["labels"], found["windows"]) == ("110", 3)
    assert found["good_share"] == pytest.approx(2 / 3)
    none = gantools("evaluate", "grade", "predict", "new", "--model", "model")
    assert none.returncode == 1
    assert "no file has a real counterpart" in none.stderr


def test_a_table_of_grades_and_labels_by_chance(gantools: Callable, graded: Path, tmp_path: Path) -> None:
    made, real = graded / "made", graded / "real"
    done = gantools(*FIT, made, real, graded / "grades.csv", "--features", "stoi", "--json")
    assert json.loads(done.stdout)["accuracy"] >= 0.9
    rng = np.random.default_rng(5)
    names = [f"{take}/song {song}.drums" for take in "ab" for song in range(SONGS)]
    values = rng.permutation(np.arange(2 * SONGS) % 2) * 5 + 3
    rows = [f"{name},{value}" for name, value in zip(names, values, strict=True)]
    (tmp_path / "chance.csv").write_text("\n".join(["clip,grade", *rows, "absent,3"]))
    done = gantools(*FIT, made, real, "chance.csv", "--features", "stoi", "--json")
    assert "1 graded clips are no file" in done.stderr
    found = json.loads(done.stdout)
    low, high = found["auc_interval"]
    assert low < 0.5 < high


def test_what_cannot_be_learnt_is_said(gantools: Callable, graded: Path, tmp_path: Path) -> None:
    made, real = graded / "made", graded / "real"
    (tmp_path / "few.csv").write_text("clip,grade\na/song 0.drums,8\nb/song 0.drums,2\n")
    (tmp_path / "bad.csv").write_text("clip,grade\na/song 0.drums,much\n")
    (tmp_path / "other.csv").write_text("clip,grade\nother,3\n")
    for table, reason in (
        ("few.csv", "1 good clips and 1 others; needs 5 of each"),
        ("bad.csv", "line 2 has no clip or no grade"),
        ("other.csv", "none of the graded clips"),
    ):
        done = gantools(*FIT, made, real, table, "--features", "stoi")
        assert (done.returncode, done.stdout) == (1, "")
        assert reason in done.stderr
    for options, reason in (((), "missing option '--model'"), (("--model", "absent"), "no such file")):
        done = gantools("evaluate", "grade", "predict", made, *options)
        assert (done.returncode, done.stdout) == (2, "")
        assert reason in done.stderr
    (tmp_path / "grade.safetensors").write_text("none")
    done = gantools("evaluate", "grade", "predict", made, "--model", "grade.safetensors")
    assert done.returncode == 2
    assert "is no model of evaluate grade fit" in done.stderr
