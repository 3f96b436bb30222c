"""Runs that end when their score no longer gets better."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from simulated import Clock, on
from test_loop import same
from toy_system import Toy, ToyConfig
from training_runs import lines_of, stopped_at, weights_of

from gantools.options import from_mapping
from gantools.training.config import TrainConfig
from gantools.training.early_stopping import EarlyStopping
from gantools.training.loop import train


class Scored(Toy):
    """Scores as given, one per validation; the last one stays."""

    scores = (1.0, 1.0, 0.5, 0.495, 0.49, 0.488, 0.487)

    def validate(self, networks: Any, step: int) -> dict[str, float]:
        return {"score": self.scores[min(step // 2, len(self.scores) - 1)]}


def scored(**values: Any) -> Scored:
    settings = {"steps": 40, "validate_every": 2, "log_every": 5, "precision": "float32", "threads": 1, **values}
    return Scored(from_mapping(ToyConfig, settings))


def test_only_a_clearly_better_score_counts() -> None:
    stopping = EarlyStopping()
    for score, stale in ((-10.0, 0), (-10.1, 1), (-10.19, 2), (-10.2, 3), (-10.21, 0), (math.nan, 1), (-9.0, 2)):
        stopping.note(score)
        assert stopping.stale == stale, score
    assert not stopping.due(TrainConfig(patience=2), 0.24)
    assert not stopping.due(TrainConfig(), 1.0)
    assert stopping.due(TrainConfig(patience=2), 0.25)


def test_a_run_ends_early_and_stays_ended(tmp_path: Path) -> None:
    summary = train(scored(patience=3), tmp_path / "m")
    # .5 after 4 steps; .495 and .49 are no gain of 2 %, .488 is one; then nothing after 12, 14 and 16.
    assert (summary.status, summary.step, summary.total, summary.best_step) == ("finished", 16, 16, 12)
    before = (tmp_path / "m/metrics.jsonl").read_bytes()
    for same_or_less in ({}, {"steps": 30}):
        assert train(scored(patience=3, **same_or_less), tmp_path / "m").status == "skipped"
    assert (tmp_path / "m/metrics.jsonl").read_bytes() == before
    more = train(scored(patience=3, steps=41), tmp_path / "m")
    assert (more.status, more.step) == ("finished", 22)
    assert train(scored(patience=3, steps=41), tmp_path / "m").status == "skipped"
    assert train(scored(patience=0, steps=41), tmp_path / "m").step == 41


def test_not_in_the_first_quarter(tmp_path: Path) -> None:
    assert train(scored(patience=1, steps=60), tmp_path / "m").step == 16
    # No longer stale: the gain after 10 steps of 40 begins the count anew.
    assert train(scored(patience=1, steps=40), tmp_path / "x").step == 12


@pytest.mark.parametrize("step", [9, 13, 15])
def test_resumed_equals_uninterrupted(tmp_path: Path, step: int) -> None:
    train(scored(patience=3), tmp_path / "whole")
    stopped_at(step, scored(patience=3), tmp_path / "parts")
    assert train(scored(patience=3), tmp_path / "parts").step == 16
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    assert lines_of(tmp_path / "whole") == lines_of(tmp_path / "parts")


def test_an_early_end_in_a_budget(tmp_path: Path) -> None:
    class Flat(Scored):
        scores = (1.0,)

    clock = Clock()

    def flat(budget: str) -> Flat:
        return on(clock, Flat(scored(patience=2, budget=budget, validate_every=5).config))

    summary = train(flat("60s"), tmp_path / "m", clock=clock)
    assert summary.status == "finished"
    # Two more validations than the first had no better score, but not in the first quarter.
    assert 15 <= summary.step <= 20
    spent = clock.passed
    assert train(flat("60s"), tmp_path / "m", clock=clock).status == "skipped"
    assert train(flat("40s"), tmp_path / "m", clock=clock).status == "skipped"
    assert clock.passed == spent
    more = train(flat("90s"), tmp_path / "m", clock=clock)
    assert (more.status, more.step > summary.step) == ("finished", True)


@pytest.mark.parametrize(
    ("asked", "stays"),
    [
        ({}, True),
        ({"steps": 39}, True),
        ({"steps": 41}, False),
        ({"patience": 3}, False),
        ({"budget": "1s"}, False),
    ],
)
def test_what_a_run_that_ended_early_stays_ended_for(asked: dict[str, Any], stays: bool) -> None:
    stopping = EarlyStopping(stale=2)
    assert not stopping.stays(TrainConfig(patience=2, steps=40))
    assert stopping.due(TrainConfig(patience=2, steps=40), 1.0)
    assert stopping.stays(TrainConfig(**{"patience": 2, "steps": 40, **asked})) is stays
