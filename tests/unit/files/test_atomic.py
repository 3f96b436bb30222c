"""Writes that are whole or absent, and what of the leftovers of others may be removed."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gantools.files.atomic import (
    atomic_path,
    new_folder,
    plain_json,
    scratch_folder,
    sweep_temporaries,
    without_temporaries,
    write_json,
)


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


def test_a_folder_appears_whole_and_displaces_nothing(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep/in/model") as temporary:
        (temporary / "one").write_text("one")
    with pytest.raises(OSError), new_folder(tmp_path / "deep/in/model") as temporary:
        (temporary / "two").write_text("two")
    with pytest.raises(RuntimeError), new_folder(tmp_path / "deep/in/other"):
        raise RuntimeError
    assert [p.relative_to(tmp_path).as_posix() for p in sorted(tmp_path.rglob("*"))] == [
        "deep",
        "deep/in",
        "deep/in/model",
        "deep/in/model/one",
    ]


def test_temporaries_of_the_dead_are_swept_and_others_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    gone = left_by(dead_process(), tmp_path / "below/a.wav")
    # In a container the number of the dead lives again; whether a temporary is in use tells its lock.
    reborn = left_by(os.getppid(), tmp_path / "below/b.wav")
    alive = left_by(dead_process(), tmp_path / "below/c.wav")
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "node7.cluster.example.org")
        elsewhere = left_by(dead_process(), tmp_path / "below/d.wav")
    foreign = [tmp_path / name for name in (".notes.tmp", ".a.wav.tmp", "a.wav.1-0123abcd.tmp", ".backup.99-xyz.tmp")]
    for path in foreign:
        path.write_text("mine")
    with atomic_path(tmp_path / "c.wav") as own, open(alive, "rb") as held:
        own.write_text("in use")
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep_temporaries(tmp_path)
        assert own.exists()
        assert alive.exists()
    assert not gone.exists()
    assert not reborn.exists()
    assert elsewhere.exists()
    assert all(path.read_text() == "mine" for path in foreign)


def test_the_longest_names_have_temporaries(tmp_path: Path) -> None:
    for name in ("n" * 255, "\u00e9" * 127, "\U0001f3b5" * 63):
        with atomic_path(tmp_path / name) as temporary:
            assert len(os.fsencode(temporary.name)) <= 255
            temporary.name.encode()  # no letter is cut in two
        assert (tmp_path / name).exists()


def test_messages_name_files_and_not_what_stands_for_them(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, "a.wav") as folder, atomic_path(folder / "a.wav") as temporary:
        assert without_temporaries(f"{temporary}: full") == f"{tmp_path / 'a.wav'}: full"


def test_values_that_json_has_not_are_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [1.0, float("nan")], "y": {1: float("-inf")}, "z": Path("a/b")})
    assert (tmp_path / "a.json").read_text() == (
        '{\n  "x": [ 1.0, null ],\n  "y": {\n    "1": null\n  },\n  "z": "a/b"\n}\n'
    )
    import numpy as np

    plain = plain_json((np.float32(0.5), np.int64(3), np.bool_(True), "text", b"bytes", np.float32("inf")))
    assert plain == [0.5, 3, True, "text", b"bytes", None]
    assert [type(value) for value in plain] == [float, int, bool, str, bytes, type(None)]
