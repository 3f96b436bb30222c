"""Durations, and the arithmetic of budgets, by hand; whole runs are in tests/cases/test_budget.py."""

from __future__ import annotations

from typing import Any

import pytest

from gantools.errors import ConfigError
from gantools.parsing import duration
from gantools.training.budget import Plan
from gantools.training.config import TrainConfig
from gantools.training.position import Position


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("2h", 7200), ("1h30m", 5400), ("1.5m", 90), ("45", 45), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "5 minutes", "-3m", "m", "5x", "1m 2"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ConfigError, match="is no duration"):
        duration(text)


def test_validations_are_even_and_end_with_the_run() -> None:
    plan = Plan(total=25)
    due = [step for step in range(26) if plan.due(step, 0.0, TrainConfig())]
    assert due == [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25]
    assert [step for step in range(26) if plan.due(step, 0.0, TrainConfig(validate_every=10))] == [0, 10, 20, 25]


def test_what_is_kept_for_the_end() -> None:
    """1.2 validations and saves, a step, a tenth of a second; a quarter of the budget at most."""
    plan = Plan(budget_seconds=100.0, step_seconds=0.5, validate_seconds=2.0, save_seconds=1.0, setup_seconds=4.0)
    assert plan.check_seconds == 7.0
    assert plan.reserve_seconds == pytest.approx(9.0)
    plan.cold = False
    assert plan.reserve_seconds == pytest.approx(4.2)
    assert not plan.exhausted(95.7)
    assert plan.exhausted(95.8)
    plan.validate_seconds = 60.0
    assert plan.reserve_seconds == 25.0
    assert not Plan(validate_seconds=2.0).exhausted(1e9)


def test_the_share_of_the_time_sets_the_total() -> None:
    plan = Plan(budget_seconds=100.0, begun_seconds=10.0, step_seconds=0.9, validate_seconds=7.5, cold=False)
    assert plan.reserve_seconds == pytest.approx(10.0)
    # 80 s for steps: a quarter of them after 30 s.
    assert [plan.share(seconds) for seconds in (5, 10, 30, 90, 99)] == pytest.approx([0, 0, 0.25, 1, 1])
    plan.follow_time(50, 30.0)
    assert plan.total == 200
    plan.follow_time(60, 89.0)
    assert plan.total == 61
    plan.follow_time(61, 90.5)
    assert plan.total == 61
    plan.follow_time(70, 30.0)  # a machine that is faster than it was
    assert plan.total == 280


def test_the_set_is_as_large_as_three_validations_may_cost() -> None:
    """Of 100 s, 10 are for validations; the first two, of an eighth of the set, took .9 and .4."""
    plan = Plan(part=0.125)
    plan.give(100.0, 0, False)
    plan.note_baseline(0.5, 0.4)
    # Whole: 0.8 to make ready, 3 x 3.2 > 8.3. Half: 0.4 and 3 x 1.6 <= 8.7.
    assert plan.part == 0.5
    assert (plan.validate_seconds, plan.setup_seconds, plan.cold) == pytest.approx((1.6, 0.4, True))
    # 8.7 s are five such validations.
    assert plan.next_share == pytest.approx(0.2)
    plan.note_validation(2.0, 0.0)
    assert plan.spent_seconds == pytest.approx(2.9)
    assert plan.validate_seconds == pytest.approx(1.6)  # with what made it ready
    plan.note_validation(1.8, 0.0)
    assert plan.validate_seconds == pytest.approx(1.7)
    plan.note_validation(170.0, 0.0)
    assert plan.validate_seconds == pytest.approx(2.55)
    assert plan.next_share == 1.0


def test_the_smallest_part_if_even_that_is_dear() -> None:
    plan = Plan()
    plan.give(100.0, 0, False)
    assert plan.part == 0.125
    plan.note_baseline(8.0, 4.0)
    assert (plan.part, plan.cold, plan.next_share) == (0.125, False, 1.0)


