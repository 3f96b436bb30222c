"""`gantools train caw` through its real interface: one clip, a folder, bad input, killed and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from sounds import tone

from gantools.files.containers import read_state

TINY = ["--preset", "small", "--budget", "", "--steps", "3", "--sample-rate", "4000", "--rates", "1000,2000,4000"]
TINY += [
    "--layers",
    "4",
    "--width",
    "4",
    "--coarse-width",
    "4",
    "--crop",
    "1024",
    "--pool",
    "2",
    "--threads",
    "1",
]
TINY += ["--recalibrate", "1", "--least-energy", "0", "-d", "cpu", "--start", "noise"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(gantools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``gantools train caw`` in `tmp_path`, beside a clip ``riff.wav``."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("riff.wav", tone(2.0, 8000), 8000)

    def run(*arguments: str) -> tuple[int, str, str]:
        done = gantools("train", "caw", *TINY, *arguments)
        return done.returncode, done.stdout, done.stderr

    return run


def weights_of(model: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for path in sorted(model.rglob("scale.safetensors")):
        tensors.update({f"{path.parent.name}/{name}": t for name, t in read_state(path)[0].items()})
    return tensors


def test_one_clip_becomes_the_model_and_is_not_done_again(here: Run) -> None:
    code, out, err = here("riff.wav", "-o", "models/riff", "--json")
    assert code == 0, err
    record = json.loads(out)
    assert {k: record[k] for k in ("action", "status", "path", "system", "step")} == {
        "action": "train",
        "status": "ok",
        "path": "models/riff",
        "system": "caw",
        "step": 9,
    }
    config = json.loads(Path("models/riff/config.json").read_text())
    assert config["system"] == "caw"
    assert config["data"]["rates_hz"] == [1000, 2000, 4000]
    assert (config["data"]["clips"][0]["name"], config["data"]["seconds"]) == ("riff.wav", 2.0)
    code, out, err = here("riff.wav", "-o", "models/riff", "--json")
    assert (code, json.loads(out)["status"]) == (0, "skipped")
    said = Path("models/riff/config.json").read_bytes()
    code, _, err = here("riff.wav", "-o", "models/riff", "--steps", "5")
    assert (code, Path("models/riff/config.json").read_bytes()) == (2, said)
    assert "finished, with --steps 3; --no-resume trains them anew" in err
    code, _, err = here("riff.wav", "-o", "models/riff", "--lr", "0.1")
    assert code == 2
    assert "lr" in err


def test_a_folder_becomes_one_model_each_and_a_broken_file_fails_alone(here: Run) -> None:
    Path("crate/low").mkdir(parents=True)
    soundfile.write("crate/a.wav", tone(2.0, 8000), 8000)
    soundfile.write("crate/low/b.wav", tone(1.5, 8000, seed=1), 8000)
    Path("crate/notes.wav").write_text("not music")
    code, out, err = here("crate", "-o", "models")
    assert code == 1
    assert out.splitlines() == ["models/a", "models/low/b"]
    assert "notes.wav: not an audio file" in err
    assert len(weights_of(Path("models/low/b"))) == len(weights_of(Path("models/a"))) > 0
    Path("crate/notes.wav").unlink()
    code, out, err = here("crate", "-o", "models")
    assert code == 0
    assert "nothing to do: 2 up to date" in err


def test_together_is_one_model(here: Run) -> None:
    Path("my songs").mkdir()
    Path("my songs/LICENSE.txt").write_text("CC0")
    soundfile.write("my songs/verse.wav", tone(1.5, 8000, seed=1), 8000)
    code, _, err = here("riff.wav", "my songs/verse.wav", "-o", "m", "--together")
    assert code == 0, err
    assert len(json.loads(Path("m/config.json").read_text())["data"]["clips"]) == 2
    assert "my songs/LICENSE.txt" in Path("m/card.md").read_text()  # of an input whose name has a space


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(16000), "silent"),
        (0.1 * np.ones(80), "too short"),
        (np.full(16000, np.nan), "NaN"),
    ],
)
def test_what_cannot_be_learned(samples: np.ndarray, says: str, here: Run) -> None:
    soundfile.write("bad.wav", samples.astype(np.float32), 8000, subtype="FLOAT")
    code, out, err = here("bad.wav", "-o", "m")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "bad.wav" in err
    assert says in err
    assert not Path("m").exists()


def test_wrong_options(here: Run) -> None:
    Path("text.wav").write_text("not music")
    for arguments, says in (
        (["text.wav"], "not an audio file"),
        (["riff.wav", "--rates", "octave"], "rates"),
        (["riff.wav", "--kernel", "8"], "even"),
        (["riff.wav", "--task", "inpaint"], "holes"),
        (["riff.wav", "--task", "inpaint", "--holes", "1-9"], "outside"),
        (["riff.wav", "--start-seconds", "5"], "has only 2.0 s"),
        (["riff.wav", "--from", "nowhere"], "nowhere"),
        (["riff.wav", "--task", "denoise", "--start", "patches"], "start: patches makes new music"),
        (["riff.wav", "--max-seconds", "0.9", "--start", "patches"], "at least 1 s, or --start noise"),
    ):
        code, out, err = here(*arguments, "-o", "m")
        assert (code, out) == (2, ""), arguments
        assert says in err
        assert len(err.splitlines()) == 1
    assert not Path("m").exists()


def test_dry_run_tells_what_will_happen(here: Run) -> None:
    code, _, err = here("riff.wav", "-o", "m", "-n", "--least-energy", "0.01")
    assert code == 0
    for part in ("parameters: G ", "scales: ", "skipped: ", "receptive field: 121 samples", "% of the clip", "time: "):
        assert part in err
    assert not Path("m").exists()
