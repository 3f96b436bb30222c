"""Weights of a finished model: loading, fine-tuning, and everything that can be wrong with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from toy_system import Toy, ToyConfig, toy
from training_runs import lines_of

from gantools.errors import ModelError
from gantools.models.weights import first_difference, load_weights, read_model, read_weights, trained_with
from gantools.training.fine_tuning import start_from
from gantools.training.loop import train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "m"
    train(toy(steps=6), folder)
    return folder


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    for path in model.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_averaged_weights_unless_raw(model: Path) -> None:
    averaged, raw = read_weights(model, "generator"), read_weights(model, "generator", raw=True)
    assert any(not torch.equal(averaged[key], raw[key]) for key in raw)
    assert read_weights(model, "discriminator").keys() == toy().networks["discriminator"].state_dict().keys()
    net = toy(seed=5).networks["generator"]
    load_weights(model, "generator", net)
    assert torch.equal(net.state_dict()["0.weight"], averaged["0.weight"])


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "generator.ema.safetensors").unlink()
    with pytest.raises(ModelError, match=r"generator\.ema\.safetensors is missing"):
        read_model(copy)
    (copy / "config.json").unlink()
    with pytest.raises(ModelError, match="no model folder"):
        read_model(copy)


def test_a_flipped_byte_is_found(copy: Path) -> None:
    path = copy / "discriminator.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"discriminator\.safetensors: tensor .* fails its checksum"):
        read_weights(copy, "discriminator")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"system": 1}'])
def test_another_config_json_is_refused(copy: Path, text: str) -> None:
    (copy / "config.json").write_text(text)
    with pytest.raises(ModelError, match="not the configuration of a model"):
        read_model(copy)


@pytest.mark.parametrize("values", [{"steps": -1}, {"width": "wide"}, {"colour": 1}])
def test_options_out_of_range_are_a_fault_of_the_model(model: Path, values: dict[str, object]) -> None:
    found = read_model(model)
    assert trained_with(ToyConfig, found, model) == toy(steps=6).config
    found["config"] |= values
    with pytest.raises(ModelError, match=rf"config.json: not the configuration of a model \(.*{next(iter(values))}"):
        trained_with(ToyConfig, found, model)


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


def test_first_difference() -> None:
    assert first_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, "x") == (
        "x.a.c is 2 here and 3 in the model"
    )
    assert first_difference({"a": 1}, {}) == "a is 1 here and 'not there' in the model"
    assert first_difference({"a": [1, 2.0]}, {"a": [1, 2]}) == ""