def test_a_longer_budget_extends_a_finished_run() -> None:
    plan = Plan(total=100, budget_seconds=10.0, step_seconds=0.1, validate_seconds=0.2, save_seconds=0.1, part=0.25)
    position = Position("float32", step=100, validated=100, seconds=10.0, best_step=50, best_score=0.1, plan=plan)
    position.set_length(TrainConfig(budget="10s"))
    assert position.finished
    position.set_length(TrainConfig(budget="9s"))
    assert position.finished
    position.set_length(TrainConfig(budget="200s"))
    assert not position.finished
    assert (plan.total, plan.part) == (101, 1.0)
    assert (position.best_step, position.best_score) == (None, None)


def test_steps_after_a_budget_and_the_other_way_round() -> None:
    plan = Plan(total=40, budget_seconds=10.0, part=0.5)
    position = Position("float32", step=40, validated=40, seconds=10.0, plan=plan)
    position.set_length(TrainConfig(steps=60))
    assert (position.plan.total, position.plan.budget_seconds, position.plan.part) == (60, 0.0, 1.0)
    with pytest.raises(ConfigError, match="40 are done already, 30 are asked for"):
        position.set_length(TrainConfig(steps=30))
    position.set_length(TrainConfig(budget="1m"))
    assert (position.plan.total, position.plan.budget_seconds) == (60, 60.0)


def test_one_stall_of_the_machine_hardly_changes_the_plan() -> None:
    plan = Plan(budget_seconds=240.0, validate_seconds=1.0, save_seconds=0.1)
    for _ in range(150):
        plan.note_step(0.2)
    plan.note_step(40.0)
    assert plan.step_seconds == pytest.approx(0.2, rel=0.07)
    for _ in range(300):
        plan.note_step(0.6)  # a machine that has become slower for good is believed
    assert plan.step_seconds == pytest.approx(0.6, rel=0.02)


def test_the_first_steps_are_averaged() -> None:
    """Three of 2, 1 and 3 s; the 16th part of a sixteenth one counts as four means at most."""
    plan = Plan()
    for seconds in (2.0, 1.0, 3.0):
        plan.note_step(seconds)
    assert plan.step_seconds == pytest.approx(2.0)
    plan.note_step(100.0)
    assert plan.step_seconds == pytest.approx(2.0 + (8.0 - 2.0) / 4)


def dear(**changes: Any) -> Plan:
    """Return a plan of 100 s, 10 of them for validations: 4 s for the first with its save, 3 for another."""
    costs = {"step_seconds": 0.1, "validate_seconds": 2.0, "save_seconds": 1.0, "setup_seconds": 1.0}
    return Plan(**{"total": 100, "budget_seconds": 100.0, "spent_seconds": 3.0, "next_share": 0.5, **costs, **changes})


def test_a_validation_has_to_leave_room_for_the_last_one() -> None:
    config = TrainConfig()
    assert dear().reserve_seconds == pytest.approx(5.0)
    # The half of the 95 s that steps may take.
    assert [dear().due(9, seconds, config) for seconds in (47.4, 47.6)] == [False, True]
    # In their tenth: 3 + 4 and 3 s for the last.
    assert [dear(spent_seconds=spent).due(9, 50.0, config) for spent in (3.0, 3.1)] == [True, False]
    # In the budget: 4 s and the reserve.
    assert [dear().due(9, seconds, config) for seconds in (90.9, 91.1)] == [True, False]
    assert [dear(cold=False, spent_seconds=spent).due(9, 50.0, config) for spent in (4.0, 4.1)] == [True, False]
    every = TrainConfig(validate_every=3)
    assert [dear().due(step, 1.0, every) for step in (8, 9)] == [False, True]
    assert not dear(spent_seconds=3.1).due(9, 1.0, every)
    # The first and the last one always.
    assert [dear(spent_seconds=9.0).due(step, 1.0, config) for step in (0, 1, 99, 100)] == [True, False, False, True]


def test_the_first_validation_of_a_process_may_take_longer() -> None:
    """Two seconds and one to make ready are expected: up to six are taken for a stall."""
    for seconds, validate in ((1.5, 1.5), (2.5, 2.0), (6.0, 2.0), (7.0, 6.0)):
        plan = dear()
        plan.note_validation(seconds, 0.0)
        assert (plan.validate_seconds, plan.cold, plan.spent_seconds) == (validate, False, 3.0 + seconds)
    plan = dear(cold=False)
    plan.note_validation(3.0, 40.0)
    assert plan.validate_seconds == 2.5
    # 4 s are left, for one more; 40 s are .42 of 95.9 s for steps, of which the rest is one piece.
    assert plan.reserve_seconds == pytest.approx(4.4)
    assert plan.next_share == pytest.approx(1.0)
    plan = dear(cold=False, spent_seconds=0.0, budget_seconds=110.0)
    plan.note_validation(2.0, 53.1)
    assert plan.next_share == pytest.approx(0.5 + 0.5 / 3, abs=1e-3)  # 9 s are left, for three of 3 s


