"""The Inception score by hand and at its ends."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.metrics.embedders.embedding import Embeddings
from gantools.metrics.inception.score import inception_score, measure_inception, score_of, tag_shares


def test_the_score_by_hand() -> None:
    shares = np.array([[0.75, 0.25], [0.25, 0.75]])
    # Their mean is (1/2, 1/2): each diverges by 3/4 log 3/2 + 1/4 log 1/2.
    assert inception_score(shares) == pytest.approx(1.5**0.75 * 0.5**0.25, rel=1e-12)


def test_its_ends_are_one_and_the_number_of_kinds() -> None:
    assert inception_score(np.tile([0.2, 0.5, 0.3], (9, 1))) == pytest.approx(1.0)
    assert score_of(np.eye(5)) == pytest.approx(5.0, rel=1e-6)


def test_sigmoids_are_brought_to_the_sum_one() -> None:
    assert tag_shares(np.array([[0.1, 0.3], [0.9, 0.9]])) == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))
    for wrong in (np.array([[0.1, 1.3]]), np.array([[-0.1, 0.3]]), np.full((2, 2), np.nan), np.ones((3, 1))):
        with pytest.raises(InputError, match=r"no probabilities|needs two"):
            tag_shares(wrong)


def test_real_windows_are_as_many_as_generated_ones() -> None:
    random = np.random.default_rng(0)
    made = Embeddings(random.uniform(0, 1, (1, 40, 8)) ** 4, np.repeat([0, 1], 20), (), 0)
    real = Embeddings(random.uniform(0, 1, (1, 400, 8)) ** 4, np.repeat(np.arange(20), 20), (), 0)
    found = measure_inception(made, real, seed=0)
    assert found["real"]["inception"] == pytest.approx(score_of(real.thinned(40).vectors[0]))
    assert found["inception_low"] < found["inception"] < found["inception_high"]
    # A part of four windows shows fewer kinds.
    assert found["split_mean"] < found["inception"]
    assert found["split_sd"] > 0
