"""Runs that are given a time instead of a number of steps."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from toy_system import toy
from training_runs import lines_of

from gantools.errors import ConfigError
from gantools.training.budget import Plan
from gantools.training.config import TrainConfig, parse_seconds
from gantools.training.loop import train
from gantools.training.position import Position


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("2h", 7200), ("1h30m", 5400), ("1.5m", 90), ("45", 45), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "5 minutes", "-3m", "m", "5x", "1m 2"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ConfigError, match="is no duration"):
        parse_seconds(text)


def test_validations_are_even_and_end_with_the_run() -> None:
    plan = Plan(total=25, validations=10)
    due = [step for step in range(26) if plan.due(step, TrainConfig())]
    assert due == [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25]
    assert [step for step in range(26) if plan.due(step, TrainConfig(validate_every=10))] == [0, 10, 20, 25]


def test_the_plan_leaves_room_for_validations_and_saves() -> None:
    plan = Plan(budget_seconds=100.0, step_seconds=0.1, validate_seconds=2.0, save_seconds=0.5)
    plan.choose_total(0, 1.0, TrainConfig())
    assert plan.validations == 10
    spent = 1.0 + plan.total * 0.1 + 10 * 2.5
    assert 90.0 < spent < 100.0
    plan = Plan(budget_seconds=10.0, step_seconds=0.1, validate_seconds=3.0)
    plan.choose_total(0, 1.0, TrainConfig())
    assert plan.validations == 1
    assert 1.0 + plan.total * 0.1 + 3.0 < 10.0


def test_a_budget_run_ends_in_time_and_is_then_done(tmp_path: Path) -> None:
    settings = {"budget": "2s", "slow": 0.01, "slow_validation": 0.05}
    begun = time.monotonic()
    summary = train(toy(**settings), tmp_path / "m")
    took = time.monotonic() - begun
    assert summary.status == "finished"
    # No timing is asserted that a stalled machine could break.
    assert 1 <= summary.step == summary.total
    assert summary.seconds <= took + 1e-3
    assert lines_of(tmp_path / "m")[-1]["kind"] == "validation"
    assert lines_of(tmp_path / "m")[-1]["step"] == summary.step
    assert train(toy(**settings), tmp_path / "m").status == "skipped"
    more = train(toy(**{**settings, "budget": "", "steps": summary.step + 5}), tmp_path / "m")
    assert (more.status, more.step) == ("finished", summary.step + 5)


def test_a_longer_budget_extends_a_finished_run() -> None:
    plan = Plan(total=100, budget_seconds=10.0, step_seconds=0.1, validate_seconds=0.2, save_seconds=0.1, replans=3)
    position = Position("float32", step=100, validated=100, seconds=10.0, plan=plan)
    position.set_length(TrainConfig(budget="10s"))
    assert position.finished
    position.set_length(TrainConfig(budget="9s"))
    assert position.finished
    position.set_length(TrainConfig(budget="20s"))
    assert not position.finished
    assert 150 < plan.total < 200
    assert plan.replans == 0


def test_a_machine_that_slows_down_stops_the_run_early(tmp_path: Path) -> None:
    system = toy(budget="2s", validate_every=1000)
    fast = system.batch

    def slowing(step: int, items: list[int]) -> dict[str, object]:
        time.sleep(0.002 if step < 50 else 0.1)
        return fast(step, items)  # type: ignore[return-value]

    system.batch = slowing  # type: ignore[assignment, method-assign]
    summary = train(system, tmp_path / "m")
    assert summary.status == "finished"
    assert summary.step < 100


def test_one_stall_of_the_machine_hardly_changes_the_plan() -> None:
    plan = Plan(budget_seconds=240.0, validate_seconds=1.0, save_seconds=0.1)
    for _ in range(150):
        plan.note_step(0.2)
    plan.note_step(40.0)
    assert plan.step_seconds == pytest.approx(0.2, rel=0.07)
    for _ in range(300):
        plan.note_step(0.6)  # a machine that has become slower for good is believed
    assert plan.step_seconds == pytest.approx(0.6, rel=0.02)