def test_a_save_costs_what_it_took_lately() -> None:
    plan = Plan()
    for seconds, save in ((4.0, 4.0), (2.0, 3.0), (100.0, 4.5)):
        plan.note_save(seconds)
        assert plan.save_seconds == save


def test_the_parts_of_the_set_by_hand() -> None:
    plan = Plan(save_seconds=0.5)
    assert plan.give(100.0, 0, False)
    assert (plan.total, plan.part) == (0, 0.125)
    plan.note_baseline(1.0, 0.25)
    # Whole: 6 s to make ready and 3 x 2.5 > 2.75. Half: 3 s and 3 x 1.5 <= 5.75, which are three such validations.
    assert (plan.part, plan.setup_seconds, plan.validate_seconds, plan.cold) == (0.5, 3.0, 1.0, True)
    assert plan.next_share == pytest.approx(1 / 3)
    # What takes no time is done ten times.
    plan = Plan()
    plan.give(100.0, 0, False)
    plan.note_baseline(0.0, 0.0)
    assert (plan.part, plan.next_share) == (1.0, 0.1)
    # A repetition that was slower needed nothing to make ready.
    plan = Plan()
    plan.give(100.0, 0, False)
    plan.note_baseline(0.1, 0.2)
    assert plan.setup_seconds == 0.0


def test_a_new_budget_chooses_anew() -> None:
    costs = {"part": 1.0, "validate_seconds": 2.0, "save_seconds": 1.0, "setup_seconds": 2.0}
    plan = Plan(total=3, **costs)
    # With 2 s to make ready 8 are left of 10, which are no 3 x 3; with half the set 9 are, for 3 x 2.
    assert plan.give(100.0, 5, True)
    assert (plan.total, plan.part, plan.validate_seconds, plan.setup_seconds) == (6, 0.5, 1.0, 1.0)
    assert plan.next_share == pytest.approx(1 / 4)
    plan = Plan(total=30, cold=False, **costs)
    assert not plan.give(100.0, 5, True)
    assert (plan.total, plan.part, plan.setup_seconds, plan.cold) == (30, 1.0, 0.0, False)
    assert plan.next_share == pytest.approx(1 / 3)


def test_a_number_of_steps_takes_the_whole_set() -> None:
    plan = Plan(budget_seconds=5.0, part=0.5)
    assert plan.count(7)
    assert (plan.total, plan.budget_seconds, plan.part) == (7, 0.0, 1.0)
    assert not plan.count(8)


def test_time_says_nothing_before_the_first_step() -> None:
    plan = Plan(total=7)
    plan.follow_time(3, 50.0)
    assert plan.total == 7
    plan = Plan(budget_seconds=100.0, begun_seconds=10.0)
    for step, seconds in ((0, 50.0), (3, 10.0)):
        plan.follow_time(step, seconds)
        assert plan.total == 0
    plan.follow_time(3, 99.0)
    assert plan.total == 4  # there is time: one more at least
    plan.follow_time(4, 99.95)
    assert plan.total == 4
    assert Plan(budget_seconds=10.0, begun_seconds=10.0).share(5.0) == 1.0


def test_a_plan_is_taken_back_cold() -> None:
    plan = dear(cold=False, part=0.25)
    state = plan.state()
    assert Plan.from_state({**state, "of_another_version": 1}) == dear(cold=True, part=0.25)
    del state["part"]
    assert Plan.from_state(state).part == 1.0


def test_a_first_step_needs_no_mean_before_it() -> None:
    plan = Plan()
    plan.note_step(5.0)
    assert (plan.step_seconds, plan.steps_noted) == (5.0, 1)
    plan = Plan(step_seconds=1.0, steps_noted=99)
    plan.note_step(2.0)
    assert plan.step_seconds == pytest.approx(1.02)
