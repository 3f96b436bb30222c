"""`gantools separate` through its real interface, with a small seeded Demucs in place of htdemucs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from small_demucs import save
from sounds import tone

STEMS = ["drums", "bass", "other", "vocals"]


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, str]:
    """Environment with the small network where Hugging Face caches htdemucs, and no network."""
    repository = tmp_path / "hub/models--adefossez--HTDemucs"
    snapshot = repository / "snapshots" / ("0" * 40)
    save(snapshot / "955717e8.safetensors")
    (snapshot / "htdemucs.yaml").write_text("models: ['955717e8']\n")
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text("0" * 40)
    return {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def records(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def write_song(path: Path, seconds: float = 2.0, rate_hz: int = 44100, **options: Any) -> Path:
    left, right = tone(seconds, rate_hz, **options), tone(seconds, rate_hz, hz=330.0, seed=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.concatenate([left, 0.7 * right], axis=1), rate_hz)
    return path


def test_a_folder_with_a_broken_song_then_nothing_to_do(gantools, weights, tmp_path: Path) -> None:
    write_song(tmp_path / "songs/album/ä one.wav", 2.5)
    write_song(tmp_path / "songs/two.flac", 0.01, 48000)
    (tmp_path / "songs/album/broken.wav").write_text("no sound")
    done = gantools("separate", "songs", "-o", "stems", "--json", **weights)
    assert done.returncode == 1
    assert "songs/album/broken.wav: not an audio file" in done.stderr
    assert "--model auto takes htdemucs" in done.stderr
    good = [r for r in records(done.stdout) if r["status"] == "ok"]
    assert [(r["path"], r["rel"], r["role"], r["song"]) for r in good if r["role"] in ("drums", "vocals")] == [
        ("stems/two/drums.wav", "two", "drums", "two"),
        ("stems/two/vocals.wav", "two", "vocals", "two"),
        ("stems/album/ä one/drums.wav", "album/ä one", "drums", "album/ä one"),
        ("stems/album/ä one/vocals.wav", "album/ä one", "vocals", "album/ä one"),
    ]
    assert {(r["model"], r["gain_db"]) for r in good} == {("htdemucs", 0.0)}
    infos = [soundfile.info(tmp_path / r["path"]) for r in good]
    assert {(i.frames, i.samplerate, i.channels) for i in infos} == {(480, 48000, 2), (110250, 44100, 2)}
    assert sorted(p.name for p in (tmp_path / "stems").iterdir()) == ["album", "manifest.jsonl", "two"]
    (tmp_path / "songs/album/broken.wav").unlink()
    again = gantools("separate", "songs", "-o", "stems", **weights)
    assert again.returncode == 0
    assert "nothing to do: 2 up to date" in again.stderr
    assert again.stdout.splitlines() == [r["path"] for r in good]


def test_equal_to_demucs_own_command_line(gantools, weights, tmp_path: Path) -> None:
    write_song(tmp_path / "a.wav", 5.0)
    options = ["--shifts", "0", "-d", "cpu", "a.wav"]
    peer = [sys.executable, "-m", "demucs", "-n", "htdemucs", "--float32", "--clip-mode", "none", "-o", "theirs"]
    subprocess.run([*peer, *options], cwd=tmp_path, env={**os.environ, **weights}, check=True, capture_output=True)
    done = gantools("separate", "--model", "htdemucs", "--bits", "32f", "-o", "ours", *options, **weights)
    assert done.returncode == 0, done.stderr
    for stem in STEMS:
        theirs = soundfile.read(tmp_path / f"theirs/htdemucs/a/{stem}.wav")[0]
        ours = soundfile.read(tmp_path / f"ours/a/{stem}.wav")[0]
        assert np.square(ours - theirs).sum() < 1e-8 * np.square(theirs).sum()  # 80 dB


def test_stems_names_formats_and_mono(gantools, weights, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "m.wav", 1.0, 22050)
    repository = tmp_path / "repo"
    save(repository / "net.safetensors")
    named = ["--model", "repo", "--name", "{rel}/{stem}.{role}.{ext}", "--format", "flac", "--bits", "24"]
    done = gantools("separate", "m.wav", "-o", "o", *named, "--two-stems", "vocals", "--json", **weights)
    assert [(r["path"], r["rel"], r["role"]) for r in records(done.stdout)] == [
        ("o/m.vocals.flac", "", "vocals"),
        ("o/m.accompaniment.flac", "", "accompaniment"),
    ]
    info = soundfile.info(tmp_path / "o/m.vocals.flac")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (22050, 1, 22050, "PCM_24")
    parts = sum(soundfile.read(tmp_path / r["path"])[0] for r in records(done.stdout))
    song = soundfile.read(tmp_path / "m.wav")[0]
    np.testing.assert_allclose(parts, song, atol=1e-6)
    shifted = gantools("separate", "m.wav", "-o", "s", "--stems", "bass", "--shifts", "2", "-s", "3", **weights)
    assert shifted.stdout == "s/m/bass.wav\n"


def test_a_model_of_our_own_gives_stems_that_sum_to_the_song(gantools, weights, tmp_path: Path) -> None:
    from gantools.files.containers import write_state
    from gantools.options import to_mapping
    from gantools.systems.separator.config import SeparatorConfig
    from gantools.systems.separator.networks import build_network

    config = SeparatorConfig(width=8, body_width=16, blocks=1)
    state = build_network(config).state_dict()
    (tmp_path / "mine").mkdir()
    model = {"schema": 2, "system": "separator", "config": to_mapping(config), "data": {}}
    model |= {"networks": {"mask": 1}, "ema": []}
    (tmp_path / "mine/config.json").write_text(json.dumps(model))
    write_state(tmp_path / "mine/mask.safetensors", state, {})
    for name, rate_hz in (("a", 44100), ("b", 48000)):
        write_song(tmp_path / f"songs/{name}.wav", 3.0, rate_hz)
    done = gantools("separate", "songs", "-o", "out", "--model", "mine", "-j", "2", **weights)
    assert done.returncode == 0, done.stderr
    for name in ("a", "b"):
        song = soundfile.read(tmp_path / f"songs/{name}.wav")[0]
        total = sum(soundfile.read(path)[0] for path in (tmp_path / "out" / name).glob("*.wav"))
        assert np.square(total - song).sum() < 1e-6 * np.square(song).sum()  # -60 dB, of 16 bits


def test_what_is_wrong_is_one_line_and_nothing_starts(gantools, weights, tmp_path: Path) -> None:
    write_song(tmp_path / "a.wav", 0.5)
    nowhere = weights | {"HF_HUB_CACHE": str(tmp_path / "empty")}
    (tmp_path / "gan").mkdir()
    (tmp_path / "gan/config.json").write_text('{"system": "wavegan"}')
    for name in ("D", "G"):
        (tmp_path / f"gan/{name}.safetensors").write_bytes(b"")
    cases = [
        (weights, ["--model", "gan"], "gan: is a model of wavegan, not of separator"),
        (nowhere, ["--model", "htdemucs_ft"], "put f7e0c4bc.safetensors, d12395a8.safetensors"),
        (weights, ["--model", "htdemux"], "did you mean htdemucs?"),
        (weights, ["--stems", "voice"], "no stem 'voice' in this model"),
        (weights, ["--name", "{stem}.{ext}"], "put {role} into it"),
        (weights, ["--segment-seconds", "60"], "hears at most 1.5 s"),
    ]
    for environment, options, expected in cases:
        done = gantools("separate", "a.wav", "-o", "out", "--model", "htdemucs", *options, **environment)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        (line,) = done.stderr.splitlines()
        assert expected in line
        assert not list((tmp_path / "out").rglob("*.wav"))


def test_an_interrupted_run_leaves_nothing_half_written(weights, tmp_path: Path) -> None:
    song = tone(60, 44100, 2)
    (tmp_path / "songs").mkdir()
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"songs/{name}.wav", song, 44100)
    command = [sys.executable, "-m", "gantools", "separate", "songs", "-o", "out", "-q"]
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **weights}, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob(".scratch*/stem-0.f32")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert not list((tmp_path / "out").iterdir())
