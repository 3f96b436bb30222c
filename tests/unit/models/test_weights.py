"""Weights of a finished model: averaged or raw, whole or damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toy_system import toy

from gantools.errors import ModelError
from gantools.models.weights import load_weights, read_weights


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


def test_a_flipped_byte_is_found(copy: Path) -> None:
    path = copy / "discriminator.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"discriminator\.safetensors: tensor .* fails its checksum"):
        read_weights(copy, "discriminator")
