"""The models that ship: by name where no folder of that name is a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gantools.models.folder import read_model
from gantools.models.shipped import find_model, shipped_models


def test_each_has_a_card_credits_and_weights_and_all_are_small() -> None:
    models = shipped_models()
    assert "tiny" in {model.name for model in models}
    for model in models:
        assert read_model(model.folder)["system"] == model.system
        assert model.purpose
        assert model.data
        assert model.licence
        assert (model.folder / "CREDITS.txt").is_file()
    megabytes = {model.name: model.megabytes for model in models}
    assert megabytes["codec"] <= 16
    assert sum(size for name, size in megabytes.items() if name not in ("tiny", "codec")) <= 12


def test_a_name_is_that_of_a_shipped_model_unless_a_model_of_that_name_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()  # a folder of results
    shipped = next(model.folder for model in shipped_models() if model.name == "tiny")
    assert find_model("tiny") == shipped
    assert find_model("./tiny") == Path("tiny")
    (tmp_path / "tiny" / "config.json").write_text('{"system": "caw"}')
    assert find_model("tiny") == Path("tiny")
    assert find_model("elsewhere") == Path("elsewhere")


def test_generate_lists_them(gantools: Callable) -> None:
    done = gantools("generate", "--models")
    assert done.returncode == 0, done.stderr
    assert gantools("--models").stdout == done.stdout
    assert len(done.stdout.splitlines()) == len(shipped_models())
    for model in shipped_models():
        assert f"{model.name} " in done.stdout
        assert model.data in done.stdout
