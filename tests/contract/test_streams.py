"""Streams and exit codes: the same in every verb."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gantools.cli.app import VERBS
from gantools.files.atomic import host_name

#: A command line of each verb that takes inputs, less the inputs.
FILE_VERBS = {
    "separate": ("separate", "-o", "out"),
    "fxnorm": ("fxnorm", "apply", "--target", "musdb18", "-o", "out"),
    "melify": ("melify", "-o", "out"),
    "chunk": ("chunk", "-o", "out"),
    "invert": ("invert", "-o", "out"),
}


def one_line(text: str, verb: str) -> str:
    (line,) = [line for line in text.splitlines() if line.strip()]
    assert line.startswith(f"gantools {verb}"), text
    assert "Traceback" not in text
    return line


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_option_is_one_line_and_exit_2(gantools, verb: str) -> None:
    done = gantools(verb, "--nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    one_line(done.stderr, verb)


@pytest.mark.parametrize("verb", FILE_VERBS)
def test_no_input_is_exit_2_and_writes_nothing(gantools, tmp_path: Path, verb: str) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, stdin in ((("empty",), None), (("missing",), None), (("-",), "")):
        done = gantools(*FILE_VERBS[verb], *arguments, input=stdin)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        one_line(done.stderr, verb)
        assert not (tmp_path / "out").exists()


def test_messages_and_results_have_one_way_to_the_terminal() -> None:
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "commands").glob("*.py"), *(root / "src/gantools").rglob("*.py")]
    users = {path.name for path in files if "sys.stderr" in path.read_text(encoding="utf-8")}
    assert users == {"terminal.py"}


@pytest.mark.parametrize("verb", FILE_VERBS)
def test_no_output_folder_is_exit_2(gantools, write_tone, tmp_path: Path, verb: str) -> None:
    write_tone(tmp_path / "a.wav")
    done = gantools(*[word for word in FILE_VERBS[verb] if word not in ("-o", "out")], "a.wav")
    assert done.returncode == 2
    assert "-o" in one_line(done.stderr, verb)


def test_one_line_per_output_and_records_on_request(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "in/a.wav")
    (tmp_path / "in/b.wav").write_text("no sound")
    done = gantools("melify", "in", "-o", "out", "--json")
    good, bad = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert (good["action"], good["status"], good["rel"], good["role"]) == ("melify", "ok", "", "mix")
    assert (bad["status"], bad["source"]) == ("error", "in/b.wav")
    assert "1 done, 1 failed" in done.stderr
    stopped = gantools("melify", "in", "-o", "out2", "--on-error", "stop", "-q")
    assert stopped.returncode == 1


def test_a_reader_that_leaves_early_is_no_error_message(tmp_path: Path, write_tone) -> None:
    for i in range(4):
        write_tone(tmp_path / f"in/{i}.wav", seconds=0.2)
    command = f"{shlex.quote(sys.executable)} -m gantools melify in -o out -q | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "out/0.mel.safetensors\n"
    assert done.stderr == ""


def test_interrupt_is_130_and_leaves_nothing_half_written(tmp_path: Path, write_tone) -> None:
    for i in range(40):
        write_tone(tmp_path / f"in/{i:02d}.wav", seconds=20.0)
    process = subprocess.Popen(
        [sys.executable, "-m", "gantools", "melify", "in", "-o", "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()  # the first output stands
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert not list((tmp_path / "out").glob(".*.tmp"))
    rest = subprocess.run(
        [sys.executable, "-m", "gantools", "melify", "in", "-o", "out"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    assert rest.returncode == 0
    assert len(list((tmp_path / "out").glob("*.safetensors"))) == 40
    assert "up to date" in rest.stderr


def test_a_killed_run_is_swept_and_completed(tmp_path: Path, write_tone, gantools) -> None:
    for i in range(20):
        write_tone(tmp_path / f"in/{i:02d}.wav", seconds=20.0)
    process = subprocess.Popen(
        [sys.executable, "-m", "gantools", "melify", "in", "-o", "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait()
    # What a kill in the middle of a write leaves behind.
    (tmp_path / f"out/.07.mel.safetensors.{host_name()}.{process.pid}-0123abcd.tmp").write_bytes(b"half")
    with open(tmp_path / "out/manifest.jsonl", "a") as manifest:
        manifest.write('{"key": "torn')
    assert gantools("melify", "in", "-o", "out").returncode == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.name != "manifest.jsonl") == [
        f"{i:02d}.mel.safetensors" for i in range(20)
    ]
    assert "nothing to do: 20 up to date" in gantools("melify", "in", "-o", "out").stderr


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/proc/mounts"), reason="a small disk needs root on Linux")
@pytest.mark.parametrize("verb", ["melify", "fxnorm"])
def test_a_full_disk_is_one_line_per_file(tmp_path: Path, write_tone, gantools, verb: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        write_tone(tmp_path / "in/short.bass.wav", seconds=1.0)
        write_tone(tmp_path / "in/tall.bass.wav", seconds=60.0)
        done = gantools(*FILE_VERBS[verb][:-1], "disk/out", "in", "--json")
        status = {json.loads(line)["source"]: json.loads(line)["status"] for line in done.stdout.splitlines()}
        assert done.returncode == 1
        assert status == {"in/short.bass.wav": "ok", "in/tall.bass.wav": "error"}
        assert "no space left" in done.stderr
        left = sorted(p.name.split(".")[0] for p in (disk / "out").iterdir())
        assert left == ["manifest", "short"]
    finally:
        time.sleep(0.1)
        subprocess.run(["umount", disk], check=True)
