"""The folder of a finished model: what it says of itself, and what can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_system import ToyConfig, toy

from gantools.errors import ModelError
from gantools.models.folder import first_difference, hash_weights, read_configuration, read_model, trained_with


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    for path in model.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "generator.ema.safetensors").unlink()
    with pytest.raises(ModelError, match=r"generator\.ema\.safetensors is missing"):
        read_model(copy)
    (copy / "config.json").unlink()
    with pytest.raises(ModelError, match="no model folder"):
        read_model(copy)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"system": 1}'])
def test_another_config_json_is_refused(copy: Path, text: str) -> None:
    (copy / "config.json").write_text(text)
    with pytest.raises(ModelError, match="not the configuration of a model"):
        read_model(copy)


def test_a_model_of_another_version_is_called_so(copy: Path) -> None:
    (copy / "config.json").write_text('{"schema": 1, "system": "toy"}')
    with pytest.raises(ModelError, match=r"made by another version of gantools \(schema 1, not 2\); train it again"):
        read_model(copy)


@pytest.mark.parametrize("values", [{"steps": -1}, {"width": "wide"}, {"colour": 1}])
def test_options_out_of_range_are_a_fault_of_the_model(model: Path, values: dict[str, object]) -> None:
    found = read_model(model)
    assert trained_with(ToyConfig, found, model) == toy(steps=6).config
    found["config"] |= values
    with pytest.raises(ModelError, match=rf"config.json: not the configuration of a model \(.*{next(iter(values))}"):
        trained_with(ToyConfig, found, model)


def test_equal_weights_and_no_others_have_equal_hashes(model: Path, copy: Path) -> None:
    names = read_model(model)["networks"]
    assert hash_weights(copy, names) == hash_weights(model, names)
    assert len(hash_weights(model, names).split()) == len(names)
    (copy / "generator.safetensors").write_bytes((copy / "discriminator.safetensors").read_bytes())
    assert hash_weights(copy, names) != hash_weights(model, names)


def test_a_model_of_another_system_is_refused(model: Path) -> None:
    assert read_model(model, "toy")["system"] == "toy"
    for read in (read_model, read_configuration):
        with pytest.raises(ModelError, match="is a model of toy, not of caw"):
            read(model, "caw")


def test_first_difference() -> None:
    assert first_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, "x") == (
        "x.a.c is 2 here and 3 in the model"
    )
    assert first_difference({"a": 1}, {}) == "a is 1 here and 'not there' in the model"
    assert first_difference({"a": [1, 2.0]}, {"a": [1, 2]}) == ""
