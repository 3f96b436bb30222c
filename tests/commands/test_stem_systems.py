"""train separator, train and generate automix, evaluate mix: each through its command line, on played stems."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import stem

ROLES = ("vocals", "drums", "bass", "other")
SECONDS = 9.0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two songs of four stems."""
    folder = tmp_path_factory.mktemp("stems")
    for number in range(2):
        for role in ROLES:
            path = folder / f"song{number}" / f"{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, stem(role, SECONDS, seed=number), 44100)
    return folder


@pytest.fixture
def songs(written: Path, tmp_path: Path) -> Path:
    """A copy of what is written, to change."""
    return shutil.copytree(written, tmp_path / "songs")


def test_a_separator_is_trained_resumed_and_used(gantools: Callable, songs: Path, tmp_path: Path) -> None:
    train = ("train", "separator", "songs", "-o", "model", "--preset", "small", "--segment-frames", "32")
    first = gantools(*train, "--steps", "2", "--validation-seconds", "3", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["step"] == 2
    again = gantools(*train, "--steps", "3", "--validation-seconds", "3", "--json")
    assert again.returncode == 0, again.stderr
    assert "going on after step 2" in again.stderr
    parts = [soundfile.read(songs / "song0" / f"{role}.wav")[0] for role in ROLES]
    mix = np.sum(parts, axis=0) * 0.3
    soundfile.write(tmp_path / "mix.wav", mix, 44100, subtype="FLOAT")
    done = gantools("separate", "mix.wav", "--model", "model", "-o", "stems", "--bits", "32f", "--json")
    assert done.returncode == 0, done.stderr
    assert "model: 3 of about 2,000 steps: expect noise" in done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["role"], r["model_steps"]) for r in records] == [(role, 3) for role in ROLES]
    total = np.sum([soundfile.read(tmp_path / r["path"])[0] for r in records], axis=0)
    assert 10 * np.log10(np.sum((total - mix) ** 2) / np.sum(mix**2)) < -80


def test_automix_is_trained_used_and_measured(gantools: Callable, songs: Path, tmp_path: Path) -> None:
    apply = gantools("fxnorm", "apply", "songs", "--target", "musdb18", "--reverb", "send", "-o", "normalised", "-q")
    assert apply.returncode == 0, apply.stderr
    train = ("train", "automix", "normalised", "--mixes", "songs", "--target", "musdb18", "-o", "model")
    sizes = (
        "--preset",
        "small",
        "--bottleneck",
        "16",
        "--hidden",
        "16",
        "--crop",
        "65536",
        "--validation-crops",
        "2",
    )
    done = gantools(*train, *sizes, "--steps", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["system"] == "automix"
    mixed = gantools("generate", "automix", "model", "songs", "-o", "mixes", "--json")
    assert mixed.returncode == 0, mixed.stderr
    records = [json.loads(line) for line in mixed.stdout.splitlines()]
    assert [r["song"] for r in records] == ["song0", "song1"]
    for record in records:
        assert soundfile.info(tmp_path / record["path"]).frames == int(SECONDS * 44100)
        assert abs(record["lufs"] + 14) < 0.05 or record["tp_limited"]
    assert "2 up to date" in gantools("generate", "automix", "model", "songs", "-o", "mixes").stderr
    # A stem that changed makes the mix of its song anew, and no other; so does one that is gone.
    soundfile.write(songs / "song1/vocals.wav", stem("vocals", SECONDS, seed=7), 44100)
    assert "1 done, 1 up to date" in gantools("generate", "automix", "model", "songs", "-o", "mixes").stderr
    (songs / "song0/other.wav").unlink()
    assert "1 done, 1 up to date" in gantools("generate", "automix", "model", "songs", "-o", "mixes").stderr
    report = gantools("evaluate", "mix", "mixes", "songs", "-o", "report", "--json")
    assert report.returncode == 0, report.stderr
    figures = json.loads((tmp_path / "report" / "report.json").read_text())["figures"]
    assert figures["lufs"]["low"] <= figures["lufs"]["mean"] <= figures["lufs"]["high"]
    assert "Mixes" in (tmp_path / "report" / "report.html").read_text()


def test_what_does_not_fit_is_one_line(gantools: Callable, songs: Path, tmp_path: Path) -> None:
    done = gantools("train", "separator", "songs", "-o", "model", "--steps", "1", "--val-songs", "other")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "gantools train: --val-songs: no song 'other' among song0, song1" in done.stderr
    (songs / "song1" / "bass.wav").unlink()
    (songs / "song0" / "bass.wav").unlink()
    done = gantools("train", "separator", "songs", "-o", "model", "--steps", "1")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "bass" in done.stderr
    done = gantools("train", "automix", "songs", "--mixes", "nowhere", "--target", "musdb18", "-o", "model")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert not (tmp_path / "model").exists()
