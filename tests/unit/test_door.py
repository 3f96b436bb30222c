"""The Python door: the same results as the verbs, arrays in place of files, errors before anything starts."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import tone

import gantools as gt
from gantools.audio.io import read_audio
from gantools.audio.melfile import read_mel
from gantools.errors import ConfigError, InputError, ModelError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/python.md"

#: What makes a training a matter of seconds.
TOY = (('preset="small", budget="10m"', 'preset="small", steps=2, sample_rate_hz=2000, width=4, layers=4, threads=1'),)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_import_alone_loads_nothing() -> None:
    script = "import sys, gantools; print({'numpy', 'torch', 'typer'} & set(sys.modules), gantools.__version__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"set() {gt.__version__}\n"
    assert {"melify", "load", "train"} <= set(dir(gt))
    with pytest.raises(AttributeError, match="no attribute 'melfy'"):
        gt.melfy  # noqa: B018


def test_every_block_of_the_page_runs(here: Path) -> None:
    soundfile.write("song.wav", np.hstack([tone(3.0), tone(3.0, hz=330)]), 22050)
    soundfile.write("riff.wav", tone(3.0, 8000), 8000)
    Path("broken.wav").write_bytes(b"no sound")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) > 10
    names: dict[str, object] = {}
    for block in blocks:
        for text, toy in TOY:
            block = block.replace(text, toy)
        exec(compile(block, str(PAGE), "exec"), names)
    assert set(names["levels"]) == {"bass", "drums", "other", "vocals"}  # type: ignore[call-overload]


@pytest.mark.parametrize("page", ["README.md", "docs/contributing.md"])
def test_names_that_other_pages_use_exist(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, page, "exec")
        for name in re.findall(r"\bgt\.(\w+)", block):
            assert callable(getattr(gt, name))


@pytest.mark.parametrize("module", ["door.sounds", "audio.resample", "audio.midside"])
def test_examples_of_docstrings_hold(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"gantools.{module}"), extraglobs={"np": np, "gt": gt})
    assert found.attempted
    assert not found.failed


def test_mels_are_those_of_the_verb(here: Path) -> None:
    wave = tone(3.0, 44100, 2)
    soundfile.write("tone.wav", wave, 44100, subtype="FLOAT")
    gt.run("melify", "tone.wav", out="mels")
    file = read_mel("mels/tone.mel.safetensors")
    mels = [gt.melify("tone.wav"), gt.melify(np.asarray(wave).T, 44100)]
    for mel in mels:
        assert mel.n_samples == file.n_samples
        assert np.abs(mel.db - file.frames()).max() < 0.05  # the file has 16 bits a value
    gt.run("invert", "mels/tone.mel.safetensors", out="out", effort="draft", bits="32f", seed=0)
    audio, rate_hz = gt.invert("mels/tone.mel.safetensors", effort="draft", seed=0)
    written, written_hz = read_audio("out/tone.wav")
    assert rate_hz == written_hz
    assert audio.shape == written[0].shape


def test_cancelling_channels_are_said() -> None:
    wave = np.hstack([tone(1.0), -tone(1.0)]).T
    with pytest.warns(UserWarning, match="cancel"):
        assert gt.melify(wave, 22050).db.max() > 0


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: gt.run("melfy"), ConfigError, "no verb 'melfy'.*did you mean melify"),
        (lambda: gt.run("train", "cw", "x.wav", out="m"), ConfigError, "'cw'.*did you mean caw"),
        (lambda: gt.run("evaluate"), ConfigError, "nothing: there are"),
        (
            lambda: gt.run("melify", "x.wav", out="m", hop_sample=1),
            ConfigError,
            "no option 'hop_sample'; did you mean hop_samples",
        ),
        (lambda: gt.run("melify", "x.wav", out="m", hop_samples="much"), ConfigError, "--hop-samples"),
        (lambda: gt.run("melify", "x.wav", out="m", norm="some"), ConfigError, "norm"),
        (lambda: gt.run("melify", "x.wav", out="m"), ConfigError, "no such file"),
        (lambda: gt.melify(np.zeros(22050)), ConfigError, "sample rate"),
        (lambda: gt.melify(np.zeros(22050, int), 22050), InputError, "float"),
        (lambda: gt.melify(np.full(22050, np.nan), 22050), InputError, "NaN"),
        (lambda: gt.melify(np.zeros(10), 22050), InputError, "too short"),
        (lambda: gt.melify(np.zeros((1, 1, 9)), 22050), InputError, "shape"),
        (lambda: gt.load("m"), ModelError, "no model folder"),
    ],
)
def test_errors_say_what_is_wrong(here: Path, call, error, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(error, match=says):
        call()
    assert capfd.readouterr().out == ""
    assert not list(here.iterdir())


def test_one_bad_file_costs_that_file(here: Path) -> None:
    soundfile.write("good.wav", tone(1.0), 22050)
    Path("bad.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match=r"bad\.wav"):
        gt.run("melify", "good.wav", "bad.wav", out="mels")
    assert [path.name for path in Path("mels").glob("*.safetensors")] == ["good.mel.safetensors"]
