"""Streams that are closed, full or left; names that are no text; libraries that talk."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gantools.commands import melify as melify_command
from running import PROGRAM, made_here, run_here
from small_caw import small_model
from sounds import tone

from gantools.audio.writing import write_audio

GANTOOLS = shlex.join(PROGRAM)
SIZES = ("--n-mels", "32", "--n-fft", "512", "--hop-samples", "256")
#: A short run of every verb; `--json` follows.
VERBS = {
    "separate": ("separate", "in/a.bass.wav", "-o", "o", "--model", "tiny"),
    "fxnorm fit": ("fxnorm", "fit", "in", "-o", "o.json", "--measure", "raw", "--min-active-seconds", "0"),
    "fxnorm apply": ("fxnorm", "apply", "in", "--target", "musdb18", "-o", "o", "--effects", "loudness"),
    "fxnorm measure": ("fxnorm", "measure", "in"),
    "fxnorm check": ("fxnorm", "check", "in", "in", "--target", "musdb18", "--effects", "loudness"),
    "melify": ("melify", "in", "-o", "o", *SIZES),
    "chunk": ("chunk", "in", "-o", "o", "--samples", "1024"),
    "train": ("train", "caw", "in/a.bass.wav", "-o", "o", "--preset", "small", "-n", "-d", "cpu"),
    "generate": ("generate", "caw", "riff", "-o", "o", "--seconds", "0.2", "-d", "cpu"),
    "invert": ("invert", "mels", "-o", "o", "--effort", "draft", "-d", "cpu"),
    "evaluate": ("evaluate", "pitch", "in", "--tracker", "yin", "-d", "cpu"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with inputs for every verb."""
    folder = tmp_path_factory.mktemp("streams")
    for name in ("a.bass", "b.drums"):
        write_audio(folder / f"in/{name}.wav", tone(0.6).reshape(-1), 22050)
    made_here(folder, "melify", "in", "-o", "mels", *SIZES, "-q")
    small_model(folder / "riff", seconds=1.0)
    return folder


def left_pipe() -> io.FileIO:
    """Return the writing end of a pipe whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb", buffering=0)


@pytest.mark.parametrize("verb", VERBS)
def test_a_reader_that_has_left_is_141_and_no_message(place: Path, verb: str) -> None:
    with left_pipe() as pipe:
        done = run_here(place, *VERBS[verb], "--json", "-q", output=pipe)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("verb", ["fxnorm measure", "melify", "evaluate"])
def test_a_full_output_is_1_and_one_line(place: Path, verb: str) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        done = run_here(place, *VERBS[verb], "-f" if verb == "melify" else "-q", output=full)
    assert done.returncode == 1
    command = VERBS[verb][0]
    assert done.stderr == f"gantools {command}: standard output cannot be written (No space left on device)\n"


@pytest.mark.parametrize("options", [("--help",), ("melify", "--help"), ("--version",), ("melify", "--print-config")])
def test_help_into_a_full_output_is_1_and_one_line(place: Path, options: tuple[str, ...]) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        done = run_here(place, *options, output=full)
    assert done.returncode == 1
    assert done.stderr.endswith("standard output cannot be written (No space left on device)\n")
    assert done.stderr.count("\n") == 1


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell that ends with the code of gantools, not with that of its reader."""
    command = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def test_two_jobs_and_a_reader_of_one_line(place: Path) -> None:
    for number in range(8):
        target = place / f"many/{number}.wav"
        write_audio(target, tone(0.3, seed=number).reshape(-1), 22050)
    done = shell(place, f"{GANTOOLS} melify many -o many-mels -j 2 -q --json | head -n 1")
    assert done.returncode == 141
    assert json.loads(done.stdout)["source"] == "many/0.wav"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("streams", "code", "stdout", "stderr"),
    [
        ("<&-", 0, "{out}/a.bass.mel.safetensors\n", ""),
        (">&-", 1, "", "gantools melify: standard output cannot be written (Bad file descriptor)\n"),
        ("2>&-", 0, "{out}/a.bass.mel.safetensors\n", ""),
        ("2>/dev/full", 0, "{out}/a.bass.mel.safetensors\n", ""),
        ("<&- >&- 2>&-", 1, "", ""),
    ],
)
def test_closed_streams(place: Path, streams: str, code: int, stdout: str, stderr: str) -> None:
    out = "out-" + "".join(letter for letter in streams if letter.isalnum() or letter in "<>")
    done = shell(place, f"{GANTOOLS} melify in/a.bass.wav -o {shlex.quote(out)} -q {streams}")
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout.format(out=out), stderr)
    assert (place / out / "a.bass.mel.safetensors").exists()


