"""Agreement of listeners."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gantools.metrics.ratings.agreement import correlations, intraclass, leave_one_out

#: Shrout and Fleiss (1979), table 2: four judges on six targets.
JUDGES = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]], float)


def test_the_intraclass_correlations_of_shrout_and_fleiss() -> None:
    """Their table 4, to the two digits that it prints."""
    found = intraclass(JUDGES)
    printed = {
        "ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71, "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91,
    }  # fmt: skip
    assert {name: round(value, 2) for name, value in found.items() if name != "clips"} == printed
    assert found["clips"] == 6


def test_clips_that_not_all_rated_do_not_count_for_icc() -> None:
    more = np.hstack([JUDGES, [[9.0], [np.nan], [1.0], [2.0]]])
    assert intraclass(more) == intraclass(JUDGES)
    assert np.isnan(intraclass(JUDGES[:1])["ICC(2,1)"])


def test_correlations_are_those_of_scipy_on_common_clips() -> None:
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(5, 2, (3, 40)))
    scores[1, :7] = np.nan
    pearson, spearman, common = correlations(scores)
    both = ~np.isnan(scores[1])
    assert common[0, 1] == 33
    assert pearson[0, 1] == pytest.approx(stats.pearsonr(scores[0, both], scores[1, both]).statistic, abs=1e-12)
    assert spearman[0, 1] == pytest.approx(stats.spearmanr(scores[0, both], scores[1, both]).statistic, abs=1e-12)
    assert np.allclose(pearson, pearson.T)
    assert np.isnan(correlations(np.array([[1.0, 2, 3], [4.0, 4, 4]]))[0][0, 1])


def test_each_listener_against_the_mean_of_the_others() -> None:
    """By hand: the others' means are 2, 3, 4 for the first; 1.5, 3, 4.5 for the second."""
    scores = np.array([[1.0, 2, 4], [2.0, 3, 4], [2.0, 3, 4]])
    found = leave_one_out(scores)
    assert found[0] == pytest.approx(np.corrcoef([1, 2, 4], [2, 3, 4])[0, 1])
    assert found[1] == pytest.approx(np.corrcoef([2, 3, 4], [1.5, 2.5, 4])[0, 1])
