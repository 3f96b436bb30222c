"""Choosing among classes, against hand-worked cases; loops that depend on their number alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from gantools.symbolic.roll import PITCHES
from gantools.systems.loops.sampling import BLOCK, Rolls, RollSampler, choose, probabilities, uniforms

FIVE = torch.tensor([0.2, 0.05, 0.4, 0.05, 0.3], dtype=torch.float64)


def kept(**options: float) -> list[int]:
    chances = probabilities(FIVE.log(), **options)  # type: ignore[arg-type]
    torch.testing.assert_close(chances.sum(), torch.ones((), dtype=torch.float64))
    inside = chances > 0
    # What stays keeps its proportions.
    torch.testing.assert_close(chances[inside], FIVE[inside] / FIVE[inside].sum())
    return inside.nonzero()[:, 0].tolist()


@pytest.mark.parametrize(
    ("top_p", "classes"),
    [
        (0.0, [2]),
        (0.08, [2]),  # the paper's value: a nucleus of one, where one class is likelier than that
        (0.39, [2]),
        (0.41, [2, 4]),  # the class with which p is reached stays
        (0.69, [2, 4]),
        (0.71, [0, 2, 4]),
        (0.92, [0, 1, 2, 4]),  # of equal ones the first
        (0.96, [0, 1, 2, 3, 4]),
        (1.0, [0, 1, 2, 3, 4]),
    ],
)
def test_a_nucleus_is_the_smallest_set_that_reaches_p(top_p: float, classes: list[int]) -> None:
    assert kept(top_p=top_p) == classes


@pytest.mark.parametrize(
    ("top_k", "classes"), [(0, [0, 1, 2, 3, 4]), (1, [2]), (4, [0, 1, 2, 4]), (9, [0, 1, 2, 3, 4])]
)
def test_top_k_keeps_k_classes_also_of_equal_ones(top_k: int, classes: list[int]) -> None:
    assert kept(top_k=top_k) == classes


def test_the_nucleus_is_of_what_top_k_left() -> None:
    assert kept(top_k=3, top_p=0.43) == [2]  # 0.4 of 0.9 is more than 0.43; of 1 it would not be
    assert kept(top_k=3, top_p=0.45) == [2, 4]


def test_temperature_divides_the_logits() -> None:
    torch.testing.assert_close(probabilities(FIVE.log(), 0.5), FIVE**2 / (FIVE**2).sum())
    torch.testing.assert_close(probabilities(FIVE.log(), 0.0), torch.eye(5, dtype=torch.float64)[2])


def test_a_choice_falls_where_the_number_lies() -> None:
    chances = torch.tensor([0.0, 0.25, 0.0, 0.75, 0.0], dtype=torch.float64)
    numbers = torch.tensor([0.0, 0.2499, 0.25, 0.999, 1 - 2**-53], dtype=torch.float64)
    assert choose(chances.expand(5, 5), numbers).tolist() == [1, 1, 3, 3, 3]
    drawn = choose(FIVE.expand(20000, 5), uniforms([5], 20000)[0])
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 20000, FIVE, atol=0.01)


class Numbers(RollSampler):
    """Loops whose cells are the bits of their seeds."""

    bars = 1

    def __init__(self) -> None:
        self.drawn = 0

    def draw_block(self, seeds: Sequence[int]) -> Rolls:
        assert len(seeds) == BLOCK
        self.drawn += 1
        bits = (uniforms(seeds, 16, PITCHES) < 0.5).numpy()
        return bits, bits


def test_more_loops_change_none() -> None:
    sampler = Numbers()
    many = sampler.draw(2 * BLOCK + 3, 5)[0]
    assert many.shape == (2 * BLOCK + 3, 16, PITCHES)
    assert len(np.unique(many.reshape(len(many), -1), axis=0)) == len(many)
    np.testing.assert_array_equal(Numbers().draw(2, 60)[0], many[55:57])
    np.testing.assert_array_equal(sampler.loops([7, 70])[0], many[[2, 65]])
    assert sampler.drawn == 3  # blocks are kept
    assert not np.array_equal(sampler.loops([7], attempt=1)[0], many[2:3])
