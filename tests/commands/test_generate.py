"""`gantools generate cyclegan` and `pix2pix` through their real interface, with models of a few steps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from running import made_here
from sounds import tone

import gantools as gt

SMALL = {
    "cyclegan": (
        "--preset small --width 16 --body-width 16 --blocks 1 --discriminator-width 8 --texture-width 4"
    ).split(),
    "pix2pix": "--preset small --width 8".split(),
}


@pytest.fixture(scope="module")
def models(songs: Path) -> Path:
    """A folder of the songs and of models of both systems, trained on them for two steps."""
    for system, options in SMALL.items():
        made_here(songs, "train", system, "chunks", "-o", system, "--steps", 2, "--validation-windows", 2, *options)
    return songs


def records(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("system", SMALL)
def test_the_part_lines_up_with_its_song(gantools, models: Path, tmp_path: Path, system: str) -> None:
    soundfile.write(tmp_path / "new bass.wav", tone(9.0, 44100, 2), 44100)
    done = gantools(
        "generate", system, models / system, "new bass.wav", "-o", "out", "--mix", "--effort", "draft", "--json"
    )
    assert done.returncode == 0, done.stderr
    (record,) = records(done.stdout)
    assert record["path"] == "out/new bass.drums.wav"
    documented = {"cyclegan": 1200, "pix2pix": 1500}[system]
    assert f"{models / system}: 2 of about {documented:,} steps: expect noise" in done.stderr
    assert (record["model_steps"], record["documented_steps"]) == (2, documented)
    part, mix = soundfile.info(tmp_path / record["path"]), soundfile.info(tmp_path / record["mix"])
    assert (part.frames, part.samplerate, part.channels) == (9 * 44100, 44100, 1)
    assert (mix.frames, mix.samplerate, mix.channels) == (9 * 44100, 44100, 2)
    again = gantools("generate", system, models / system, "new bass.wav", "-o", "out", "--mix", "--effort", "draft")
    assert "nothing to do" in again.stderr
    # Equal seeds give equal music on another run, whatever the jobs and the neighbours.
    soundfile.write(tmp_path / "other bass.wav", tone(8.0), 22050)
    inputs = ("other bass.wav", "new bass.wav")
    gantools("generate", system, models / system, *inputs, "-o", "again", "-j", "2", "--effort", "draft")
    assert (tmp_path / "again/new bass.drums.wav").read_bytes() == (tmp_path / record["path"]).read_bytes()


def test_mels_in_mels_out_backward_and_styles(gantools, models: Path, tmp_path: Path) -> None:
    gantools("melify", models / "stems/song0", "-o", "mels", "-q")
    model = models / "cyclegan"
    done = gantools("generate", "cyclegan", model, "mels/bass.mel.safetensors", "-o", "a", "--mel", "--json")
    (record,) = records(done.stdout)
    assert record["path"] == "a/bass.drums.mel.safetensors"
    assert gantools("invert", "a", "-o", "waves", "--effort", "draft").returncode == 0
    assert abs(soundfile.info(tmp_path / "waves/bass.drums.wav").frames - 13 * 22050) <= 1
    back = gantools(
        "generate", "cyclegan", model, "mels/drums.mel.safetensors", "-o", "b", "--direction", "backward", "--mel"
    )
    assert back.stdout == "b/drums.bass.mel.safetensors\n"
    for style, code in (("3", 0), ("window", 0), ("nonsense", 2), ("9999", 2)):
        done = gantools(
            "generate", "cyclegan", model, "mels/bass.mel.safetensors", "-o", f"s{style}", "--mel", "--style", style
        )
        assert done.returncode == code, done.stderr
    both = gantools("generate", "cyclegan", model, "mels/bass.mel.safetensors", "-o", "c", "--mel", "--mix")
    assert both.returncode == 2
    assert "--mel and --mix exclude each other" in both.stderr
    no_audio = gantools("generate", "cyclegan", model, "mels/bass.mel.safetensors", "-o", "c", "--mix")
    assert no_audio.returncode == 1
    assert "--mix" in no_audio.stderr


def test_silence_is_gated_and_short_or_foreign_input_fails_alone(gantools, models: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in/silence.wav", np.zeros(22050 * 8), 22050)
    soundfile.write(tmp_path / "in/ten-ms.wav", tone(0.01), 22050)
    soundfile.write(tmp_path / "in/second.wav", tone(1.0), 22050)
    (tmp_path / "in/text.wav").write_text("letter")
    soundfile.write(tmp_path / "in/six.wav", tone(7.0, channels=6), 22050)
    done = gantools("generate", "cyclegan", models / "cyclegan", "in", "-o", "out", "--effort", "draft", "--json")
    assert done.returncode == 1
    status = {Path(r["source"]).stem: r["status"] for r in records(done.stdout)}
    assert status == {"second": "ok", "silence": "ok", "six": "ok", "ten-ms": "error", "text": "error"}
    assert not soundfile.read(tmp_path / "out/silence.drums.wav")[0].any()
    assert soundfile.info(tmp_path / "out/second.drums.wav").frames == 22050
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "manifest.jsonl",
        "second.drums.wav",
        "silence.drums.wav",
        "six.drums.wav",
    }
    gantools("melify", "in/six.wav", "-o", "mels", "--n-mels", "64")
    other = gantools("generate", "cyclegan", models / "cyclegan", "mels", "-o", "x")
    assert "n_mels is 64, but the model uses 256" in other.stderr


def test_a_damaged_model_is_one_line_and_exit_2(gantools, models: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "bass.wav", tone(7.0), 22050)

    def fails(folder: str, word: str) -> None:
        done = gantools("generate", "cyclegan", folder, "bass.wav", "-o", "out")
        assert done.returncode == 2
        assert word in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "out").exists()

    fails("nowhere", "no model folder")
    shutil.copytree(models / "cyclegan", tmp_path / "lacking")
    (tmp_path / "lacking/G.ema.safetensors").unlink()
    fails("lacking", "G.ema.safetensors is missing")
    shutil.copytree(models / "cyclegan", tmp_path / "flipped")
    weights = bytearray((tmp_path / "flipped/G.ema.safetensors").read_bytes())
    weights[-5] ^= 1
    (tmp_path / "flipped/G.ema.safetensors").write_bytes(weights)
    fails("flipped", "checksum")
    fails(str(models / "pix2pix"), "is a model of pix2pix")


def test_from_python_the_part_and_its_mix_are_arrays(models: Path) -> None:
    model = gt.load(models / "cyclegan", device="cpu")
    sound = tone(8.0, 22050, 2).T.astype(np.float32)
    part, mix = model.generate_all((sound, 22050), mix=True, effort="draft")
    assert (part.audio.shape, mix.audio.shape) == ((1, 8 * 22050), (2, 8 * 22050))
    assert (part.record["role"], mix.record["role"]) == ("drums", "mix")
    for result in (part, mix):
        assert not {"path", "mix", "source"} & set(result.record)
