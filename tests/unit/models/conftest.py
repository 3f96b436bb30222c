"""Make toy_system importable, from the tests and from the processes that they start; and a trained model of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from toy_system import toy

from gantools.training.loop import train


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a model of the toy system."""
    folder = tmp_path_factory.mktemp("models") / "m"
    train(toy(steps=6), folder)
    return folder
