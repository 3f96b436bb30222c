"""Where results go when nobody says: into a folder of the verb's on a terminal, and nowhere off one."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from running import run_here

from gantools.cli.app import VERBS, find_command

#: Commands that need no folder: they print, or write the one file that -o names.
NONE = {"fxnorm fit", "fxnorm measure", "fxnorm check", "loopscore"}


def leaves(command, words: str) -> Iterator[tuple[str, Any]]:
    """Yield the commands below one."""
    if not hasattr(command, "commands"):
        yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from leaves(below, f"{words} {name}")


@contextmanager
def terminal() -> Iterator[IO[bytes]]:
    """A standard output that is a terminal; what is written to it is not read."""
    ours, theirs = pty.openpty()
    try:
        with os.fdopen(theirs, "wb") as stream:
            yield stream
    finally:
        os.close(ours)


@pytest.fixture
def on_terminal(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `gantools ARGS` with a terminal for its results."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        with terminal() as output:
            return run_here(tmp_path, *arguments, output=output, **environment)

    return run


def test_every_command_that_needs_a_folder_has_one_name_for_it() -> None:
    found = dict(leaf for verb in VERBS for leaf in leaves(find_command([verb])[0], verb))
    folders = {words: command.callback.folder for words, command in found.items()}
    assert all(
        folder == f"models/{words.split()[1]}" for words, folder in folders.items() if words.startswith("train ")
    )
    without = {words for words, folder in folders.items() if not folder}
    assert without == NONE | {words for words in folders if words.startswith("evaluate ")} - {"evaluate listen"}
    assert folders["separate"] == "stems"
    assert folders["generate drummer"] == "drums"


def test_a_terminal_gets_a_folder_and_a_line_and_a_script_the_error_of_before(
    on_terminal: Callable[..., subprocess.CompletedProcess[str]],
    gantools: Callable[..., subprocess.CompletedProcess[str]],
    write_tone: Callable[..., Path],
    tmp_path: Path,
) -> None:
    write_tone(tmp_path / "a.wav", 0.5)
    done = gantools("melify", "a.wav")
    assert (done.returncode, done.stderr) == (2, "gantools melify: no output folder; name one with -o\n")
    done = on_terminal("melify", "a.wav")
    assert done.returncode == 0
    assert "gantools melify: no output folder named: writing to mels/; -o names another\n" in done.stderr
    assert (tmp_path / "mels/a.mel.safetensors").is_file()
    done = on_terminal("melify", "a.wav", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    # What is named counts, wherever it is named.
    for arguments, environment in ((("-o", "here"), {}), ((), {"GANTOOLS_OUT": "here"})):
        done = on_terminal("melify", "a.wav", *arguments, **environment)
        assert "no output folder" not in done.stderr
        assert (tmp_path / "here/a.mel.safetensors").is_file()
        shutil.rmtree(tmp_path / "here")


def test_what_is_no_result_of_ours_is_in_nobodys_way(
    on_terminal: Callable[..., subprocess.CompletedProcess[str]], write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    """A folder of that name that is the user's: its files stay, and a second run finds no inputs in it."""
    write_tone(tmp_path / "a.wav", 0.5)
    (tmp_path / "mels").mkdir()
    (tmp_path / "mels/a.mel.safetensors").write_text("mine")
    done = on_terminal("melify", "a.wav")
    assert done.returncode == 1
    assert (tmp_path / "mels/a.mel.safetensors").read_text() == "mine"


def test_python_names_its_folders(tmp_path: Path, write_tone, monkeypatch: pytest.MonkeyPatch) -> None:
    import gantools as gt
    from gantools.errors import ConfigError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    write_tone(tmp_path / "a.wav", 0.5)
    with pytest.raises(ConfigError, match="no output folder"):
        gt.run("melify", "a.wav")


def test_an_export_names_its_own_file(on_terminal: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = on_terminal("generate", "codec", "gone", "--export", "x.pt")
    assert "writing to" not in done.stderr
    assert "leave out -o" not in done.stderr


def test_a_terminal_names_what_stands_beside_a_result(
    gantools: Callable[..., subprocess.CompletedProcess[str]], write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    write_tone(tmp_path / "a.wav", 0.5)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb") as stream:
        run_here(tmp_path, "melify", "a.wav", "--image", "-o", "mels", output=stream)
        told = os.read(ours, 4096).decode().split()
    os.close(ours)
    assert told == ["mels/a.mel.safetensors", "mels/a.mel.png"]
    assert gantools("melify", "a.wav", "--image", "-o", "mels").stdout.split() == told[:1]
