"""Writes that are whole or absent, and what of the leftovers of others may be removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gantools.files.atomic import atomic_folder, atomic_path, plain_json, sweep_temporaries, write_json


def dead_process() -> int:
    """Return the number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(process: int, path: Path) -> Path:
    """Return a temporary of `path` as it would be called by another process."""
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        left = temporary.with_name(temporary.name.replace(str(os.getpid()), str(process)))
    path.unlink()
    left.write_text("half")
    return left


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new/a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("ha")
        raise RuntimeError
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_folder_is_swapped_whole(tmp_path: Path) -> None:
    for text in ("one", "two"):
        with atomic_folder(tmp_path / "in/model") as temporary:
            (temporary / text).write_text(text)
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "in/model"):
        raise RuntimeError
    assert [p.relative_to(tmp_path).as_posix() for p in sorted(tmp_path.rglob("*"))] == [
        "in",
        "in/model",
        "in/model/two",
    ]


def test_temporaries_of_the_dead_are_swept_and_others_spared(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    gone = left_by(dead_process(), tmp_path / "below/a.wav")
    alive = left_by(os.getppid(), tmp_path / "below/b.wav")
    foreign = [tmp_path / name for name in (".notes.tmp", ".a.wav.tmp", "a.wav.1-0123abcd.tmp", ".backup.99-xyz.tmp")]
    for path in foreign:
        path.write_text("mine")
    with atomic_path(tmp_path / "c.wav") as own:
        own.write_text("in use")
        sweep_temporaries(tmp_path)
        assert own.exists()
    assert not gone.exists()
    assert alive.exists()
    assert all(path.read_text() == "mine" for path in foreign)


def test_values_that_json_has_not_are_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [1.0, float("nan")], "y": {1: float("-inf")}, "z": Path("a/b")})
    assert (tmp_path / "a.json").read_text() == (
        '{\n  "x": [ 1.0, null ],\n  "y": {\n    "1": null\n  },\n  "z": "a/b"\n}\n'
    )
    import numpy as np

    assert plain_json((np.float32(0.5), np.int64(3), np.bool_(True))) == [0.5, 3, True]
