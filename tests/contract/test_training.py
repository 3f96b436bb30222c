"""`gantools train` of kinds of models through their command line: killed, stopped, full disk, two ranks, bad data."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from registry import WAYS, Commands, Tiny, no_inversion
from running import run_here
from training_runs import children, full_disk

from gantools.cli import training
from gantools.cli.app import main
from gantools.files.containers import read_state
from gantools.models.card import read_card
from gantools.systems.translation import listening
from gantools.training.report import Progress


def commands_of(case: Tiny) -> Commands:
    assert case.commands is not None
    return case.commands


CASES = {name: tiny for name, tiny in WAYS.items() if commands_of(tiny).steps}


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tiny, Path]:
    """A kind of model, and a folder with its data and the model ``whole``, trained without a break."""
    folder, chosen = tmp_path_factory.mktemp(request.param), CASES[request.param]
    write_data(chosen, folder)
    (done,) = run(folder, chosen, "whole")
    assert done.code == 0, done.said
    return chosen, folder


def write_data(case: Tiny, folder: Path) -> None:
    (folder / "data").mkdir()
    case.write(folder / "data")


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int | None
    out: str
    said: str


def command(case: Tiny, out: str, *more: str) -> list[str]:
    return ["train", *commands_of(case).train.split(), *more, "-o", out]


def child(folder: Path, log: str, arguments: list[str], signals: dict[int, int], environment: dict[str, str]) -> None:
    """Be `gantools ARGUMENTS` in `folder`; send this process a signal after some steps."""
    os.environ.update(environment)
    os.chdir(folder)
    for descriptor, kind in ((1, "out"), (2, "said")):
        os.dup2(os.open(f"{log}.{kind}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    show = training.Watch.__call__

    def noted(watch: training.Watch, progress: Progress) -> None:
        show(watch, progress)
        if progress.activity == "train" and progress.step in signals:
            os.kill(os.getpid(), signals[progress.step])

    training.Watch.__call__ = noted  # type: ignore[method-assign]
    listening.invert_mel = no_inversion
    main(arguments)


def run(
    folder: Path, case: Tiny, out: str, *more: str, signals: dict[int, int] | None = None, ranks: int = 1
) -> list[Done]:
    """Run a command, or a command in each of several ranks; return what each came to."""
    launch: dict[str, str] = {}
    if ranks > 1:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            launch = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
        launch |= {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    processes = []
    for rank in range(ranks):
        own = launch | {"RANK": str(rank), "LOCAL_RANK": str(rank)} if launch else {}
        arguments = (folder, f"log{rank}", command(case, out, *more), signals or {}, own)
        processes.append(children().Process(target=child, args=arguments))
        processes[-1].start()
    for process in processes:
        process.join(240)
    logs = [[(folder / f"log{rank}.{kind}").read_text() for kind in ("out", "said")] for rank in range(ranks)]
    return [Done(process.exitcode, *log) for process, log in zip(processes, logs, strict=True)]


def weights(model: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for path in sorted(model.rglob("*.safetensors")):
        tensors.update({f"{path.relative_to(model)}:{name}": t for name, t in read_state(path)[0].items()})
    return tensors


def different(one: Path, two: Path) -> list[str]:
    a, b = weights(one), weights(two)
    assert a.keys() == b.keys()
    assert len(a) > 5
    return [key for key in a if not torch.equal(a[key], b[key])]


def test_killed_and_interrupted_runs_end_like_whole_ones(case: tuple[Tiny, Path]) -> None:
    chosen, folder = case
    (killed,) = run(folder, chosen, "parts", signals={commands_of(chosen).steps // 2 + 1: signal.SIGKILL})
    assert killed.code == -signal.SIGKILL
    (stopped,) = run(folder, chosen, "parts", signals={commands_of(chosen).steps - 3: signal.SIGINT})
    assert (stopped.code, stopped.out) == (130, ""), stopped.said
    assert "going on after step" in stopped.said
    assert "the same command goes on from there" in stopped.said
    assert stopped.said.count("interrupted") == 1
    (done,) = run(folder, chosen, "parts")
    assert (done.code, done.out) == (0, "parts\n"), done.said
    assert different(folder / "whole", folder / "parts") == []
    assert not list(folder.rglob(".*.tmp"))


def test_a_training_ends_with_one_card(case: tuple[Tiny, Path]) -> None:
    chosen, folder = case
    assert [path.relative_to(folder / "whole") for path in (folder / "whole").rglob("card.md")] == [Path("card.md")]
    card = read_card(folder / "whole")
    assert card["command"] == shlex.join(["gantools", *command(chosen, "whole")])
    assert card["system"] == json.loads((folder / "whole/config.json").read_text())["system"]
    assert all(card[fact] for fact in ("date", "steps", "time", "data", "licence", "parameters", "machine"))


def test_a_full_disk_is_one_line(case: tuple[Tiny, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, folder = case
    with monkeypatch.context() as patch:
        patch.setattr(listening, "invert_mel", no_inversion)
        full_disk(patch, from_step=5)
        done = run_here(folder, *command(chosen, "full"))
    (said,) = [line for line in done.stderr.splitlines() if "no space left on the disk" in line]
    assert done.returncode == 1
    assert said.startswith("gantools train: full")
    assert run(folder, chosen, "full")[0].code == 0
    assert different(folder / "whole", folder / "full") == []


def test_two_ranks_train_one_model(case: tuple[Tiny, Path]) -> None:
    chosen, folder = case
    more = commands_of(chosen).ranks.split()
    ranks = run(folder, chosen, "two", *more, ranks=2)
    assert [done.code for done in ranks] == [0, 0], ranks
    assert [done.out for done in ranks] == ["two\n", ""]
    assert run(folder, chosen, "one", *more)[0].code == 0
    # Running figures follow the micro-batches in another order.
    assert [key for key in different(folder / "one", folder / "two") if not approximate(key)] == []


def approximate(key: str) -> bool:
    return any(part in key for part in ("running_", "num_batches", "item0/watch"))


def test_broken_data_are_one_line(case: tuple[Tiny, Path], tmp_path: Path) -> None:
    chosen, _ = case
    write_data(chosen, tmp_path)
    for path in [p for p in (tmp_path / "data").iterdir() if p.suffix in (".wav", ".safetensors", ".mid")]:
        path.write_bytes(path.read_bytes()[:50])
    (done,) = run(tmp_path, chosen, "m")
    assert (done.code, done.out) == (2, ""), done.said
    lines = done.said.splitlines()
    assert lines
    assert all(line.startswith("gantools train: ") for line in lines)
    assert not (tmp_path / "m").exists()
