"""Progress off a terminal: a line each half minute, silent with --quiet, in time where a budget is spent."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import Mock

import pytest

from gantools.cli import progress
from gantools.cli.flags import Run
from gantools.cli.progress import Bar, in_minutes
from gantools.cli.training import Watch
from gantools.training.report import Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what moves the clock, which stands at 0."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "EVERY_SECONDS", 30.0)
    return lambda seconds: now.__setitem__(0, seconds)


def test_a_line_each_half_minute_with_what_is_left(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with Bar(Run(verb="melify"), 40, "melify") as bar:
        for second in range(0, 71, 5):
            clock(second)
            bar.update(second / 10)  # one in ten seconds
    assert capsys.readouterr().err.splitlines() == [
        "gantools melify: 3 of 40, 8 %, about 6:10 left",
        "gantools melify: 6 of 40, 15 %, about 5:40 left",
    ]


def test_any_other_line_puts_off_the_next(clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(Run(verb="train"), 100, "train") as bar:
        bar.update(0)
        clock(29)
        bar.say("gantools train: step 29 of 100: score 1")
        clock(31)
        bar.update(31)
        clock(60)
        bar.update(60, "train  loss 0.5")
    assert capsys.readouterr().err.splitlines()[1:] == [
        "gantools train: train loss 0.5: 60 of 100, 60 %, about 0:40 left"
    ]


def test_a_budget_counts_time(clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(Run(verb="train"), 300, "train", clock=True) as bar:
        bar.update(2, "train step 1  loss 2")
        clock(45)
        bar.update(47, "train step 9  loss 1")
    assert capsys.readouterr().err == "gantools train: train step 9 loss 1: 0:47 of 5:00, 16 %, about 4:13 left\n"


def test_quiet_is_quiet_and_a_short_run_says_nothing(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for run, seconds in ((Run(verb="melify", quiet=True), 100), (Run(verb="melify"), 29)):
        clock(0)
        with Bar(run, 2, "melify") as bar:
            clock(seconds)
            bar.update(1)
    assert capsys.readouterr().err == ""


def test_a_time_as_a_clock_shows_it() -> None:
    assert [in_minutes(seconds) for seconds in (5, 59.6, 750, 3723)] == ["0:05", "1:00", "12:30", "1:02:03"]


@pytest.mark.parametrize(
    ("budget_seconds", "moved"),
    [
        (60.0, (12.0, "train step 5  loss 0.25")),
        (10.0, (10.0, "train step 5  loss 0.25")),
        (0.0, (5, "train  loss 0.25", 80)),
    ],
)
def test_a_training_moves_its_bar_by_time_or_by_steps(budget_seconds: float, moved: tuple[object, ...]) -> None:
    bar = Mock()
    watch = Watch(Run(verb="train"), bar, 0, [], budget_seconds)
    watch(Progress("train", 5, 80, 12.0, values={"loss": 0.25}))
    bar.update.assert_called_once_with(*moved)
