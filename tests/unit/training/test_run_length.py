"""Durations, and the arithmetic of budgets, by hand; whole runs are in tests/cases/test_budget.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from gantools.errors import ConfigError
from gantools.parsing import duration
from gantools.training.config import TrainConfig
from gantools.training.run_length import RunLength
from gantools.training.run_state import RunState


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
    length = RunLength(total=25)
    due = [step for step in range(26) if length.due(step, 0.0, TrainConfig())]
    assert due == [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25]
    assert [step for step in range(26) if length.due(step, 0.0, TrainConfig(validate_every=10))] == [0, 10, 20, 25]


def test_what_is_kept_for_the_end() -> None:
    """1.2 validations and saves, a step, a tenth of a second; a quarter of the budget at most."""
    length = RunLength(
        budget_seconds=100.0, step_seconds=0.5, validate_seconds=2.0, save_seconds=1.0, setup_seconds=4.0
    )
    assert length.check_seconds == 7.0
    assert length.reserve_seconds == pytest.approx(9.0)
    length.cold = False
    assert length.reserve_seconds == pytest.approx(4.2)
    assert not length.exhausted(95.7)
    assert length.exhausted(95.8)
    length.validate_seconds = 60.0
    assert length.reserve_seconds == 25.0
    assert not RunLength(validate_seconds=2.0).exhausted(1e9)


def test_the_share_of_the_time_sets_the_total() -> None:
    length = RunLength(budget_seconds=100.0, begun_seconds=10.0, step_seconds=0.9, validate_seconds=7.5, cold=False)
    assert length.reserve_seconds == pytest.approx(10.0)
    # 80 s for steps: a quarter of them after 30 s.
    assert [length.share(seconds) for seconds in (5, 10, 30, 90, 99)] == pytest.approx([0, 0, 0.25, 1, 1])
    length.follow_time(50, 30.0)
    assert length.total == 200
    length.follow_time(60, 89.0)
    assert length.total == 61
    length.follow_time(61, 90.5)
    assert length.total == 61
    length.follow_time(70, 30.0)  # a machine that is faster than it was
    assert length.total == 280


def test_the_set_is_as_large_as_three_validations_may_cost() -> None:
    """Of 100 s, 10 are for validations; the first two, of an eighth of the set, took .9 and .4."""
    length = RunLength(part=0.125)
    length.give(100.0, 0, False)
    length.note_baseline(0.5, 0.4)
    # Whole: 0.8 to make ready, 3 x 3.2 > 8.3. Half: 0.4 and 3 x 1.6 <= 8.7.
    assert length.part == 0.5
    assert (length.validate_seconds, length.setup_seconds, length.cold) == pytest.approx((1.6, 0.4, True))
    # 8.7 s are five such validations.
    assert length.next_share == pytest.approx(0.2)
    length.note_validation(2.0, 0.0)
    assert length.spent_seconds == pytest.approx(2.9)
    assert length.validate_seconds == pytest.approx(1.6)  # with what made it ready
    length.note_validation(1.8, 0.0)
    assert length.validate_seconds == pytest.approx(1.7)
    length.note_validation(170.0, 0.0)
    assert length.validate_seconds == pytest.approx(2.55)
    assert length.next_share == 1.0


def test_the_smallest_part_if_even_that_is_dear() -> None:
    length = RunLength()
    length.give(100.0, 0, False)
    assert length.part == 0.125
    length.note_baseline(8.0, 4.0)
    assert (length.part, length.cold, length.next_share) == (0.125, False, 1.0)


def test_a_longer_budget_extends_a_finished_run() -> None:
    length = RunLength(
        total=100, budget_seconds=10.0, step_seconds=0.1, validate_seconds=0.2, save_seconds=0.1, part=0.25
    )
    state = RunState("float32", step=100, validated_step=100, seconds=10.0, best_step=50, best_score=0.1, length=length)
    state.set_length(TrainConfig(budget="10s"))
    assert state.finished
    state.set_length(TrainConfig(budget="9s"))
    assert state.finished
    state.set_length(TrainConfig(budget="200s"))
    assert not state.finished
    assert (length.total, length.part) == (101, 1.0)
    assert (state.best_step, state.best_score) == (None, None)


def test_steps_after_a_budget_and_the_other_way_round() -> None:
    length = RunLength(total=40, budget_seconds=10.0, part=0.5)
    state = RunState("float32", step=40, validated_step=40, seconds=10.0, length=length)
    state.set_length(TrainConfig(steps=60))
    assert (state.length.total, state.length.budget_seconds, state.length.part) == (60, 0.0, 1.0)
    with pytest.raises(ConfigError, match="40 are done already, 30 are asked for"):
        state.set_length(TrainConfig(steps=30))
    state.set_length(TrainConfig(budget="1m"))
    assert (state.length.total, state.length.budget_seconds) == (60, 60.0)


def test_one_stall_of_the_machine_hardly_changes_the_length() -> None:
    length = RunLength(budget_seconds=240.0, validate_seconds=1.0, save_seconds=0.1)
    for _ in range(150):
        length.note_step(0.2)
    length.note_step(40.0)
    assert length.step_seconds == pytest.approx(0.2, rel=0.07)
    for _ in range(300):
        length.note_step(0.6)  # a machine that has become slower for good is believed
    assert length.step_seconds == pytest.approx(0.6, rel=0.02)


def test_the_first_steps_are_averaged() -> None:
    """Three of 2, 1 and 3 s; the 16th part of a sixteenth one counts as four means at most."""
    length = RunLength()
    for seconds in (2.0, 1.0, 3.0):
        length.note_step(seconds)
    assert length.step_seconds == pytest.approx(2.0)
    length.note_step(100.0)
    assert length.step_seconds == pytest.approx(2.0 + (8.0 - 2.0) / 4)


def dear(**changes: Any) -> RunLength:
    """Return a length of 100 s, 10 of them for validations: 4 s for the first with its save, 3 for another."""
    costs = {"step_seconds": 0.1, "validate_seconds": 2.0, "save_seconds": 1.0, "setup_seconds": 1.0}
    return RunLength(
        **{"total": 100, "budget_seconds": 100.0, "spent_seconds": 3.0, "next_share": 0.5, **costs, **changes}
    )


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
        length = dear()
        length.note_validation(seconds, 0.0)
        assert (length.validate_seconds, length.cold, length.spent_seconds) == (validate, False, 3.0 + seconds)
    length = dear(cold=False)
    length.note_validation(3.0, 40.0)
    assert length.validate_seconds == 2.5
    # 4 s are left, for one more; 40 s are .42 of 95.9 s for steps, of which the rest is one piece.
    assert length.reserve_seconds == pytest.approx(4.4)
    assert length.next_share == pytest.approx(1.0)
    length = dear(cold=False, spent_seconds=0.0, budget_seconds=110.0)
    length.note_validation(2.0, 53.1)
    assert length.next_share == pytest.approx(0.5 + 0.5 / 3, abs=1e-3)  # 9 s are left, for three of 3 s


def test_a_save_costs_what_it_took_lately() -> None:
    length = RunLength()
    for seconds, save in ((4.0, 4.0), (2.0, 3.0), (100.0, 4.5)):
        length.note_save(seconds)
        assert length.save_seconds == save


def test_the_parts_of_the_set_by_hand() -> None:
    length = RunLength(save_seconds=0.5)
    assert length.give(100.0, 0, False)
    assert (length.total, length.part) == (0, 0.125)
    length.note_baseline(1.0, 0.25)
    # Whole: 6 s to make ready and 3 x 2.5 > 2.75. Half: 3 s and 3 x 1.5 <= 5.75, which are three such validations.
    assert (length.part, length.setup_seconds, length.validate_seconds, length.cold) == (0.5, 3.0, 1.0, True)
    assert length.next_share == pytest.approx(1 / 3)
    # What takes no time is done ten times.
    length = RunLength()
    length.give(100.0, 0, False)
    length.note_baseline(0.0, 0.0)
    assert (length.part, length.next_share) == (1.0, 0.1)
    # A repetition that was slower needed nothing to make ready.
    length = RunLength()
    length.give(100.0, 0, False)
    length.note_baseline(0.1, 0.2)
    assert length.setup_seconds == 0.0


def test_a_new_budget_chooses_anew() -> None:
    costs = {"part": 1.0, "validate_seconds": 2.0, "save_seconds": 1.0, "setup_seconds": 2.0}
    length = RunLength(total=3, **costs)
    # With 2 s to make ready 8 are left of 10, which are no 3 x 3; with half the set 9 are, for 3 x 2.
    assert length.give(100.0, 5, True)
    assert (length.total, length.part, length.validate_seconds, length.setup_seconds) == (6, 0.5, 1.0, 1.0)
    assert length.next_share == pytest.approx(1 / 4)
    length = RunLength(total=30, cold=False, **costs)
    assert not length.give(100.0, 5, True)
    assert (length.total, length.part, length.setup_seconds, length.cold) == (30, 1.0, 0.0, False)
    assert length.next_share == pytest.approx(1 / 3)


def test_a_number_of_steps_takes_the_whole_set() -> None:
    length = RunLength(budget_seconds=5.0, part=0.5)
    assert length.count(7)
    assert (length.total, length.budget_seconds, length.part) == (7, 0.0, 1.0)
    assert not length.count(8)


def test_time_says_nothing_before_the_first_step() -> None:
    length = RunLength(total=7)
    length.follow_time(3, 50.0)
    assert length.total == 7
    length = RunLength(budget_seconds=100.0, begun_seconds=10.0)
    for step, seconds in ((0, 50.0), (3, 10.0)):
        length.follow_time(step, seconds)
        assert length.total == 0
    length.follow_time(3, 99.0)
    assert length.total == 4  # there is time: one more at least
    length.follow_time(4, 99.95)
    assert length.total == 4
    assert RunLength(budget_seconds=10.0, begun_seconds=10.0).share(5.0) == 1.0


def test_a_length_is_taken_back_cold() -> None:
    assert RunLength.from_state(asdict(dear(cold=False, part=0.25))) == dear(cold=True, part=0.25)


def test_saves_between_validations_cost_a_twentieth_of_the_time() -> None:
    length = RunLength(save_seconds=2.0)
    assert [length.save_due(7, since, TrainConfig()) for since in (59.0, 60.5)] == [False, True]
    length.save_seconds = 4.0
    assert [length.save_due(7, since, TrainConfig()) for since in (79.0, 81.0)] == [False, True]
    assert [length.save_due(step, 1e9, TrainConfig(save_every=5)) for step in (5, 6)] == [True, False]


def test_a_first_step_needs_no_mean_before_it() -> None:
    length = RunLength()
    length.note_step(5.0)
    assert (length.step_seconds, length.steps_noted) == (5.0, 1)
    length = RunLength(step_seconds=1.0, steps_noted=99)
    length.note_step(2.0)
    assert length.step_seconds == pytest.approx(1.02)
