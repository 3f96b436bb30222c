"""A disk that is full: one clear error, and the state before stays."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_system import toy, weights_of

from gantools.errors import ModelError
from gantools.training import folder as folder_module
from gantools.training.loop import train


def test_a_full_disk_keeps_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(toy(steps=20), tmp_path / "whole")
    write, saves = folder_module.write_state, []

    def full(path: Path, *args: Any) -> None:
        saves.append(path)
        if path.parent.name == "state" and path.name >= "step-00000012":
            path.parent.joinpath(".half.tmp").write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, *args)

    monkeypatch.setattr(folder_module, "write_state", full)
    with pytest.raises(ModelError, match=r"m: cannot be written \(No space left on device\)"):
        train(toy(steps=20, save_every=4), tmp_path / "m")
    assert [p.name for p in (tmp_path / "m" / "state").glob("*.safetensors")] == ["step-00000010.safetensors"]
    monkeypatch.undo()
    assert train(toy(steps=20), tmp_path / "m").status == "finished"
    whole, filled = weights_of(tmp_path / "whole"), weights_of(tmp_path / "m")
    assert all(torch.equal(whole[key], filled[key]) for key in whole)
