"""Kill -9 at random moments: the run resumes every time and ends with the same bits."""

from __future__ import annotations

import random
import time
from pathlib import Path

import torch
from toy_system import child_run, toy
from training_runs import children, lines_of, weights_of

from gantools.training.loop import train


def test_killed_runs_end_like_whole_ones(tmp_path: Path) -> None:
    settings = {"steps": 150, "save_every": 3, "validate_every": 10, "slow": 0.003}
    train(toy(**settings), tmp_path / "whole")
    folder = tmp_path / "killed"
    draw, kills = random.Random(int(time.time())), 0
    while kills < 8:
        process = children().Process(target=child_run, args=(folder, settings))
        process.start()
        # The clock starts when the folder changes, so that the kills hit the run and not the start of Python.
        before = _journal(folder)
        while process.is_alive() and _journal(folder) == before:
            time.sleep(0.001)
        process.join(draw.uniform(0.0, 0.1))
        if not process.is_alive():
            break
        process.kill()
        process.join()
        kills += 1
    assert kills >= 3
    assert train(toy(**settings), folder).step == 150
    whole, killed = weights_of(tmp_path / "whole"), weights_of(folder)
    assert whole.keys() == killed.keys()
    assert [key for key in whole if not torch.equal(whole[key], killed[key])] == []
    assert lines_of(tmp_path / "whole") == lines_of(folder)
    assert not list(tmp_path.rglob(".*.tmp"))


def _journal(folder: Path) -> bytes:
    path = folder / "metrics.jsonl"
    return path.read_bytes() if path.exists() else b""
