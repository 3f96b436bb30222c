"""A disk that is full: one clear error, and the state before stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toy_system import toy
from training_runs import full_disk, weights_of

from gantools.errors import ModelError
from gantools.training.loop import train


def test_a_full_disk_keeps_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(toy(steps=20), tmp_path / "whole")
    full_disk(monkeypatch, from_step=12)
    with pytest.raises(ModelError, match=r"m: no space left on the disk"):
        train(toy(steps=20, save_every=4), tmp_path / "m")
    assert [p.name for p in (tmp_path / "m" / "state").glob("*.safetensors")] == ["step-00000010.safetensors"]
    monkeypatch.undo()
    assert train(toy(steps=20), tmp_path / "m").status == "finished"
    whole, filled = weights_of(tmp_path / "whole"), weights_of(tmp_path / "m")
    assert all(torch.equal(whole[key], filled[key]) for key in whole)
