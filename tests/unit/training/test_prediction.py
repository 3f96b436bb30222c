"""The time that a run will take, measured before its first step: the run then is the same as without."""

from __future__ import annotations

from pathlib import Path

import torch
from toy_system import Toy, ToyConfig
from training_runs import differences

from gantools.training.loop import train
from gantools.training.prediction import predict_seconds, readable


def test_a_run_that_was_predicted_is_bit_for_bit_the_run_that_was_not(tmp_path: Path) -> None:
    config = ToyConfig(steps=6, threads=1)
    plain, predicted = Toy(config), Toy(config)
    assert predict_seconds(predicted) > 0
    for name, network in plain.networks.items():
        for one, two in zip(network.state_dict().values(), predicted.networks[name].state_dict().values(), strict=True):
            assert torch.equal(one, two)
    assert all(p.grad is None for network in predicted.networks.values() for p in network.parameters())
    train(plain, tmp_path / "one")
    train(predicted, tmp_path / "two")
    assert not differences(tmp_path / "one", tmp_path / "two")


def test_the_prediction_is_that_of_all_steps() -> None:
    """A batch that takes 20 ms, once for each step: 1000 steps take 20 s and what computing adds."""
    assert 20 <= predict_seconds(Toy(ToyConfig(steps=1000, slow=0.02, threads=1))) < 100


def test_a_time_in_words() -> None:
    assert [readable(s) for s in (0.4, 89, 90, 5400, 200000)] == ["0 s", "89 s", "1.5 min", "1.5 h", "2.3 days"]
