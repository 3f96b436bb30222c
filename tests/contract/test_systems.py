"""What every system keeps: stopped or killed runs end like whole ones, on full disks, with bad data, on two ranks."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from registry import COMMANDS, SYSTEMS, Tiny, no_inversion
from training_runs import at_step, differences, full_disk, lines_of, run_child, stopped_at, two_ranks

from gantools.errors import GantoolsError, ModelError
from gantools.files.containers import read_state, write_state
from gantools.systems.translation import listening
from gantools.training.loop import train

STEPS = 5


@pytest.fixture(autouse=True)
def quick_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "invert_mel", no_inversion)


class Case:
    """A system, its data, and a run of it from start to end."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.tiny, self.data, self.whole = name, SYSTEMS[name], folder / "data", folder / "whole"
        self.data.mkdir(parents=True)
        self.tiny.write(self.data)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listening, "invert_mel", no_inversion)
            assert train(self.tiny.make(self.data, steps=STEPS), self.whole).status == "finished"


@pytest.fixture(scope="module", params=list(SYSTEMS))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(request.param, tmp_path_factory.mktemp(request.param))


def test_stopped_and_resumed_equals_whole(case: Case, tmp_path: Path) -> None:
    stopped_at(2, case.tiny.make(case.data, steps=STEPS), tmp_path / "m")
    torch.manual_seed(99)  # a different global generator state must not matter
    assert train(case.tiny.make(case.data, steps=STEPS), tmp_path / "m").status == "finished"
    assert differences(case.whole, tmp_path / "m") == []
    assert lines_of(case.whole) == lines_of(tmp_path / "m")


def killed_run(name: str, data: Path, folder: Path) -> None:
    listening.invert_mel = no_inversion
    system = SYSTEMS[name].make(data, steps=STEPS, save_every=2)
    train(system, folder, report=at_step(3, signal.SIGKILL))


def test_killed_and_resumed_equals_whole(case: Case, tmp_path: Path) -> None:
    assert run_child(killed_run, case.name, case.data, tmp_path / "m") == -signal.SIGKILL
    assert train(case.tiny.make(case.data, steps=STEPS), tmp_path / "m").status == "finished"
    assert differences(case.whole, tmp_path / "m") == []
    assert not list(tmp_path.rglob(".*.tmp"))


def test_a_full_disk_keeps_the_state_before(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        full_disk(patch, from_step=3)
        with pytest.raises(ModelError, match="no space left on the disk"):
            train(case.tiny.make(case.data, steps=STEPS, save_every=1), tmp_path / "m")
    assert [p.name for p in (tmp_path / "m/state").glob("*.safetensors")] == ["step-00000002.safetensors"]
    assert train(case.tiny.make(case.data, steps=STEPS), tmp_path / "m").status == "finished"
    assert differences(case.whole, tmp_path / "m") == []


def test_broken_data_are_named_and_leave_nothing(case: Case, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    case.tiny.write(data)
    found = list(data.glob(case.tiny.files))
    assert found
    for path in found:
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(GantoolsError, match=case.tiny.says):
        train(case.tiny.make(data, steps=STEPS), tmp_path / "m")


RANKS: dict[str, Any] = {"steps": 3, "batch_size": 2, "micro_batch": 1}


def rank_run(folder: Path, names: list[str], environment: dict[str, str]) -> None:
    """Train all systems in one launch, each in a folder of its own; write the networks that this rank ends with."""
    os.environ.update(environment)
    listening.invert_mel = no_inversion
    for name in names:
        system = SYSTEMS[name].make(folder / name / "data", **RANKS)
        train(system, folder / name / "two")
        tensors = {f"{n}/{k}": t for n, net in system.networks.items() for k, t in net.state_dict().items()}
        write_state(folder / name / f"rank{environment['RANK']}.safetensors", tensors, {})


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each system trained by two ranks, all in one launch."""
    folder = tmp_path_factory.mktemp("ranks")
    for name, tiny in SYSTEMS.items():
        (folder / name / "data").mkdir(parents=True)
        tiny.write(folder / name / "data")
    two_ranks(rank_run, folder, list(SYSTEMS))
    return folder


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_two_ranks_are_one(name: str, launched: Path, tmp_path: Path) -> None:
    folder, tiny = launched / name, SYSTEMS[name]
    own, other = (read_state(folder / f"rank{rank}.safetensors")[0] for rank in (0, 1))
    assert own.keys() == other.keys()
    assert [key for key in own if not torch.equal(own[key], other[key])] == []
    assert train(tiny.make(folder / "data", **RANKS), tmp_path / "one").step == RANKS["steps"]
    if tiny.one_for_two:
        assert differences(tmp_path / "one", folder / "two", of=trained) == []


def trained(name: str) -> bool:
    """Batch norm's running figures are a mean over ranks, and follow one micro-batch after the other in one process."""
    return name.startswith(("network/", "optimizer/")) and "running_" not in name and "num_batches" not in name


def test_entries_are_complete() -> None:
    """Every package of systems has an entry."""
    import gantools.systems

    packages = {path.parent.name for path in Path(gantools.systems.__path__[0]).glob("*/objective.py")}
    assert {name.split("-")[0] for name in SYSTEMS} == set(COMMANDS) == packages
    assert all(isinstance(tiny, Tiny) for tiny in SYSTEMS.values())
