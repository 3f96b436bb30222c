"""What a command loads: the seconds before its first file are imports, most of them of what it does not use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from running import made_here
from sounds import tone

from gantools.cli.app import VERBS

SLOW = ("torch", "torchaudio", "scipy", "scipy.signal", "scipy.stats", "scipy.optimize", "numba", "matplotlib")
SLOW += ("sklearn", "joblib", "demucs", "librosa", "jinja2")

#: A run of one file each, and what of the above it needs.
RUNS = {
    "melify in/bass.wav -o mels -q": {"scipy"},  # its Fourier transform
    "chunk mels -o chunks -q": {"scipy"},
    "invert mels -o out --effort draft -q": {"scipy", "numba"},
    "loopscore in/bass.wav --best -q --bpm 120": {"scipy"},
    "fxnorm apply in/bass.wav --target musdb18 -o fx -q": {"scipy", "numba"},
}


def loaded(folder: Path, *commands: list[str]) -> set[str]:
    """Run commands one after the other in a new process; return what of `SLOW` is loaded then."""
    script = f"""
import sys
from gantools.cli.app import main
for command in {commands!r}:
    try:
        main(command)
    except SystemExit as stop:
        assert not stop.code, command
open("loaded", "w").write(" ".join(name for name in {SLOW!r} if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return set((folder / "loaded").read_text().split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound and its mel file."""
    folder = tmp_path_factory.mktemp("imports")
    (folder / "in").mkdir()
    soundfile.write(folder / "in/bass.wav", tone(7.0), 22050)
    made_here(folder, "melify", "in", "-o", "mels")
    return folder


@pytest.mark.parametrize("line", RUNS)
def test_a_run_loads_only_what_it_uses(line: str, folder: Path, tmp_path: Path) -> None:
    for name in ("in", "mels"):
        (tmp_path / name).symlink_to(folder / name)
    if line.startswith("melify"):
        (tmp_path / "mels").unlink()
    assert loaded(tmp_path, line.split()) == RUNS[line]


def test_help_and_a_second_run_load_nothing(folder: Path) -> None:
    again = [line.split() for line in RUNS if line.startswith("melify")]
    made = loaded(folder, *([*line, "--force"] for line in again))
    assert made == {"scipy"}
    assert loaded(folder, ["--help"], *([verb, "--help"] for verb in VERBS), *again) == set()


#: What no help needs; pydantic is what Typer checks values with.
NOT_FOR_HELP = {*SLOW, "numpy", "pydantic", "rich", "gantools.files.containers"}


@pytest.mark.parametrize(("line", "most"), [("", 200), *((verb, 300) for verb in VERBS), ("train caw", 300)])
def test_a_help_loads_its_own_verb_alone(line: str, most: int) -> None:
    """Counts instead of seconds, which depend on the machine; benchmarks/bench_startup.py has those."""
    script = f"""
import os, sys
before = set(sys.modules)
from gantools.cli.app import main
try:
    main({[*line.split(), "--help"]!r})
finally:
    os.write(1, ("\\f" + "\\n".join(set(sys.modules) - before)).encode())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    modules = set(done.stdout.rpartition("\f")[2].split("\n"))
    verb = line.split()[0] if line else ""
    assert done.returncode == 0
    assert {name for name in modules if name.startswith("gantools.commands.")} == {
        f"gantools.commands.{name}" for name in (verb,) if name
    }
    assert not modules & NOT_FOR_HELP
    # Each Python since 3.11 brings one more of its own.
    assert 50 < len(modules) <= most + sys.version_info.minor - 11


def test_the_list_of_verbs_says_what_they_say_themselves(gantools: Callable) -> None:
    for verb, line in VERBS.items():
        text = " ".join(gantools(verb, "--help").stdout.split())
        assert line[:-1] in text, verb
