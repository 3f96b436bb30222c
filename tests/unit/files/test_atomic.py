"""Writes that are whole or absent, and what of the leftovers of others may be removed."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from gantools.files.atomic import (
    _alive_on_windows,
    atomic_path,
    drop_temporaries,
    host_name,
    new_folder,
    plain_json,
    scratch_folder,
    shortened,
    sweep_temporaries,
    without_temporaries,
    write_json,
    write_text,
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


def test_hosts_have_short_plain_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str) -> str:
        monkeypatch.setattr(socket, "gethostname", lambda: name)
        return host_name()

    assert [named(name) for name in ("", "node-7_a", "n" * 24)] == ["localhost", "node-7_a", "n" * 24]
    long, dotted, other = named("n" * 25), named("node.cluster"), named("node_cluster.")
    assert (len(long), long[:16]) == (24, "n" * 15 + "-")
    assert (dotted[:-8], other[:-8], named("node cluster")[:-8]) == ("node-cluster-", "node_cluster--", "node-cluster-")
    assert len({long, named("n" * 26), dotted, named("node cluster")}) == 4


def test_names_are_shortened_to_their_room_and_differ() -> None:
    assert shortened("a" * 20, 20) == "a" * 20
    one, two = shortened("a" * 20, 19), shortened("a" * 21, 19)
    assert (one[:11], len(one), one != two) == ("a" * 10 + "-", 19, True)
    assert shortened("\u00e9" * 10, 16)[:4] == "\u00e9" * 3 + "-"  # 7 bytes hold three letters
    odd = os.fsdecode(b"\xff" * 20)
    assert os.fsencode(shortened(odd, 19))[:11] == b"\xff" * 10 + b"-"


def test_temporaries_of_one_name_are_swept_alone(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    dead = dead_process()
    long = "n" * 250
    names = ("a.wav", "a.wav.b", "[a].wav", long, "below/a.wav")
    one, longer, odd, longest, below = (left_by(dead, tmp_path / name) for name in names)
    sweep_temporaries(tmp_path, "a.wav")
    assert [path.exists() for path in (one, longer, odd, longest, below)] == [False, True, True, True, True]
    sweep_temporaries(tmp_path, "[a].wav")
    sweep_temporaries(tmp_path, long)
    assert [path.exists() for path in (longer, odd, longest, below)] == [True, False, False, True]


def test_without_locks_the_number_of_the_process_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, alive = left_by(dead_process(), tmp_path / "a"), left_by(os.getppid(), tmp_path / "b")
    kill, process = os.kill, os.getppid()

    def of_another_user(pid: int, signal: int) -> None:
        if pid == process:
            raise PermissionError
        kill(pid, signal)

    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    sweep_temporaries(tmp_path)
    assert [gone.exists(), alive.exists()] == [False, True]
    monkeypatch.setattr(os, "kill", of_another_user)
    sweep_temporaries(tmp_path)
    assert alive.exists()


def test_what_is_swept_is_a_file_or_a_folder_and_no_link(tmp_path: Path) -> None:
    dead, away = dead_process(), tmp_path / "away"
    away.mkdir()
    (away / "kept").touch()
    name = f"{host_name()}.{dead}-0123abcd.tmp"
    (tmp_path / f".folder.{name}").mkdir()
    (tmp_path / f".folder.{name}/half").touch()
    (tmp_path / f".link.{name}").symlink_to(away)
    os.mkfifo(tmp_path / f".pipe.{name}")
    sweep_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".link.{name}", "away"]
    assert (away / "kept").exists()


def test_a_process_that_leaves_at_once_drops_what_it_has_begun(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "half").touch()
        with atomic_path(tmp_path / "done") as temporary:
            temporary.write_text("whole")
        drop_temporaries()
        assert [path.name for path in tmp_path.iterdir()] == ["done"]
    with atomic_path(tmp_path / "open") as temporary:
        temporary.write_text("half")
        drop_temporaries()
        assert not temporary.exists()
        temporary.touch()
    assert not drop_temporaries()


def test_texts_hold_what_names_hold(tmp_path: Path) -> None:
    write_text(tmp_path / "a", os.fsdecode(b"t\xffr\xc3\xbc"))
    assert (tmp_path / "a").read_bytes() == b"t\xffr\xc3\xbc"
    with new_folder(tmp_path / "f") as folder:
        assert without_temporaries(f"cannot write {folder}/x.wav") == f"cannot write {tmp_path}/x.wav"
    assert (tmp_path / "f").is_dir()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    """Return what new files may not be, as the process has it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_data_reach_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, sync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (done.append("data"), sync(descriptor)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("name"), replace(*paths)))
    write_text(tmp_path / "a", "text")
    assert done == ["data", "name"]


def test_nothing_is_held_behind_the_end(tmp_path: Path) -> None:
    def held() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    left_by(dead_process(), tmp_path / "a")
    before = held()
    with atomic_path(tmp_path / "b") as one, scratch_folder(tmp_path) as two:
        pass
    sweep_temporaries(tmp_path)
    assert held() <= before
    one.touch()
    two.mkdir()
    drop_temporaries()
    assert one.exists()
    assert two.exists()


def test_what_cannot_be_removed_costs_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*place: object, **more: object) -> None:
        raise OSError(16, "Device or resource busy")

    with scratch_folder(tmp_path) as folder:
        monkeypatch.setattr(os, "rmdir", refused)
    assert folder.exists()


def test_what_is_flushed_was_opened_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses the rest; what may only be read, as a copy of such a file, is flushed all the same."""
    modes: list[int] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with atomic_path(tmp_path / "a") as temporary:
        temporary.write_text("a")
    assert modes == [os.O_RDWR]
    opened = os.open

    def read_only(path: str | Path, flags: int, *mode: int) -> int:
        if flags == os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", read_only)
    with atomic_path(tmp_path / "b") as temporary:
        temporary.write_text("b")
    assert modes == [os.O_RDWR, os.O_RDONLY]
    assert (tmp_path / "b").read_text() == "b"


@pytest.mark.parametrize(
    ("handle", "waited", "error", "alive"),
    [(7, 0x102, 0, True), (7, 0, 0, False), (0, None, 87, False), (0, None, 5, True)],
)
def test_windows_is_asked_for_a_process_and_sends_it_nothing(
    handle: int, waited: int | None, error: int, alive: bool
) -> None:
    kernel = Mock(**{"OpenProcess.return_value": handle, "WaitForSingleObject.return_value": waited})
    assert _alive_on_windows(123, kernel, lambda: error) is alive
    kernel.OpenProcess.assert_called_once_with(0x00100000, False, 123)
    assert kernel.CloseHandle.call_count == bool(handle)
    assert {name for name, *_ in kernel.method_calls} <= {"OpenProcess", "WaitForSingleObject", "CloseHandle"}
