"""The Python door: the same results as the verbs, arrays in place of files, errors before anything starts."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_caw import small_model
from sounds import tone

import gantools as gt
from gantools.audio.config import MelParams
from gantools.audio.io import read_audio
from gantools.audio.melfile import read_mel
from gantools.cli.flags import Run
from gantools.cli.records import collected, say
from gantools.errors import ConfigError, InputError, ModelError
from gantools.models.folder import describe
from gantools.training.config import TrainConfig

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
        (lambda: gt.run("melify", "x.wav", out="m", force="false"), ConfigError, "force='false': write True or False"),
        (lambda: gt.run("melify", out="m"), ConfigError, "no input"),
        (lambda: gt.separate(out="m"), ConfigError, "no input"),
        (lambda: gt.evaluate("rhythm", "a", "b", dry_run=True), ConfigError, r"no dry_run.*gt\.run"),
        (lambda: gt.evaluate("rhythm", "a", "b", print_config=True), ConfigError, "no print_config"),
        (lambda: gt.train("caw", "x.wav", out="m", dry_run=True), ConfigError, "no dry_run"),
        (lambda: gt.train("caw", "x.wav", "y.wav", out="m"), ConfigError, r"together=True.*gt\.run\("),
        (lambda: gt.train("caw", ".", out="m"), ConfigError, "together=True"),
        (lambda: gt.invert(None), InputError, "no mel"),
        (lambda: gt.invert(gt.Mel([[0.0], [1.0, 2.0]], MelParams(), 512)), InputError, "different lengths"),
        (lambda: gt.invert(gt.Mel([["loud"]], MelParams(), 512)), InputError, "levels in dB"),
        (lambda: gt.invert(gt.Mel(np.zeros((2, 256)), None, 512)), InputError, "MelParams"),
    ],
)
def test_errors_say_what_is_wrong(here: Path, call, error, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(error, match=says):
        call()
    assert capfd.readouterr().out == ""
    assert not list(here.iterdir())


@pytest.mark.parametrize("rate_hz", [-5, 0, 0.5, 1, 22050.5, np.nan, np.inf, 10**6, "22050", True])
def test_a_rate_is_a_whole_number_in_range(rate_hz) -> None:
    with pytest.raises(ConfigError, match="not a whole number from 1000 to 768000"):
        gt.melify(np.zeros(22050), rate_hz)


def test_whole_floats_and_lists_are_numbers() -> None:
    mel = gt.melify(np.zeros(4096), 22050.0)
    audio, rate_hz = gt.invert(gt.Mel(mel.db.tolist(), mel.params, mel.n_samples), effort="draft")
    assert (audio.shape, rate_hz) == ((4096,), 22050)


def test_a_model_refuses_what_it_cannot_return(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_model(here / "m")
    model = gt.load("m", device="cpu")
    for options in ({"out": "o"}, {"dry_run": True}, {"print_config": True}, {"shard": "1/2"}):
        with pytest.raises(ConfigError, match=f"takes no {next(iter(options))}"):
            model.generate(**options)
    with pytest.raises(ConfigError, match="caw takes no inputs"):
        model.generate((np.zeros(4000, np.float32), 4000))
    monkeypatch.setenv("GANTOOLS_DRY_RUN", "1")
    with pytest.raises(ConfigError, match="GANTOOLS"):
        model.generate(seconds=1)


@pytest.mark.parametrize(
    ("system", "given", "says"),
    [
        ("automix", (np.zeros(4000), 4000), "automix takes no arrays"),
        ("cyclegan", (np.zeros(4000), 4000, 1), r"\(audio, rate_hz\)"),
        ("cyclegan", np.zeros(4000), r"\(audio, rate_hz\)"),
        ("cyclegan", (np.zeros(4000), 0.5), "whole number"),
    ],
)
def test_sounds_that_a_system_cannot_take(here: Path, system: str, given, says: str) -> None:
    Path("config.json").write_text(json.dumps(describe(system, TrainConfig(), {}, {})))
    with pytest.raises(ConfigError, match=says):
        gt.load(here).generate(given)
    with pytest.raises(ConfigError, match="takes no mel"):
        gt.load(here).generate_all("x.wav", mel=True)


def test_records_name_no_file_that_is_gone(here: Path) -> None:
    (result,) = gt.load(small_model(here / "m"), device="cpu").generate_all(seconds=1)
    assert result.record["seed"] == 0
    assert "path" not in result.record
    assert "gantools-" not in str(result.record)


def test_standard_streams_are_left_alone(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    soundfile.write("good.wav", tone(1.0), 22050)
    Path("bad.wav").write_bytes(b"no sound")
    for quiet in (True, False):
        with pytest.raises(InputError, match=r"bad\.wav"):
            gt.run("melify", "good.wav", "bad.wav", out="mels", quiet=quiet)
        out, err = capfd.readouterr()
        assert out == ""
        assert ("1 failed" in err) is not quiet


def test_what_is_left_out_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    with collected(silent=True) as said:
        say(Run("melify", quiet=True), "song.wav: left out", error=True)
        say(Run("melify"), "1 done")
    assert said.notices == ["song.wav: left out"]
    assert capfd.readouterr().err == ""
    say(Run("melify"), "1 done")
    assert capfd.readouterr().err == "gantools melify: 1 done\n"


def test_one_bad_file_costs_that_file(here: Path) -> None:
    soundfile.write("good.wav", tone(1.0), 22050)
    Path("bad.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match=r"bad\.wav"):
        gt.run("melify", "good.wav", "bad.wav", out="mels")
    assert [path.name for path in Path("mels").glob("*.safetensors")] == ["good.mel.safetensors"]
