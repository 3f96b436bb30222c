"""Runs of the training loop as they happen to users: stopped, killed, on a full disk, in two processes."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from gantools.files.atomic import atomic_path
from gantools.files.containers import read_state
from gantools.training import folder as folder_module
from gantools.training.folder import ModelFolder
from gantools.training.loop import train
from gantools.training.report import Progress, Report
from gantools.training.system import System

Tensors = dict[str, torch.Tensor]


def at_step(step: int, number: signal.Signals) -> Report:
    """Return a report that sends its own process a signal after a step."""

    def report(progress: Progress) -> None:
        if progress.activity == "train" and progress.step == step:
            os.kill(os.getpid(), number)

    return report


def stopped_at(step: int, system: System, folder: Path, by: signal.Signals = signal.SIGINT, **options: Any) -> None:
    """Run until a step, then stop as Ctrl-C or a cluster does."""
    assert train(system, folder, report=at_step(step, by), **options).status == "interrupted"


def weights_of(folder: Path) -> Tensors:
    """Return everything of the newest state, and the published weights."""
    tensors = read_state(ModelFolder(folder).newest_checkpoint())[0]
    for path in sorted(folder.glob("*.safetensors")):
        tensors.update({f"{path.stem}:{key}": t for key, t in read_state(path)[0].items()})
    return tensors


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of the journal that do not depend on the clock."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines if line["kind"] != "start"]


def differences(one: Path, two: Path, of: Callable[[str], bool] = bool) -> list[str]:
    """Return the names of tensors that differ between two model folders in any bit, of those that `of` accepts."""
    a, b = weights_of(one), weights_of(two)
    assert a.keys() == b.keys()
    assert any(of(key) for key in a)
    return [key for key in a if of(key) and not torch.equal(a[key], b[key])]


def full_disk(monkeypatch: pytest.MonkeyPatch, from_step: int) -> None:
    """Let the disk be full from the state of a step on, with half a file written."""
    write = folder_module.write_state

    def full(path: Path, *args: Any) -> None:
        if path.parent.name == "state" and int(path.stem.split("-")[1]) >= from_step:
            with atomic_path(path) as temporary:
                temporary.write_bytes(b"half")
                raise OSError(errno.ENOSPC, "No space left on device")
        write(path, *args)

    monkeypatch.setattr(folder_module, "write_state", full)


def children() -> ForkServerContext:
    """Return a way to start processes that need not import torch each time."""
    here = Path(__file__).parent
    own = [here, here / "unit/training", here / "contract"]
    paths = [*map(str, own), *(p for p in sys.path if p)]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    context = multiprocessing.get_context("forkserver")
    # torch imports its compiler at the first update.
    context.set_forkserver_preload(["toy_system", "registry", "torch._dynamo"])
    return context


def run_child(child: Callable[..., None], *arguments: Any) -> int | None:
    """Call a function in a process of its own and return its exit code."""
    process = children().Process(target=child, args=arguments)
    process.start()
    process.join(120)
    return process.exitcode


def two_ranks(child: Callable[..., None], *arguments: Any) -> None:
    """Call a function in two processes as torchrun does, with their environment as its last argument."""
    # As torchrun: the launcher keeps the store, on a port that the system gave it, and the ranks are its clients. A
    # port that was probed and freed could be taken by another process before they use it.
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    processes = []
    for rank in ("0", "1"):
        launch = {"RANK": rank, "WORLD_SIZE": "2", "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": "2"}
        launch |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
        launch |= {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0"}
        processes.append(children().Process(target=child, args=(*arguments, launch)))
        processes[-1].start()
    for process in processes:
        process.join(240)
    assert [process.exitcode for process in processes] == [0, 0]
