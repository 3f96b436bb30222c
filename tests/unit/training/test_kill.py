"""Kill -9 at random moments: the run resumes every time and ends with the same bits."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import torch
import toy_system
from toy_system import child_environment, lines_of, toy, weights_of

from gantools.training.loop import train


def test_killed_runs_end_like_whole_ones(tmp_path: Path) -> None:
    settings = {"steps": 150, "save_every": 3, "validate_every": 10, "slow": 0.005}
    train(toy(**settings), tmp_path / "whole")
    command = [sys.executable, toy_system.__file__, str(tmp_path / "killed"), json.dumps({**settings, "threads": 1, "precision": "float32"})]
    draw = random.Random(int(time.time()))
    environment = child_environment()
    kills = 0
    while kills < 5:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        # The clock starts when the folder changes, not when Python does, so that kills hit the run itself.
        journal = tmp_path / "killed" / "metrics.jsonl"
        before = journal.read_bytes() if journal.exists() else b""
        while process.poll() is None and (not journal.exists() or journal.read_bytes() == before):
            time.sleep(0.002)
        time.sleep(draw.uniform(0.0, 0.25))
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        kills += 1
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
    assert kills >= 3
    assert done.stdout.split() in (["finished", "150"], ["skipped", "150"])
    whole, killed = weights_of(tmp_path / "whole"), weights_of(tmp_path / "killed")
    assert whole.keys() == killed.keys()
    assert [key for key in whole if not torch.equal(whole[key], killed[key])] == []
    assert lines_of(tmp_path / "whole") == lines_of(tmp_path / "killed")
    assert not list(tmp_path.rglob(".*.tmp"))
