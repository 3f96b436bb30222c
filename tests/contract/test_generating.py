"""What every system's generating keeps: equal seeds, up to date, dry runs, jobs, and models that cannot be used."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import soundfile
from registry import WAYS, no_inversion
from running import made_here, run_here
from sounds import tone

from gantools.systems.translation import listening


@pytest.fixture(
    scope="module", params=[name for name, tiny in WAYS.items() if tiny.commands and tiny.commands.generate]
)
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The words of the command that generates, and a folder with its model ``m``."""
    folder, tiny = tmp_path_factory.mktemp(request.param), WAYS[request.param]
    assert tiny.commands is not None
    (folder / "data").mkdir()
    tiny.write(folder / "data")
    soundfile.write(folder / "bass.wav", tone(4.0), 22050)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "invert_mel", no_inversion)
        made_here(folder, "train", *tiny.commands.train.split(), "-o", "m", "--steps", "1", "-q")
    return tiny.commands.generate, folder


def records(folder: Path, *words: object) -> list[dict[str, Any]]:
    """Run a command with ``--json``; return its records."""
    done = run_here(folder, *words, "-d", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def sounds(folder: Path) -> dict[str, bytes]:
    """Return the audio files of a folder, as bytes by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.wav")}


def test_equal_seeds_give_equal_files_whatever_the_jobs(here: tuple[str, Path]) -> None:
    words, folder = here[0].split(), here[1]
    made = records(folder, *words, "-o", "one")
    assert {record["status"] for record in made} == {"ok"}
    assert all((folder / record["path"]).is_file() for record in made)
    assert all("seconds" in record and record["model_steps"] >= 1 for record in made)
    assert {record["status"] for record in records(folder, *words, "-o", "one")} == {"skipped"}
    records(folder, *words, "-o", "two", "-j", "2")
    assert sounds(folder / "one") == sounds(folder / "two") != {}


def test_a_dry_run_plans_what_is_made_and_writes_nothing(here: tuple[str, Path]) -> None:
    words, folder = here[0].split(), here[1]
    planned = records(folder, *words, "-o", "planned", "-n")
    assert {record["status"] for record in planned} == {"planned"}
    assert not (folder / "planned").exists()


def test_a_model_with_damaged_weights_is_one_line(here: tuple[str, Path], tmp_path: Path) -> None:
    words, folder = here[0].split(), here[1]
    for name in ("bass.wav", "data"):
        (tmp_path / name).symlink_to(folder / name)
    shutil.copytree(folder / "m", tmp_path / "m")
    for path in (tmp_path / "m").rglob("*.safetensors"):
        if "state" not in path.parts:
            path.write_bytes(path.read_bytes()[:-9])
    refused(tmp_path, words, r"\bm/\S*safetensors: ")


def test_another_thing_than_a_model_is_one_line(here: tuple[str, Path], tmp_path: Path) -> None:
    words, folder = here[0].split(), here[1]
    for name in ("bass.wav", "data"):
        (tmp_path / name).symlink_to(folder / name)
    refused(tmp_path, words, r" m(/config\.json)?: |no model 'm'")
    (tmp_path / "m").mkdir()
    refused(tmp_path, words, r" m(/config\.json)?: |no model 'm'")
    (tmp_path / "m/config.json").write_text('{"schema": 2, "system": "other"}')
    refused(tmp_path, words, r" m(/config\.json)?: |no model 'm'")


def refused(folder: Path, words: list[str], says: str) -> None:
    done = run_here(folder, *words, "-o", "out", "-d", "cpu")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    # How far the model was trained may be said before.
    *before, line = done.stderr.splitlines()
    assert all("expect noise" in other for other in before)
    assert line.startswith(f"gantools {words[0]}: ")
    assert re.search(says, line), line
    assert not (folder / "out").exists()
