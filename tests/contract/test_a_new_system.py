"""A new system is four files, a file of commands and a word: `eleventh` becomes one for the length of a test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import torch
from running import Done
from sounds import tone

from gantools.files.containers import read_state

HERE = Path(__file__).parent / "eleventh"
#: `gantools` where the families have one word more; killed after a step where the environment says so.
PROGRAM = """
import os, sys
import gantools.systems, gantools.cli.systems as families
gantools.systems.__path__.append("systems")
families.__path__.append("commands")
families.FAMILIES += ("tones",)
from gantools.cli import training
from gantools.cli.app import main
shown = training.Watch.__call__
def noted(watch, progress):
    shown(watch, progress)
    if progress.activity == "train" and str(progress.step) == os.environ.get("KILLED_AFTER"):
        os.kill(os.getpid(), 9)
training.Watch.__call__ = noted
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the new system's files where the packages find them, and a recording."""
    folder = tmp_path_factory.mktemp("eleventh")
    (folder / "systems/tones").mkdir(parents=True)
    (folder / "commands").mkdir()
    for name in ("config", "networks", "objective", "generate"):
        shutil.copy(HERE / f"{name}.py", folder / "systems/tones")
    shutil.copy(HERE / "command.py", folder / "commands/tones.py")
    soundfile.write(folder / "riff.wav", tone(2.0, 8000), 8000)
    return folder


def gantools(folder: Path, line: str, **environment: str) -> Done:
    command = [sys.executable, "-c", PROGRAM, *line.split()]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def test_it_trains_is_killed_resumes_and_generates(folder: Path) -> None:
    train = "train tones riff.wav --save-every 5 --threads 1 --precision float32 -d cpu --json"
    whole = gantools(folder, f"{train} -o whole")
    assert whole.returncode == 0, whole.stderr
    assert json.loads(whole.stdout)["step"] == 30
    killed = gantools(folder, f"{train} -o parts", KILLED_AFTER="12")
    assert killed.returncode == -signal.SIGKILL
    resumed = gantools(folder, f"{train} -o parts")
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after step 10" in resumed.stderr
    for name in ("G", "G.ema", "D"):
        one, two = (read_state(folder / model / f"{name}.safetensors")[0] for model in ("whole", "parts"))
        assert all(torch.equal(one[key], two[key]) for key in one), name
    made = gantools(folder, "generate tones parts -o clips -d cpu")
    assert made.stdout.splitlines() == ["clips/tone-0.wav", "clips/tone-1.wav"], made.stderr
    assert soundfile.info(folder / "clips/tone-0.wav").frames == 256
    assert "2 up to date" in gantools(folder, "generate tones parts -o clips -d cpu").stderr
