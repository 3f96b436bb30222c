"""Which number of threads is the fastest, by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gantools.training.thread_trial import ThreadTrial, candidates


def outcome(trial: ThreadTrial, step: Callable[[int, int], float]) -> tuple[int, int]:
    """Return the choice and after how many steps it was made; `step` gives seconds from threads and step."""
    number = 0
    while not trial.done:
        trial.note(step(trial.threads, number))
        number += 1
    return trial.threads, number


def test_numbers_worth_a_try() -> None:
    assert [candidates(cores) for cores in (1, 2, 3, 4, 16, 96)] == [
        [1], [1, 2], [1, 2, 3], [1, 2, 4], [1, 2, 8, 16], [1, 2, 48, 96]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "threads"),
    [({1: 0.3, 2: 0.2}, 2), ({1: 0.3, 2: 0.9}, 1), ({1: 0.3, 2: 0.29}, 1), ({1: 0.9, 2: 0.6, 8: 0.3, 16: 3.0}, 8)],
    ids=["two", "one", "no real gain", "of four"],
)
def test_the_fastest_is_taken(seconds: dict[int, float], threads: int) -> None:
    trial = ThreadTrial(sorted(seconds), 1, 600.0)
    # A block of three to warm up, and two for each number, of which the first step does not count.
    assert outcome(trial, lambda n, step: 4.0 if step == 0 else seconds[n]) == (threads, 3 + 8 * len(seconds))
    assert trial.seconds == pytest.approx(seconds)


def test_a_slow_moment_does_not_decide() -> None:
    trial = ThreadTrial([1, 2], 1, 600.0)
    assert outcome(trial, lambda n, step: 5.0 if step == 7 else {1: 0.3, 2: 0.2}[n])[0] == 2


def test_the_first_step_after_a_change_does_not_count() -> None:
    """It has to make its own batch, which with several threads is made ahead otherwise."""
    trial, before = ThreadTrial([1, 2], 1, 600.0), 0

    def seconds(threads: int, step: int) -> float:
        nonlocal before
        changed, before = threads != before, threads
        return {1: 1.2, 2: 1.0}[threads] + (0.5 if threads == 2 and changed else 0.0)

    assert outcome(trial, seconds)[0] == 2
    assert trial.seconds == pytest.approx({1: 1.2, 2: 1.0})


def test_blocks_hold_whole_cycles() -> None:
    """With an expensive phase in each fifth step, blocks of five compare like with like."""
    trial = ThreadTrial([1, 2], 5, 6000.0)
    choice, steps = outcome(trial, lambda n, step: (3.0 if step % 5 == 0 else 0.1) * {1: 1.2, 2: 1.0}[n])
    assert (choice, steps) == (2, 29)
    assert trial.seconds == pytest.approx({1: 1.2 * 0.68, 2: 0.68})


def test_long_steps_are_measured_once_and_too_long_ones_not() -> None:
    # More than 2 % of the budget each: one to warm up, two for each number, and then 5 % are spent.
    assert outcome(ThreadTrial([1, 2], 1, 100.0), lambda n, step: {1: 2.5, 2: 2.0}[n]) == (2, 5)
    # A fifth of it: no comparison, and all cores.
    trial = ThreadTrial([1, 2], 5, 100.0)
    assert outcome(trial, lambda n, step: 20.0)[0] == 2
    assert trial.seconds == {}
