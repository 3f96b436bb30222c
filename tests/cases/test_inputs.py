"""What is taken from a folder, and in which order; what becomes of an output that is damaged afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def test_resource_forks_of_a_mac_are_no_sounds(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "in/x.wav", seconds=0.3)
    (tmp_path / "in/._x.wav").write_bytes(b"\0\5\26\7" + bytes(100))
    done = gantools("melify", "in", "-o", "out")
    assert (done.returncode, done.stdout) == (0, "out/x.mel.safetensors\n"), done.stderr


def test_the_order_of_a_folder_is_its_own(
    gantools, write_tone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b.wav", "a/z.wav", "c/a.wav", "a/b/y.wav", "B.wav"):
        write_tone(tmp_path / "in" / name, seconds=0.3)
    listed = gantools("melify", "in", "-o", "out", "-n").stdout
    assert sorted(listed.splitlines()) == sorted(
        f"out/{name}.mel.safetensors" for name in ("b", "a/z", "c/a", "a/b/y", "B")
    )
    scan = os.scandir

    class Turned:
        """A folder whose file system lists it the other way round."""

        def __init__(self, *path: object) -> None:
            with scan(*path) as entries:  # type: ignore[call-overload]
                self._entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

        def __iter__(self) -> object:
            return self._entries

        def __next__(self) -> object:
            return next(self._entries)

        def __enter__(self) -> object:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def close(self) -> None:
            pass

    names = os.listdir
    monkeypatch.setattr(os, "scandir", Turned)
    monkeypatch.setattr(os, "listdir", lambda *path: sorted(names(*path), reverse=True))
    assert gantools("melify", "in", "-o", "out", "-n").stdout == listed


def test_an_output_that_was_cut_short_is_made_again(gantools, write_tone, tmp_path: Path) -> None:
    for name in "ab":
        write_tone(tmp_path / f"in/{name}.wav", seconds=0.5)
    gantools("melify", "in", "-o", "out")
    path = tmp_path / "out/a.mel.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    again = gantools("melify", "in", "-o", "out")
    assert "1 done, 1 up to date" in again.stderr
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "command",
    [
        "melify in -o out",
        "fxnorm measure in",
        "chunk in -o out",
        "generate patches in --count 1 --seconds 2 -o out",
        "loopscore in -o out",
        "evaluate treble in in",
    ],
)
def test_files_of_no_bytes_fail_alone_in_a_line_each(gantools, write_tone, tmp_path: Path, command: str) -> None:
    """ffmpeg, in whichever container the name promises, fails on them with EINVAL, which once ended the whole run."""
    write_tone(tmp_path / "in/good.wav", seconds=8.0)
    names = [f"in/none.{ending}" for ending in ("aiff", "flac", "m4a", "mp3", "ogg", "opus", "wav")]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    done = gantools(*command.split())
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if "none." in line]
    verb = command.split()[0]
    once = [f"gantools {verb}: {name}: is empty (0 bytes); copy it again" for name in names]
    # A set that is given twice is read twice.
    assert said == once * (len(said) // len(once)), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout
