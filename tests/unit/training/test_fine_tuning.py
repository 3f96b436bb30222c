"""A new run that begins with the weights of another model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from toy_system import Toy, toy
from training_runs import lines_of

from gantools.errors import ModelError
from gantools.models.weights import read_weights
from gantools.training.fine_tuning import start_from
from gantools.training.loop import train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "m"
    train(toy(steps=6), folder)
    return folder


def test_fine_tuning_takes_the_raw_weights_and_nothing_else(model: Path, tmp_path: Path) -> None:
    raw = read_weights(model, "generator", raw=True)
    system = toy(seed=3, steps=2)
    start_from(system, model)
    assert torch.equal(system.networks["generator"].state_dict()["0.weight"], raw["0.weight"])
    summary = train(toy(seed=3, steps=2), tmp_path / "tuned", base_model=model)
    assert summary.step == 2
    about = json.loads((tmp_path / "tuned" / "config.json").read_text())["started_from"]
    assert about["path"] == str(model)
    # The untrained score of the new run is that of the old model's weights, not of a random start.
    own = lines_of(tmp_path / "tuned")[0]["score"]
    train(toy(seed=3, steps=2), tmp_path / "fresh")
    assert own != lines_of(tmp_path / "fresh")[0]["score"]


def test_what_does_not_fit_is_named(model: Path) -> None:
    with pytest.raises(
        ModelError, match=r"weight 0\.weight of network generator has another shape: \(4, 1, 3\) in the"
    ):
        start_from(toy(width=6), model)
    other = Toy(toy().config, {"mel": {"n_mels": 4}, "db_range": [-60, 40]})  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"db_range is \[-60, 40\] here and \[-40, 40\] in the model"):
        start_from(other, model)
    start_from(Toy(toy().config, {"mel": {"n_mels": 4}, "roles": ["c"]}), model)  # type: ignore[arg-type]
