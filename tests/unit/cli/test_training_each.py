"""A model for each input: when it is made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_caw import small_model

from gantools.chunks.item import Item
from gantools.cli.training_each import Recipe, _stamp, train_item
from gantools.errors import ModelError
from gantools.training.config import TrainConfig
from gantools.training.report import Summary


def test_further_training_of_the_base_changes_its_stamp(tmp_path: Path) -> None:
    base = small_model(tmp_path / "base")
    before = _stamp(base)
    assert before == _stamp(base)
    assert _stamp(None) == []
    weights = next(base.rglob("scale.safetensors"))
    weights.write_bytes(weights.read_bytes() + b" ")  # config.json stays as it is
    assert _stamp(base) != before


def test_a_model_that_was_never_healthy_fails_its_input_alone(tmp_path: Path) -> None:
    def drive(symptoms: dict[str, str], out: Path, **options: Any) -> Summary:
        return Summary("finished", out, 100, 100, 50, 1.0, 1.0, "float32", symptoms=symptoms)

    item = Item(tmp_path / "a.wav", "", "a", "", "a")

    def trained(symptoms: dict[str, str]) -> dict[str, Any]:
        recipe = Recipe("toy", lambda paths, config, device: symptoms, drive, lambda system: {})
        options: dict[str, Any] = {"config": TrainConfig(), "device": "cpu", "base": "", "resume": True}
        return train_item(item, [tmp_path / "a"], 0, lambda share: None, recipe=recipe, **options)

    assert trained({})["step"] == 100
    with pytest.raises(ModelError, match=r"never healthy \(noise: flat\); the weights are kept; train longer"):
        trained({"noise": "flat"})
