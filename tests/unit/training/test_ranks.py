"""Two processes over gloo against one process with the same global batch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from collapsing_toy import collapsing, collapsing_run
from toy_system import child_run, several_runs, toy
from training_runs import lines_of, two_ranks, weights_of

from gantools.errors import ConfigError
from gantools.runtime.ranks import Ranks
from gantools.training.loop import train


@pytest.mark.parametrize("batch_size", [2, 4])
def test_two_ranks_equal_one_bit_for_bit(tmp_path: Path, batch_size: int) -> None:
    values = {"steps": 24, "batch_size": batch_size, "micro_batch": 1, "save_every": 6, "validate_every": 7}
    train(toy(**values), tmp_path / "one")
    two_ranks(child_run, tmp_path / "two", values)
    one, two = weights_of(tmp_path / "one"), weights_of(tmp_path / "two")
    assert one.keys() == two.keys()
    assert max(float((one[key].double() - two[key].double()).abs().max()) for key in one) <= 1e-6
    assert [key for key in one if not torch.equal(one[key], two[key])] == []
    # The logged terms are means over the global batch.
    assert lines_of(tmp_path / "one") == lines_of(tmp_path / "two")


def test_a_run_of_two_ranks_goes_on_with_one(tmp_path: Path) -> None:
    values = {"steps": 12, "batch_size": 2, "micro_batch": 1, "lr": 1e-3}
    two_ranks(child_run, tmp_path / "m", values)
    assert train(toy(**{**values, "steps": 16}), tmp_path / "m").step == 16
    train(toy(**values), tmp_path / "one")
    train(toy(**{**values, "steps": 16}), tmp_path / "one")
    one, both = weights_of(tmp_path / "one"), weights_of(tmp_path / "m")
    assert [key for key in one if not torch.equal(one[key], both[key])] == []


def test_shares_are_contiguous_and_whole() -> None:
    for size in (1, 2, 3, 5):
        shares = [Ranks(index, size).share(7) for index in range(size)]
        assert [item for share in shares for item in share] == list(range(7))
    with pytest.raises(ConfigError, match="smaller than the number of ranks"):
        Ranks(0, 3).share(2)


def test_ranks_go_back_together(tmp_path: Path) -> None:
    values = {"batch_size": 2, "micro_batch": 1, "cured_by": 2}
    assert train(collapsing(**values), tmp_path / "one").rollbacks == 2
    two_ranks(collapsing_run, tmp_path / "two", values)
    one, two = weights_of(tmp_path / "one"), weights_of(tmp_path / "two")
    assert [key for key in one if not torch.equal(one[key], two[key])] == []
    assert lines_of(tmp_path / "one") == lines_of(tmp_path / "two")


def test_one_launch_trains_several_models(tmp_path: Path) -> None:
    values = {"batch_size": 2, "micro_batch": 1, "steps": 6}
    two_ranks(several_runs, tmp_path, values)
    train(toy(**values), tmp_path / "one")
    one = weights_of(tmp_path / "one")
    for name in ("first", "second", "within", "after an error"):
        two = weights_of(tmp_path / name)
        assert [key for key in one if not torch.equal(one[key], two[key])] == [], name