def test_a_list_from_a_closed_input_is_no_input(place: Path) -> None:
    done = shell(place, f"{GANTOOLS} melify -o nothing <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no input in standard input" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def here(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `gantools` in a folder with one sound, whose name is no valid text."""
    (tmp_path / "in").mkdir()
    write_audio(tmp_path / "in/x.wav", tone(0.6).reshape(-1), 22050)
    (tmp_path / "in/x.wav").rename(os.fsdecode(os.fsencode(tmp_path) + b"/in/caf\xe9.bass.wav"))
    return partial(run_here, tmp_path)


def test_a_name_that_is_no_text_goes_through_a_pipe_of_names_and_of_records(here: Callable) -> None:
    names = here("melify", "in", "-o", "mels", *SIZES)
    assert names.stdout == "mels/caf\udce9.bass.mel.safetensors\n"
    records = here("melify", "in", "-o", "mels", *SIZES, "--json")
    for kind, listed in (("names", names), ("records", records)):
        done = here("chunk", "-", "-o", kind, "--frames", "16", "--json", input=listed.stdout)
        assert done.returncode == 0, done.stderr
        (record,) = map(json.loads, done.stdout.splitlines())
        assert (record["status"], record["source"]) == ("ok", "mels/caf\udce9.bass.mel.safetensors")


def test_records_of_what_was_up_to_date_are_inputs_too(here: Callable) -> None:
    here("melify", "in", "-o", "mels", *SIZES)
    again = here("melify", "in", "-o", "mels", *SIZES, "--json")
    assert json.loads(again.stdout)["status"] == "skipped"
    done = here("chunk", "-", "-o", "chunks", "--frames", "16", "--json", input=again.stdout)
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ok"]


def test_control_characters_of_a_name_are_shown_escaped_and_written_as_they_are(gantools, tmp_path: Path) -> None:
    name = "a\x1b[31m\u202eb.bass.wav"
    (tmp_path / name).write_bytes(b"no sound")
    done = gantools("melify", name, "-o", "out", "--json")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "a\\x1b[31m\\u202eb.bass.wav: not an audio file" in done.stderr
    assert json.loads(done.stdout)["source"] == name


def noisy(*arguments: Any, **options: Any) -> dict[str, Any]:
    """Do what libraries do on standard error: warn, log, print, and write from C."""
    import logging

    warnings.warn("from warnings", stacklevel=1)
    np.log(np.zeros(1))
    logging.getLogger("somebody").warning("from logging")
    print("from print", file=sys.stderr)
    os.write(2, b"from C\n")
    return MELIFY_FILE(*arguments, **options)


MELIFY_FILE = melify_command.melify_file


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_libraries_are_not_heard(here: Callable, monkeypatch: pytest.MonkeyPatch, quiet: tuple[str, ...]) -> None:
    monkeypatch.setattr(melify_command, "melify_file", noisy)
    done = here("melify", "in", "-o", "mels", *SIZES, *quiet)
    assert (done.returncode, done.stderr) == (0, "" if quiet else "gantools melify: 1 done\n")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", [("--debug",), ("--config", "debug.toml")])
def test_libraries_are_heard_with_debug(
    here: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    (tmp_path / "debug.toml").write_text("debug = true\n")
    monkeypatch.setattr(melify_command, "melify_file", noisy)
    done = here("melify", "in", "-o", "mels", *SIZES, *how)
    for said in ("from print", "from C", "1 done"):
        assert said in done.stderr


def test_quiet_leaves_errors_and_nothing_else(gantools, tmp_path: Path) -> None:
    write_audio(tmp_path / "in/silent.wav", np.zeros(22050, np.float32), 22050)
    assert "silent.wav: warning: silent" in gantools("melify", "in", "-o", "a", *SIZES).stderr
    assert gantools("melify", "in", "-o", "b", "-q", "-v", *SIZES).stderr == ""
    (tmp_path / "in/text.wav").write_bytes(b"no sound")
    done = gantools("melify", "in", "-o", "c", "-q", *SIZES)
    first, last = done.stderr.splitlines()
    assert (first[:32], last) == ("gantools melify: in/text.wav: no", "gantools melify: 1 done, 1 failed")


def test_a_seed_from_a_file_is_that_of_the_flag_and_another_seed_is_another_result(place: Path) -> None:
    (place / "seed.toml").write_text("seed = 1\n")
    invert = partial(
        run_here, place, *VERBS["invert"][:2], "-o", "back", *VERBS["invert"][4:], "--limit", "1", "--json"
    )
    sound = place / "back/a.bass.wav"

    def status(*options: str) -> tuple[str, bytes]:
        done = invert(*options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["status"], sound.read_bytes()

    first = status("--seed", "1")
    assert status("--config", "seed.toml") == ("skipped", first[1])
    second = status("--config", "seed.toml", "--seed", "2")
    assert second[0] == "ok"
    assert second[1] != first[1]
    assert status("--seed", "2")[0] == "skipped"
    assert status("--seed", "1") == first


def test_on_error_stop_ends_with_the_first_failure(gantools, tmp_path: Path) -> None:
    for name in ("a.wav", "c.wav"):
        write_audio(tmp_path / "in" / name, tone(0.6).reshape(-1), 22050)
    (tmp_path / "in/b.wav").write_bytes(b"no sound")
    for value, outcome in (("continue", ["ok", "error", "ok"]), ("stop", ["ok", "error"])):
        done = gantools("melify", "in", "-o", value, "--on-error", value, "--json", *SIZES)
        assert (done.returncode, [json.loads(line)["status"] for line in done.stdout.splitlines()]) == (1, outcome)
    assert not (tmp_path / "stop/c.mel.safetensors").exists()
    assert gantools("melify", "in", "-o", "x", "--on-error", "halt").returncode == 2


def test_a_part_that_does_not_exist_starts_nothing(gantools, tmp_path: Path) -> None:
    write_audio(tmp_path / "in/a.wav", tone(0.6).reshape(-1), 22050)
    done = gantools("melify", "in", "-o", "out", "--shard", "0/4")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gantools melify: --shard '0/4': write I/N with 1 <= I <= N, such as 2/8\n"
    assert not (tmp_path / "out").exists()
