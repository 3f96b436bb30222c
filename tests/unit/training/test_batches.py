"""Batches made ahead: the same numbers, one at a time, and no thread that outlives the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from test_loop import same
from toy_system import Toy, toy
from training_runs import lines_of, stopped_at, weights_of

from gantools.training.batches import Batches, pays_ahead
from gantools.training.loop import train
from gantools.training.system import Step


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two threads, and a core to spare beside them."""
    monkeypatch.setattr("gantools.training.batches.available_cores", lambda: 3)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Watched(Toy):
    """Notes which thread made the batch of each step, and refuses to be used by two at once."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.made: list[tuple[int, bool]] = []
        self.busy = threading.Lock()

    def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
        with self.one_user():
            time.sleep(0.002)
            self.made.append((step, threading.current_thread() is threading.main_thread()))
            return super().batch(step, items)

    def validate(self, networks: Any, step: int) -> dict[str, float]:
        with self.one_user():
            time.sleep(0.002)
        return super().validate(networks, step)

    def one_user(self) -> threading.Lock:
        assert not self.busy.locked()
        return self.busy


def watched(**values: Any) -> Watched:
    return Watched(toy(**values).config)


def left() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "batches"]


def test_a_run_has_the_same_bits_with_batches_made_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_threads: None
) -> None:
    settings = {"steps": 6, "batch_size": 2, "micro_batch": 1, "threads": 2, "validate_every": 3}
    ahead = watched(**settings)
    train(ahead, tmp_path / "ahead")
    assert [step for step, main in ahead.made if not main] == [step for step in range(1, 6) for _ in range(2)]
    assert {step for step, main in ahead.made if main} == {0}  # the first batch, and those of the validations
    assert left() == []
    stopped_at(4, watched(**settings), tmp_path / "parts")
    train(watched(**settings), tmp_path / "parts")
    monkeypatch.setattr("gantools.training.engine.pays_ahead", lambda device: False)
    plain = watched(**settings)
    train(plain, tmp_path / "plain")
    assert all(main for _, main in plain.made)
    for other in ("ahead", "parts"):
        assert same(weights_of(tmp_path / "plain"), weights_of(tmp_path / other))
        assert lines_of(tmp_path / "plain") == lines_of(tmp_path / other)


def test_one_thread_makes_its_batches_itself(tmp_path: Path) -> None:
    system = watched()
    train(system, tmp_path / "m")
    assert all(main for _, main in system.made)


def test_ahead_is_for_gpus_and_for_spare_cores(monkeypatch: pytest.MonkeyPatch, two_threads: None) -> None:
    assert [pays_ahead(torch.device(kind)) for kind in ("cpu", "cuda", "mps")] == [True, True, False]
    monkeypatch.setattr("gantools.training.batches.available_cores", lambda: 2)
    assert not pays_ahead(torch.device("cpu"))
    monkeypatch.setattr("gantools.training.batches.available_cores", lambda: 8)
    torch.set_num_threads(1)
    assert not pays_ahead(torch.device("cpu"))


def test_another_step_or_number_of_threads_than_foreseen(two_threads: None) -> None:
    system = watched(batch_size=2)
    batches = Batches(system, range(2))
    try:
        for step, threads in ((0, 2), (1, 2), (5, 2), (6, 1), (9, 2)):
            torch.set_num_threads(threads)
            (batch,) = batches.load(step, 10, ahead=True)
            assert batch.step == Step(step, 10, [0, 1])
            assert torch.equal(batch.data["real_a"], toy().batch(step, [0, 1])["real_a"])
        batches.rest()
        # 2 was foreseen after 1; 6 with another number of threads; and after 9 there is none.
        assert [step for step, _ in system.made] == [0, 1, 2, 5, 6, 6, 7, 9]
    finally:
        batches.close()
    assert left() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_comes_where_the_batch_is_used_and_ends_the_thread(
    tmp_path: Path, error: type[BaseException], two_threads: None
) -> None:
    class Failing(Watched):
        def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
            if step == 3:
                raise error
            return super().batch(step, items)

    done: list[int] = []
    with pytest.raises(error):
        train(
            Failing(toy(threads=2, steps=5).config), tmp_path / "m", report=lambda progress: done.append(progress.step)
        )
    assert max(done) == 3
    assert left() == []


def test_a_run_that_ends_does_not_wait_for_a_batch_that_nobody_wants(
    monkeypatch: pytest.MonkeyPatch, two_threads: None
) -> None:
    held = threading.Event()

    class Slow(Toy):
        def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
            assert step == 0 or held.wait(60)
            return super().batch(step, items)

    monkeypatch.setattr("gantools.training.batches._PATIENCE_S", 0.0)
    batches = Batches(Slow(toy().config), range(1))
    batches.load(0, 3, ahead=True)
    batches.close()
    assert left() == ["batches"]
    held.set()
    for thread in threading.enumerate():
        if thread.name == "batches":
            thread.join(60)
    assert left() == []


def test_a_thread_that_cannot_begin_is_an_error_and_no_wait(monkeypatch: pytest.MonkeyPatch, two_threads: None) -> None:
    threads = torch.get_num_threads

    def broken() -> int:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("no device")
        return threads()

    monkeypatch.setattr(torch, "get_num_threads", broken)
    batches = Batches(toy(), range(1))
    batches.load(0, 3, ahead=True)
    with pytest.raises(RuntimeError, match="no device"):
        batches.load(1, 3)
    batches.close()
    assert left() == []
