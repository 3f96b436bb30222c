"""Nothing destroyed: files of the user, runs side by side, kills, damage."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from running import PROGRAM

from gantools.chunks.item import Item
from gantools.cli import workers
from gantools.cli.batch import run_batch
from gantools.cli.flags import Run
from gantools.cli.tasks import Task
from gantools.errors import ConfigError
from gantools.files.lock import FolderLock
from gantools.files.manifest import Manifest


@pytest.fixture
def melified(tmp_path: Path, write_tone, gantools) -> Path:
    """A folder with two sounds, and `mels` made of them."""
    for name in ("a", "b"):
        write_tone(tmp_path / f"in/{name}.wav", seconds=1.0)
    assert gantools("melify", "in", "-o", "mels").returncode == 0
    return tmp_path


def flip(path: Path, *, silently: bool) -> None:
    """Damage one byte in the data; `silently` keeps the time, as a bad disk does."""
    status, data = path.stat(), bytearray(path.read_bytes())
    data[-1000] ^= 0xFF
    path.write_bytes(data)
    if silently:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_that_no_manifest_lists_is_kept(melified: Path, gantools) -> None:
    mine = melified / "out/a.mel.safetensors"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = gantools("melify", "in", "-o", "out")
    assert (done.returncode, mine.read_text()) == (1, "mine")
    assert "out/a.mel.safetensors is there and no manifest says that gantools made it" in done.stderr
    assert (melified / "out/b.mel.safetensors").exists()
    assert sorted(p.name for p in mine.parent.iterdir()) == [mine.name, "b.mel.safetensors", "manifest.jsonl"]
    assert gantools("melify", "in", "-o", "out", "--force").returncode == 0
    assert mine.read_bytes() == (melified / "mels" / mine.name).read_bytes()


def test_a_file_that_was_edited_since_is_kept(melified: Path, gantools) -> None:
    assert gantools("invert", "mels", "-o", "back", "--effort", "draft").returncode == 0
    (melified / "back/a.wav").write_bytes(b"my remix")
    done = gantools("invert", "mels", "-o", "back", "--effort", "draft")
    assert (done.returncode, (melified / "back/a.wav").read_bytes()) == (1, b"my remix")
    assert "back/a.wav was changed since gantools made it; it is kept; --force makes it again" in done.stderr


def test_a_manifest_of_someone_else_is_kept(melified: Path, gantools) -> None:
    (melified / "out").mkdir()
    for text in ('{"audio_filepath": "a.wav", "duration": 1.0}\n', "a list of files\nof mine\n"):
        (melified / "out/manifest.jsonl").write_text(text)
        done = gantools("melify", "in", "-o", "out")
        assert (done.returncode, done.stdout) == (2, "")
        assert "manifest.jsonl: is no manifest of gantools" in done.stderr
        assert (melified / "out/manifest.jsonl").read_text() == text


@pytest.mark.parametrize("name", ["../victim.wav", "/etc/victim", "a/../../victim"])
def test_a_manifest_that_names_files_outside_is_not_used(tmp_path: Path, name: str) -> None:
    record = {"key": "x", "config": "c", "inputs": {}, "outputs": {name: 3}, "fields": {}}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(record) + "\n")
    with pytest.raises(ConfigError, match="no plain name below the folder"):
        Manifest(tmp_path)


def test_check_finds_what_size_and_time_do_not_tell(melified: Path, gantools) -> None:
    damaged = melified / "mels/a.mel.safetensors"
    whole = damaged.read_bytes()
    flip(damaged, silently=True)
    assert "2 up to date" in gantools("melify", "in", "-o", "mels").stderr
    done = gantools("chunk", "mels", "-o", "chunks", "--frames", "16", "--active-share", "0", "--silence-db", "0")
    assert done.returncode == 1
    assert (
        "mels/a.mel.safetensors: tensor 'mel_db' fails its checksum: the file is damaged; make it again: the "
        in done.stderr
    )
    assert "command that made it, with --check" in done.stderr
    assert len(list((melified / "chunks").glob("shard-*"))) == 1
    assert "1 done, 1 up to date" in gantools("melify", "in", "-o", "mels", "--check").stderr
    assert damaged.read_bytes() == whole
    flip(damaged, silently=False)  # its own checksum tells
    assert "1 done, 1 up to date" in gantools("melify", "in", "-o", "mels").stderr
    assert damaged.read_bytes() == whole


def test_a_damaged_shard_is_made_again_by_the_command_that_is_named(melified: Path, gantools) -> None:
    chunk = ("chunk", "mels", "-o", "chunks", "--frames", "16", "--active-share", "0", "--silence-db", "0")
    assert gantools(*chunk).returncode == 0
    shard = melified / "chunks/shard-00000.safetensors"
    whole = shard.read_bytes()
    flip(shard, silently=True)
    assert "2 up to date" in gantools(*chunk).stderr
    assert gantools(*chunk, "--check").returncode == 0
    assert shard.read_bytes() == whole
    index = melified / "chunks/index.jsonl"
    rows = index.read_text()
    index.write_text(rows.replace('"shard-00000.safetensors"', '"../../etc/passwd"'))
    done = gantools(*chunk)
    assert done.returncode == 2
    assert "with --check" in done.stderr
    assert gantools(*chunk, "--check").returncode == 0
    assert index.read_text() == rows


def test_a_folder_is_cut_by_one_run_only(melified: Path, gantools) -> None:
    chunk = ("chunk", "mels", "-o", "chunks", "--frames", "16")
    with FolderLock(melified / "chunks", "is in use"):
        done = gantools(*chunk)
    assert (done.returncode, done.stdout) == (2, "")
    assert "chunks: is being cut by another gantools chunk; wait for it, or choose another --out" in done.stderr
    assert not (melified / "chunks").exists()
    with FolderLock(melified / "chunks", "is in use", "1-of-2"):  # parts of a job array go side by side
        assert gantools(*chunk, "--shard", "2/2").returncode == 0
        assert gantools(*chunk, "--shard", "1/2").returncode == 2
    assert not list(melified.glob(".*.lock"))


def test_two_machines_over_one_folder(melified: Path, gantools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    assert gantools("melify", "in", "-o", "shared", "--shard", "1/2").returncode == 0
    left = melified / "shared/.a.wav.third-host.7-0123abcd.tmp"
    left.parent.mkdir(exist_ok=True)  # the first part may be empty
    left.write_text("in use there")
    monkeypatch.undo()
    assert gantools("melify", "in", "-o", "shared", "--shard", "2/2").returncode == 0
    assert "2 up to date" in gantools("melify", "in", "-o", "shared").stderr
    assert left.exists()


def test_a_fit_is_made_by_one_run_only(melified: Path, gantools) -> None:
    fit = ("fxnorm", "fit", "in", "-o", "f.json", "--measure", "raw", "--role", "bass", "--min-active-seconds", "0")
    with FolderLock(melified / "f.json", "is in use"):
        done = gantools(*fit)
    assert (done.returncode, done.stdout, (melified / "f.json").exists()) == (2, "", False)
    assert "f.json: is being written by another gantools fxnorm fit; wait for it" in done.stderr
    assert gantools(*fit).returncode == 0
    assert not list(melified.glob(".*.lock"))


def test_two_runs_side_by_side_make_each_file_once_and_whole(melified: Path, gantools) -> None:
    command = [*PROGRAM, "melify", "in", "-o", "together"]
    both = [subprocess.Popen(command, cwd=melified, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert out.decode().split() == ["together/a.mel.safetensors", "together/b.mel.safetensors"]
    for mel in (melified / "mels").glob("*.safetensors"):
        assert (melified / "together" / mel.name).read_bytes() == mel.read_bytes()
    assert len(list((melified / "together").iterdir())) == 3  # and no temporary
    assert "2 up to date" in gantools("melify", "in", "-o", "together").stderr


def write_or_die(item: Item, outputs: Sequence[Path], seed: int, tick: Callable[[float], None]) -> dict[str, Any]:
    """Copy a file; the one called b kills its process, as the system does when memory is short."""
    if item.stem == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    outputs[0].write_bytes(item.path.read_bytes())
    return {"cwd": os.getcwd(), "threads": os.environ["OMP_NUM_THREADS"]}


def test_a_killed_worker_costs_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    monkeypatch.setattr(write_or_die, "__module__", Path(__file__).stem)
    monkeypatch.setitem(sys.modules, Path(__file__).stem, sys.modules[test_a_killed_worker_costs_its_file.__module__])
    tasks = []
    for name in "abcd":
        (tmp_path / name).write_text(name)
        tasks.append(Task(Item(tmp_path / name, "", name, "", name), (f"{name}.copy",)))
    code = run_batch(Run(verb="copy", out=tmp_path / "out", jobs=2), tasks, [], write_or_die)
    workers.close()
    assert code == 1
    assert "the worker process was killed (signal 9; out of memory?)" in capfd.readouterr().err
    assert sorted(p.name for p in (tmp_path / "out").glob("*.copy")) == ["a.copy", "c.copy", "d.copy"]
    assert Manifest(tmp_path / "out").records["a.copy"]["fields"]["cwd"] == str(tmp_path)
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_parent_that_ends_leaves_no_children(tmp_path: Path, write_tone, number: int) -> None:
    for name in range(12):
        write_tone(tmp_path / f"in/{name:02d}.wav", seconds=20.0)
    process = subprocess.Popen(
        [*PROGRAM, "melify", "in", "-o", "out", "-j", "2"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not listed.exists():
        pytest.skip("needs /proc")
    children = [int(pid) for pid in listed.read_text().split()]
    assert children
    process.send_signal(number)
    code = process.wait(timeout=60)
    process.stdout.close()
    assert code == (-9 if number == signal.SIGKILL else 130)
    for _ in range(600):
        if not any(Path(f"/proc/{pid}/cwd").exists() for pid in children):
            break
        time.sleep(0.05)
    else:
        pytest.fail("a worker lives on")
    if number == signal.SIGTERM:
        assert not list((tmp_path / "out").rglob(".*.tmp"))


def test_a_configuration_of_a_billion_channels_takes_no_memory(tmp_path: Path) -> None:
    import torch
    from torch import nn

    from gantools.errors import ModelError
    from gantools.files.containers import write_state
    from gantools.models.weights import open_network

    config = {"schema": 2, "system": "s", "config": {}, "data": {}, "networks": {"G": 6}, "ema": []}
    (tmp_path / "config.json").write_text(json.dumps(config))
    write_state(tmp_path / "G.safetensors", {"weight": torch.ones(2, 3)}, {})
    assert open_network(tmp_path, "G", lambda: nn.Linear(3, 2, bias=False)).weight.sum() == 6
    for width in (10**6, 10**9, 10**12):
        with pytest.raises(ModelError, match=r"another shape|no network that could be built"):
            open_network(tmp_path, "G", lambda width=width: nn.Linear(width, width, bias=False))
