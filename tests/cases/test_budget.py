"""Budgets on machines that are slow at first, stall, slow down, speed up; their time is simulated."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from simulated import Clock, Smallest, on, smallest
from training_runs import at_step, lines_of

from gantools.errors import ModelError
from gantools.runtime import device, ranks
from gantools.training import loop
from gantools.training.loop import train
from gantools.training.report import Summary

BUDGET = 270.0


def run(folder: Path, clock: Clock, system: Smallest, **options: Any) -> Summary:
    return train(system, folder, clock=clock, **options)


def used_up(summary: Summary, clock: Clock, budget: float = BUDGET, least: float = 0.97) -> None:
    assert summary.status == "finished"
    assert least * budget <= clock.passed <= budget


@pytest.mark.parametrize(
    ("step", "steps"),
    [
        (lambda passed: 9.0 if passed < 1 else 1.0, (240, 262)),
        (lambda passed: 12.0 if passed < 60 else 1.0, (190, 214)),
        (lambda passed: 0.5 if passed < 100 else 4.0, (225, 245)),
        (lambda passed: 60.0 if 50 < passed < 52 else 1.0, (150, 212)),
        (lambda passed: 60.0 if passed < 1 else 1.0, (190, 212)),
        (lambda passed: 9.0, (26, 29)),
    ],
    ids=["cold start", "busy first minute", "slows down", "one stall", "stalls at once", "slow throughout"],
)
def test_a_budget_is_used_to_its_end(step: Any, steps: tuple[int, int], tmp_path: Path) -> None:
    clock = Clock()
    summary = run(tmp_path / "m", clock, on(clock, smallest(budget="270s"), step))
    # What is left is less than another step with the validation.
    used_up(summary, clock, least=0.96)
    assert steps[0] <= summary.step <= steps[1]
    assert summary.step == summary.total
    last = lines_of(tmp_path / "m")[-1]
    assert (last["kind"], last["step"]) == ("validation", summary.step)


def test_a_validation_that_stalled_once_does_not_end_the_run(tmp_path: Path) -> None:
    clock = Clock()
    system = on(
        clock, smallest(budget="270s"), validation=lambda passed, part: 40.0 if 20 < passed < 60 else 0.5 * part
    )
    summary = run(tmp_path / "m", clock, system)
    assert 40.0 in system.spent
    used_up(summary, clock, least=0.7)


def test_expensive_validations_take_a_tenth_and_the_first_one_little(tmp_path: Path) -> None:
    """33 s to make ready and 12 s each time, measured beside a busy process; each part of the set costs its part."""
    clock = Clock()
    system = on(clock, smallest(budget="270s"), validation=lambda passed, part: 12 * part, setup=lambda part: 33 * part)
    summary = run(tmp_path / "m", clock, system)
    used_up(summary, clock)
    assert sum(system.spent) <= 27
    first, again, *others = system.parts
    assert (first, again) == (0.125, 0.125)
    assert sum(system.spent[:2]) < 8
    assert len(set(others)) == 1
    assert len(others) >= 3


def test_cheap_validations_are_whole_and_ten(tmp_path: Path) -> None:
    clock = Clock()
    system = on(clock, smallest(budget="270s"), validation=lambda passed, part: 0.8 * part, setup=lambda part: 2 * part)
    used_up(run(tmp_path / "m", clock, system), clock)
    steps = [line["step"] for line in lines_of(tmp_path / "m") if line["kind"] == "validation"]
    assert len(steps) == 11
    assert all(0.04 < (b - a) / steps[-1] < 0.15 for a, b in itertools.pairwise(steps))
    assert set(system.parts[2:]) == {1.0}


def test_a_validation_dearer_than_a_tenth_happens_at_the_end_only(tmp_path: Path) -> None:
    clock = Clock()
    system = on(clock, smallest(budget="100s"), validation=lambda passed, part: 8.0)
    summary = run(tmp_path / "m", clock, system)
    used_up(summary, clock, 100, least=0.9)
    assert len(system.spent) == 3  # twice at the start, to know what they cost, and at the end


def test_asked_for_validations_stay_within_the_tenth(tmp_path: Path) -> None:
    clock = Clock()
    system = on(clock, smallest(budget="100s", validate_every=10), validation=lambda passed, part: 2.0 * part)
    used_up(run(tmp_path / "m", clock, system), clock, 100)
    assert sum(system.spent) <= 10
    validated = [line["step"] for line in lines_of(tmp_path / "m") if line["kind"] == "validation"]
    assert len(validated) > 3
    assert all(step % 10 == 0 for step in validated[:-1])


def test_learning_rates_follow_the_time(tmp_path: Path) -> None:
    """Eight times slower for the first half: the decay begins after half the time, not after half the steps."""
    clock, system, times = Clock(), smallest(budget="200s"), []

    def step(passed: float) -> float:
        times.append(passed)
        return 4.0 if passed < 100 else 0.5

    run(tmp_path / "m", clock, on(clock, system, step))
    assert len(system.factors) > 200
    for passed, factor in zip(times, system.factors, strict=True):
        assert factor == pytest.approx(min(1.0, 2 * (1 - passed / 200)), abs=0.12)
    assert system.factors[0] == 1.0
    assert system.factors[-1] < 0.05


def test_a_stopped_budget_run_goes_on_to_its_end(tmp_path: Path) -> None:
    clock = Clock()
    stopped = run(tmp_path / "m", clock, on(clock, smallest(budget="100s")), report=at_step(40, 2))
    assert (stopped.status, stopped.step) == ("interrupted", 40)
    assert 90 < stopped.total < 105
    spent = clock.passed
    again = Clock()
    summary = run(tmp_path / "m", again, on(again, smallest(budget="100s")))
    assert summary.status == "finished"
    assert 97 <= spent + again.passed <= 100
    assert summary.seconds == pytest.approx(spent + again.passed, abs=0.01)
    third = Clock()
    assert run(tmp_path / "m", third, on(third, smallest(budget="100s"))).status == "skipped"


def test_a_longer_budget_goes_on_and_steps_can_follow(tmp_path: Path) -> None:
    clock = Clock()
    first = run(tmp_path / "m", clock, on(clock, smallest(budget="20s"), validation=lambda passed, part: 4 * part))
    second = run(tmp_path / "m", clock, on(clock, smallest(budget="60s"), validation=lambda passed, part: 4 * part))
    assert 2.7 < second.step / first.step < 3.3
    used_up(second, clock, 60, least=0.95)
    more = run(tmp_path / "m", clock, on(clock, smallest(steps=second.step + 5)))
    assert (more.status, more.step) == ("finished", second.step + 5)


def test_scores_of_different_parts_of_the_set_are_not_compared(tmp_path: Path) -> None:
    """What fewer windows made look good does not keep the better weights of a longer run from being published."""

    class Flattered(Smallest):
        def validate(self, networks: Any, step: int) -> dict[str, float]:
            return {"score": self.validation_part}

    def flattered(**values: Any) -> Flattered:
        return on(clock, Flattered(smallest(**values).config), validation=lambda passed, part: 4 * part)

    clock = Clock()
    short = train(flattered(budget="20s"), tmp_path / "m", clock=clock)
    assert short.best_score == 0.125
    long = train(flattered(budget="200s"), tmp_path / "m", clock=clock)
    assert (long.best_score, long.best_step > short.step) == (1.0, True)


def test_the_first_steps_choose_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads are faster, but for the very first steps; the choice is written down and kept."""
    _with_cores(2, monkeypatch)
    clock, before = Clock(), torch.get_num_threads()

    def step(passed: float) -> float:
        return 3.0 if passed < 1 else {1: 0.4, 2: 0.25}[torch.get_num_threads()]

    try:
        summary = run(tmp_path / "m", clock, on(clock, smallest(budget="60s", threads=0), step), report=at_step(100, 2))
        assert (summary.status, summary.threads) == ("interrupted", 2)
        (choice,) = [line for line in lines_of(tmp_path / "m") if line["kind"] == "threads"]
        assert (choice["threads"], choice["step_seconds"]) == (2, {"1": 0.4, "2": 0.25})
        assert choice["step"] <= 20
        # Resumed where one would be faster now.
        again = run(tmp_path / "m", clock, on(clock, smallest(budget="60s", threads=0), lambda passed: 0.2))
        assert again.threads == 2
        assert len([line for line in lines_of(tmp_path / "m") if line["kind"] == "threads"]) == 1
        assert run(tmp_path / "one", clock, on(clock, smallest(budget="20s", threads=1), step)).threads == 1
    finally:
        torch.set_num_threads(before)


