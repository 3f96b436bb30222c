"""Both systems in the training loop: a run in two parts ends with the weights of one in a single part."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gantools.chunks.shards import ChunkSet
from gantools.systems import listening
from gantools.systems.cyclegan import config as cyclegan_config
from gantools.systems.cyclegan.objective import CycleGAN
from gantools.systems.pix2pix import config as pix2pix_config
from gantools.systems.pix2pix.objective import Pix2Pix
from gantools.training.loop import train
from gantools.training.report import Progress
from gantools.training.weights import read_weights

TINY: dict[str, Any] = {"width": 8, "critic_width": 8, "threads": 1, "precision": "float32"}
CASES = {
    "paper": (CycleGAN, dataclasses.replace(cyclegan_config.PRESETS["paper"], **TINY, blocks=1)),
    "small": (CycleGAN, dataclasses.replace(cyclegan_config.PRESETS["small"], **TINY, body_width=16, pool_size=4)),
    "pix2pix": (Pix2Pix, dataclasses.replace(pix2pix_config.PRESETS["small"], **TINY, depth=6)),
}


@pytest.mark.parametrize("case", list(CASES))
def test_two_parts_equal_one(case: str, chunks: ChunkSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "invert_mel", lambda mel, params, n, **options: np.ones(n, np.float32))
    kind, config = CASES[case]
    config = dataclasses.replace(config, steps=6)
    names = ("G", "F", "D_X", "D_Y") if kind is CycleGAN else ("G", "D")

    def interrupt(progress: Progress) -> None:
        if progress.activity == "train" and progress.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    def weights(folder: Path) -> dict[str, torch.Tensor]:
        return {f"{n}/{k}": v for n in names for k, v in read_weights(folder, n, raw=True).items()}

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train(kind(config, chunks), whole).status == "finished"
    assert train(kind(config, chunks), parts, report=interrupt).status == "interrupted"
    assert train(kind(config, chunks), parts).status == "finished"
    expected, resumed = weights(whole), weights(parts)
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[key], resumed[key]) for key in expected)
