"""The fuzzer finds nothing in two thousand cases; by hand it runs as many as wanted (`tests/fuzz/run.py`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.mutations import ANY, JSON, NAMES, SOUND, TENSORS, TOML, mutated
from fuzz.run import judge

RUN = Path(__file__).with_name("run.py")


def test_two_thousand_cases_without_a_find(tmp_path: Path) -> None:
    command = [sys.executable, str(RUN), "--cases", "2000", "--seed", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "2000 cases of seed 1" in done.stdout


def test_equal_seeds_give_equal_damage() -> None:
    import random

    good = b'{"path": "a.wav", "rel": ""}\n'
    for kinds in (ANY, JSON, NAMES, SOUND, TENSORS, TOML):
        for seed in range(20):
            one, other = (mutated(good, kinds, random.Random(seed)) for _ in range(2))
            assert one == other


@pytest.mark.parametrize(
    ("code", "stdout", "stderr", "find"),
    [
        (1, "", "gantools melify: a.wav: internal error: KeyError: 'x'; run with --debug\n", "internal error"),
        (1, "", "Traceback (most recent call last):\n", "traceback"),
        (139, "", "", "exit code 139"),
        (2, "", "", "no message"),
        (2, "", "gantools melify: a.wav: unreadable\nwarning: noise\n", "no line of ours"),
        (2, "", "gantools melify: a.wav: unreadable\n", "lost good file"),
        (1, '{"source": "in/good.wav", "status": "error"}\n', "gantools melify: x\n", "lost good file"),
        (1, "", "gantools melify: a.wav: out of memory; use fewer --jobs\n", "memory"),
        (1, '{"source": "in/good.wav", "status": "ok"}\n', "gantools melify: 1 done, 1 failed\n", ""),
    ],
)
def test_what_counts_as_a_find(code: int, stdout: str, stderr: str, find: str) -> None:
    from fuzz.cases import Case

    done = subprocess.CompletedProcess([], code, stdout, stderr)
    assert judge(Case("", (), {}, good="good"), done).startswith(find)
    assert bool(judge(Case("", (), {}, good="good"), done)) == bool(find)
