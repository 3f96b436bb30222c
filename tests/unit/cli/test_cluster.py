"""The batch loop on the workers of a Dask scheduler: the same results, and nothing lost with a worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cluster_work import copy_or_end, interrupt

from gantools.chunks.item import Item
from gantools.cli import cluster
from gantools.cli.batch import run_batch
from gantools.cli.cluster import Origin
from gantools.cli.flags import Run
from gantools.cli.tasks import Task
from gantools.cli.workers import WorkerLostError
from gantools.errors import StoppedError
from gantools.files.manifest import Manifest
from gantools.version import __version__

TESTS = Path(__file__).resolve().parents[2]
#: Nothing listens there: the port is for the echo of the network.
NOWHERE = "tcp://127.0.0.1:7"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers, which are started again when they are killed."""
    pytest.importorskip("distributed")
    folder = tmp_path_factory.mktemp("dask")
    paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"DASK_CONFIG": str(folder), "DASK_TEMPORARY_DIRECTORY": str(folder), "PYTHONPATH": paths}
    own["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"  # of workers, before a task is given up
    started = []

    def start(*arguments: str) -> None:
        with (folder / f"{arguments[0]}.log").open("w") as log:
            command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
            started.append(subprocess.Popen(command, cwd=folder, env={**os.environ, **own}, stdout=log, stderr=log))

    told = folder / "scheduler.json"
    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show", "--scheduler-file", str(told))
    start("worker", "--scheduler-file", str(told), "--nworkers", "2", "--nthreads", "1")
    try:
        until = time.monotonic() + 60
        while not (told.exists() and told.read_text().endswith("}")):
            assert time.monotonic() < until, (folder / "scheduler.log").read_text()
            time.sleep(0.05)
        yield json.loads(told.read_text())["address"]
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


def tasks_of(folder: Path, *texts: str) -> list[Task]:
    tasks = []
    for name, text in zip("abcdefghij", texts, strict=False):
        (folder / name).write_text(text)
        tasks.append(Task(Item(folder / name, "", name, "", name), (f"{name}.copy",)))
    return tasks


def gone(process: int) -> bool:
    """Tell whether a process has ended, within some seconds."""
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_cluster_makes_what_one_process_makes(
    address: str, gantools: Callable[..., Any], tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    for number in range(20):
        write_tone(tmp_path / f"in/{number % 3}/{number:02d}.wav", seconds=0.1, hz=200.0 + number)
    (tmp_path / "in/bad.wav").write_text("no sound")
    told = []
    for out, options in (("alone", ()), ("together", ("--cluster", address))):
        done = gantools("melify", "in", "-o", out, "--json", *options)
        assert done.returncode == 1, done.stderr
        records = [json.loads(line) for line in done.stdout.replace(f'"{out}/', '"').splitlines()]
        told.append(([{k: v for k, v in record.items() if k != "seconds"} for record in records], done.stderr))
    assert told[0] == told[1]
    assert [record["status"] for record in told[0][0]].count("ok") == 20
    files = [
        {p.relative_to(tmp_path / out): p.read_bytes() for p in (tmp_path / out).rglob("*") if p.is_file()}
        for out in ("alone", "together")
    ]
    for one in files:
        one.pop(Path("manifest.jsonl"))
    assert len(files[0]) == 20
    assert files[0] == files[1]


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = ["one", "worker", "two", "process", "three", "four"]
    run = Run(verb="copy", out=tmp_path / "out", cluster=address, jobs=0)
    assert run_batch(run, tasks_of(tmp_path, *texts), [], copy_or_end) == 0
    assert [(tmp_path / f"out/{name}.copy").read_text() for name in "abcdef"] == texts
    assert (tmp_path / "b.died").exists()
    assert (tmp_path / "d.died").exists()
    records = Manifest(tmp_path / "out").records
    assert {record["fields"]["folder"] for record in records.values()} == {str(tmp_path)}
    assert {record["fields"]["threads"] for record in records.values()} == {"1"}
    # Far fewer processes than files: what one has loaded serves the next.
    assert len({record["fields"]["first"] for record in records.values()}) <= 4
    assert not list((tmp_path / "out").glob(".*"))


def test_a_file_that_kills_every_worker_costs_itself(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = Run(verb="copy", out=tmp_path / "out", cluster=address, jobs=0)
    # Those that wait on a worker behind the one that ends it are counted as guilty by Dask, and done all the same.
    assert run_batch(run, tasks_of(tmp_path, "one", "poison", *"23456789"), [], copy_or_end) == 1
    assert f"gantools copy: {tmp_path}/b: 2 workers of the cluster ended" in capfd.readouterr().err
    assert sorted(path.stem for path in (tmp_path / "out").glob("*.copy")) == list("acdefghij")


def test_an_interruption_ends_the_work_on_the_workers(address: str, tmp_path: Path) -> None:
    run = Run(verb="copy", out=tmp_path / "out", cluster=address, jobs=0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises((StoppedError, KeyboardInterrupt)):  # as the first result is counted by then or not
            work = partial(interrupt, run=os.getpid(), first=tmp_path / "out/a.copy")
            run_batch(run, tasks_of(tmp_path, "one", "two"), [], work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert gone(int((tmp_path / "b.process").read_text()))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.copy", "manifest.jsonl"]


def test_a_scheduler_that_does_not_answer_is_one_line(gantools: Callable[..., Any], write_tone, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    write_tone(tmp_path / "a.wav", seconds=0.1)
    done = gantools("melify", "a.wav", "-o", "out", "--cluster", NOWHERE, DASK_CONFIG=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"gantools melify: --cluster {NOWHERE}: no Dask scheduler answers there; start one: dask scheduler\n"
    )
    assert not (tmp_path / "out").exists()


def test_without_dask_one_line_says_what_to_install(
    gantools: Callable[..., Any], write_tone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    write_tone(tmp_path / "a.wav", seconds=0.1)
    done = gantools("melify", "a.wav", "-o", "out", "--cluster", NOWHERE)
    assert done.returncode == 2
    assert done.stderr == "gantools melify: --cluster needs Dask; pip install 'gantools[dask]'\n"


@pytest.mark.parametrize("wrong", ["localhost:8786", "http://h:1", "tcp://h", "tcp://h:port", "tcp://u@h:1"])
def test_an_address_is_that_of_a_scheduler(gantools: Callable[..., Any], wrong: str) -> None:
    done = gantools("melify", "a.wav", "--cluster", wrong)
    assert done.returncode == 2
    assert done.stderr.startswith(f"gantools melify: --cluster {wrong!r}: write tcp://HOST:PORT")


def test_a_worker_of_another_version_or_disk_is_of_no_use(tmp_path: Path) -> None:
    assert cluster.complaint(Origin("r", __version__, str(tmp_path))) == ""
    assert "and this is 0.0.1; install one version" in cluster.complaint(Origin("r", "0.0.1", str(tmp_path)))
    elsewhere = Origin("r", __version__, str(tmp_path / "gone"))
    with pytest.raises(WorkerLostError, match=r"does not see .*gone; workers need the same folders"):
        cluster.work(elsewhere, b"")
