"""What messages advise can be done: the options exist, and following them helps."""

from __future__ import annotations

import ast
import errno
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from sounds import stem, tone

from gantools.cli.app import VERBS, find_command

ROOT = Path(__file__).resolve().parents[2]
TINY = "--preset small --variant baseline --width 2 --batch-size 4 --samples 1024 --validation-clips 8 --threads 1"
WAVEGAN = ("train", "wavegan", *TINY.split(), "--precision", "float32")
#: An option in a text; not a variable of a style sheet.
OPTION = re.compile(r"(?<![\w(-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![\w-]|: #)")
#: Options of other programs.
FOREIGN = {"--nproc-per-node", "--nworkers", "--nthreads"}


def options_of(command: Any) -> Iterator[str]:
    """Return the long options of a command and of those below it."""
    for parameter in command.params:
        yield from (name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--"))
    for below in getattr(command, "commands", {}).values():
        yield from options_of(below)


def sentences(path: Path) -> Iterator[str]:
    """Return the strings of a module that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_options_that_messages_name_exist() -> None:
    there = {"--help", "--version", "--env", "--completion"}.union(
        *(options_of(find_command([verb])[0]) for verb in VERBS)
    )
    assert {"--from", "--no-resume", "--lr", "--sample-rate"} <= there
    named = 0
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "commands").glob("*.py")]:
        for sentence in sentences(path):
            for option in re.findall(OPTION, sentence):
                assert option in there | FOREIGN, f"{path.relative_to(ROOT)}: {option}, in {sentence!r}"
                named += 1
    assert named > 100


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs of two seconds, and one at another rate."""
    folder = tmp_path_factory.mktemp("songs") / "songs"
    folder.mkdir()
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(folder / f"{kind}.wav", stem(kind, 2.0, 8000, number), 8000)
    return folder


def test_divergence_ends_with_an_error_and_its_advice_helps(gantools: Callable, songs: Path, tmp_path: Path) -> None:
    high = ("--lr", "50", "--discriminator-lr", "50")
    done = gantools(*WAVEGAN, songs, "-o", "m", "--variant", "improved", "--steps", "8", *high)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "diverged" in line]
    assert line.startswith("gantools train: m: diverged by step 8 (")
    assert line.endswith("the weights kept are untrained; start over (--no-resume) with a lower learning rate")
    assert "done in" not in done.stderr
    done = gantools(*WAVEGAN, songs, "-o", "m", "--variant", "improved", "--steps", "2", "--no-resume")
    assert done.returncode == 0, done.stderr


def test_other_songs_are_named_and_from_learns_them(gantools: Callable, songs: Path, tmp_path: Path) -> None:
    assert gantools(*WAVEGAN, songs, "-o", "m", "--steps", "1", "-q").returncode == 0
    shutil.copytree(songs, tmp_path / "more")
    soundfile.write(tmp_path / "more/zz-new.wav", stem("vocals", 2.0, 8000, 7), 8000)
    (tmp_path / "more/bass.wav").unlink()
    soundfile.write(tmp_path / "more/drums.wav", stem("drums", 2.0, 8000, 8), 8000)
    done = gantools(*WAVEGAN, "more", "-o", "m", "--steps", "2")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "cannot go on with other data: new: zz-new, gone: bass, changed: drums; " in line
    assert "--from m and another --out" in line
    done = gantools(*WAVEGAN, "more", "-o", "m2", "--from", "m", "--steps", "1", "-q")
    assert (done.returncode, done.stdout) == (0, "m2\n"), done.stderr
    # A copy in another format is the same song.
    (tmp_path / "flac").mkdir()
    for path in songs.iterdir():
        soundfile.write(tmp_path / f"flac/{path.stem}.flac", *soundfile.read(path, dtype="int16"))
    assert gantools(*WAVEGAN, "flac", "-o", "m", "--steps", "2", "-q").returncode == 0


def test_clips_of_several_rates_are_told_the_rate_that_works(gantools: Callable, tmp_path: Path) -> None:
    (tmp_path / "mixed").mkdir()
    for rate_hz in (16000, 4000, 8000):
        soundfile.write(tmp_path / f"mixed/{rate_hz}.wav", tone(2.0, rate_hz), rate_hz)
    command = ("train", "caw", "mixed", "--together", "-o", "c", "--preset", "small", "--dry-run")
    done = gantools(*command)
    assert done.returncode == 2
    option, value = re.search(r"give (--[\w-]+) (\d+)", done.stderr).groups()
    assert (option, value) == ("--sample-rate", "4000")
    assert gantools(*command, option, value).returncode == 0


def test_two_takes_of_one_name_become_two_models(gantools: Callable, tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    for ending in ("wav", "flac"):
        soundfile.write(tmp_path / f"same/take.{ending}", tone(2.0, 4000), 4000)
    done = gantools("train", "caw", "same", "-o", "c", "--preset", "small", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert len(set(done.stdout.splitlines())) == 2


def test_a_full_folder_of_temporary_files_is_named_with_tmpdir(
    gantools: Callable, songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gantools.training.songs.open_scratch", Full)
    done = gantools(*WAVEGAN, songs, "-o", "m", "--steps", "1")
    assert done.returncode == 2
    assert done.stderr == (
        f"gantools train: {tempfile.gettempdir()}: temporary files cannot be written (No space left on device); "
        "free some space there, or set TMPDIR to a folder on another disk\n"
    )
