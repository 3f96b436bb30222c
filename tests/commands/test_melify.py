"""`gantools melify` through its real interface."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.audio.melfile import read_mel


def records(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_files_keep_their_folders_and_a_second_run_does_nothing(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "stems/ä song/bass.wav", rate_hz=44100, channels=2)
    write_tone(tmp_path / "stems/ä song/drums.flac", rate_hz=8000)
    first = gantools("melify", "stems", "-o", "mels")
    assert first.returncode == 0
    assert first.stdout.splitlines() == ["mels/ä song/bass.mel.safetensors", "mels/ä song/drums.mel.safetensors"]
    mel = read_mel(tmp_path / "mels/ä song/bass.mel.safetensors")
    assert (mel.role, mel.meta["song"], mel.n_samples, mel.n_frames) == ("bass", "ä song", 44100, 1 + 44100 // 512)
    before = os.stat(mel.path).st_mtime_ns
    again = gantools("melify", "stems", "-o", "mels", "--json")
    assert again.returncode == 0
    assert "nothing to do: 2 up to date" in again.stderr
    assert [r["status"] for r in records(again.stdout)] == ["skipped", "skipped"]
    assert os.stat(mel.path).st_mtime_ns == before


def test_a_changed_input_or_option_is_redone_and_nothing_else(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "in/a.wav")
    write_tone(tmp_path / "in/b.wav", hz=220.0)
    gantools("melify", "in", "-o", "out")
    write_tone(tmp_path / "in/b.wav", hz=330.0)
    status = {r["path"]: r["status"] for r in records(gantools("melify", "in", "-o", "out", "--json").stdout)}
    assert status == {"out/a.mel.safetensors": "skipped", "out/b.mel.safetensors": "ok"}
    other = records(gantools("melify", "in", "-o", "out", "--hop-samples", "256", "--json").stdout)
    assert [r["status"] for r in other] == ["ok", "ok"]
    (tmp_path / "out/a.mel.safetensors").unlink()
    lost = records(gantools("melify", "in", "-o", "out", "--hop-samples", "256", "--json").stdout)
    assert [r["status"] for r in lost] == ["ok", "skipped"]


def test_names_with_spaces_newlines_and_bytes_survive_a_list(gantools, write_tone, tmp_path: Path) -> None:
    names = ["one two.wav", "line\nbreak.wav", "Tür.wav"]
    for name in names:
        write_tone(tmp_path / "s" / name, seconds=0.5)
    strange = os.fsencode(tmp_path / "s") + b"/\xff.wav"
    os.rename(tmp_path / "s/Tür.wav", strange)
    listing = b"\0".join([b"s/one two.wav", b"s/line\nbreak.wav", b"s/\xff.wav"]) + b"\0"
    done = gantools("melify", "-", "-0", "-o", "m", input=listing)
    assert done.returncode == 0, done.stderr
    assert os.path.exists(tmp_path / "m/s/line\nbreak.mel.safetensors")
    assert os.path.exists(os.fsencode(tmp_path / "m/s") + b"/\xff.mel.safetensors")
    assert sorted(done.stdout.split("\0")[:-1])[0] == "m/s/line\nbreak.mel.safetensors"


def test_jobs_and_shards_change_nothing(gantools, write_tone, tmp_path: Path) -> None:
    for i in range(6):
        write_tone(tmp_path / f"in/{i}.wav", hz=100.0 + i, seconds=0.5)
    gantools("melify", "in", "-o", "one")
    gantools("melify", "in", "-o", "two", "-j", "2")
    for part in (1, 2, 3):
        gantools("melify", "in", "-o", "parts", "--shard", f"{part}/3")
    names = sorted(p.name for p in (tmp_path / "one").glob("*.safetensors"))
    assert names == [f"{i}.mel.safetensors" for i in range(6)]
    for name in names:
        data = (tmp_path / "one" / name).read_bytes()
        assert (tmp_path / "two" / name).read_bytes() == data
        assert (tmp_path / "parts" / name).read_bytes() == data


def test_image_and_dry_run(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav")
    planned = gantools("melify", "a.wav", "-o", "out", "--image", "-n", "--json")
    assert [r["status"] for r in records(planned.stdout)] == ["planned"]
    assert not (tmp_path / "out").exists()
    gantools("melify", "a.wav", "-o", "out", "--image")
    assert (tmp_path / "out/a.mel.png").read_bytes().startswith(b"\x89PNG")


def test_configuration_from_everywhere(gantools, write_tone, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("n_mels = 64\nhop_samples = 128\n")

    def resolved(*arguments: str, **environment: str) -> dict:
        return json.loads(gantools("melify", "--print-config", *arguments, **environment).stdout)

    assert resolved()["n_mels"] == 256
    assert resolved("--config", "x.toml")["n_mels"] == 64
    assert resolved("--config", "x.toml", GANTOOLS_N_MELS="32")["n_mels"] == 32
    both = resolved("--config", "x.toml", "--n-mels", "16", GANTOOLS_N_MELS="32")
    assert (both["n_mels"], both["hop_samples"]) == (16, 128)
    (tmp_path / "bad.toml").write_text("n_mel = 64\n")
    done = gantools("melify", "a.wav", "--config", "bad.toml", "-o", "o")
    assert done.returncode == 2
    assert "did you mean n_mels?" in done.stderr
    assert gantools("melify", "a.wav", "--n-mels", "0", "-o", "o").returncode == 2
    assert "--mel-scale" in gantools("melify", "a.wav", "--mel-scale", "htkk", "-o", "o").stderr


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_formats(gantools, tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / f"a.{suffix}", 0.1 * rng.standard_normal((44100, 2)), 44100)
    (record,) = records(gantools("melify", f"a.{suffix}", "-o", "o", "--json").stdout)
    assert record["duration_s"] == pytest.approx(1.0, abs=0.06)


def test_a_device_computes_the_same_mel_and_auto_is_the_cpu(
    gantools, write_tone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tone(tmp_path / "in/a.wav", rate_hz=44100, channels=2)
    refused = gantools("melify", "in", "-o", "out", "-d", "cuda:99")
    assert refused.returncode == 2
    assert "no device 'cuda:99'" in refused.stderr
    gantools("melify", "in", "-o", "numpy", "-q")
    gantools("melify", "in", "-o", "cpu", "-d", "cpu", "-q")
    # No machine of the tests has a GPU: torch's own CPU stands for it.
    monkeypatch.setattr("gantools.runtime.device.accelerator", lambda name: "cpu")
    assert gantools("melify", "in", "-o", "torch", "-d", "cuda").returncode == 0
    by_numpy, by_torch = (read_mel(tmp_path / f"{out}/a.mel.safetensors").frames() for out in ("numpy", "torch"))
    assert (tmp_path / "cpu/a.mel.safetensors").read_bytes() == (tmp_path / "numpy/a.mel.safetensors").read_bytes()
    assert np.abs(by_torch - by_numpy)[by_numpy > by_numpy.max() - 60].max() <= 2**-5  # a step of 16 bits at 54 dB
    assert "nothing to do" in gantools("melify", "in", "-o", "numpy").stderr
    assert "nothing to do" not in gantools("melify", "in", "-o", "numpy", "-d", "cuda").stderr