def test_nothing_is_measured_where_threads_are_given_or_steps_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal commands then give equal results."""
    _with_cores(2, monkeypatch)
    before, clock = torch.get_num_threads(), Clock()
    try:
        assert run(tmp_path / "steps", clock, on(clock, smallest(steps=5, threads=0))).threads == 2
        assert run(tmp_path / "given", clock, on(clock, smallest(budget="9s", threads=2))).threads == 2
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert run(tmp_path / "variable", clock, on(clock, smallest(budget="9s", threads=0))).threads == 1
        for name in ("steps", "given", "variable"):
            assert "threads" not in {line["kind"] for line in lines_of(tmp_path / name)}
    finally:
        torch.set_num_threads(before)


def _with_cores(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for module in (device, ranks, loop):
        monkeypatch.setattr(module, "available_cores", lambda: cores)


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    from gantools.files.containers import read_state, write_state

    clock = Clock()
    run(tmp_path / "m", clock, on(clock, smallest(budget="50s")), report=at_step(40, 2))
    path = tmp_path / "m/state/step-00000040.safetensors"
    tensors, meta = read_state(path)
    write_state(path, tensors, {**meta, "length": {"total": 230, "replans": 1}})
    again = Clock()
    with pytest.raises(ModelError, match="checkpoint of another version"):
        run(tmp_path / "m", again, on(again, smallest(budget="50s")))
