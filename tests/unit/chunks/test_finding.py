"""Files in folders: what is found, in which order, and what is passed over and why."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gantools.chunks.finding import (
    BACK,
    BESIDE,
    HIDDEN,
    NO_FILE,
    NOWHERE,
    UNREAD,
    Passed,
    Reason,
    find_files,
    is_hidden,
    same_folder,
)


def place(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def look(folder: Path, *suffixes: str, **more: Any) -> tuple[list[str], dict[Reason, list[str]]]:
    """Return what is found below a folder, checked against its second half, and what is passed over."""
    passed, found = Passed(), []
    for path, rel in find_files(folder, suffixes or (".wav",), passed, **more):
        assert path == folder / rel / path.name
        found.append(f"{rel}/{path.name}" if rel else path.name)
    return found, {why: sorted(os.path.relpath(path, folder) for path in paths) for why, paths in passed.counts.items()}


def test_files_come_folder_by_folder_in_order(tmp_path: Path) -> None:
    place(tmp_path, "b/z.wav", "b/A.WAV", "c.wav", "a/x/1.wav", "a/2.wav", "a b/3.wav", "notes.txt", "d.mel")
    assert look(tmp_path) == (["c.wav", "a/2.wav", "a b/3.wav", "a/x/1.wav", "b/A.WAV", "b/z.wav"], {})
    assert look(tmp_path, ".mel", ".txt") == (["d.mel", "notes.txt"], {})
    assert [path.name for path, _ in find_files(tmp_path, (".mel",))] == ["d.mel"]  # nobody takes note
    assert look(tmp_path / "none")[0] == []


def test_what_is_passed_over_is_said_once() -> None:
    passed = Passed()
    assert passed.text() == ""
    passed.add(UNREAD, "x/a.mid")
    for name in "abc":
        passed.add(HIDDEN, Path(f"x/.{name}"))
    assert passed.text() == ("passed over: 1 file of a kind that is not read here (a.mid); 3 hidden files (.a, .b, .c)")
    passed.add(HIDDEN, "x/.d")
    assert "; 4 hidden files (.a, .b, .c and 1 more)" in passed.text()


def test_hidden_files_count_where_they_would_be_read(tmp_path: Path) -> None:
    place(tmp_path, ".a.wav", ".notes", ".b/c.wav", "...Baby.wav", "..d.wav", "e.wav")
    place(tmp_path, ".f.wav.host.12-0123abcd.tmp", "...g.wav.host.12-0123abcd.tmp")
    assert look(tmp_path, ".wav", ".tmp") == (["...Baby.wav", "..d.wav", "e.wav"], {HIDDEN: [".a.wav"]})
    names = [".a", "...a", "..a", "a", "...a.host.12-0123abcd.tmp"]
    assert [is_hidden(name) for name in names] == [True, False, False, False, True]


def test_sound_of_other_kinds_is_said_by_those_who_read_sound(tmp_path: Path) -> None:
    place(tmp_path, "a.wav", "b.MID", "c.txt", "d.mel")
    assert look(tmp_path) == (["a.wav"], {UNREAD: ["b.MID"]})
    assert look(tmp_path, ".mel") == (["d.mel"], {})


def test_pipes_and_links_that_lead_nowhere(tmp_path: Path) -> None:
    for name in ("a.wav", "a.txt"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "b.wav").symlink_to("none")
    (tmp_path / "folder").symlink_to("none")
    assert look(tmp_path) == ([], {NO_FILE: ["a.wav"], NOWHERE: ["b.wav", "folder"]})


def test_what_is_reached_twice_is_taken_once(tmp_path: Path) -> None:
    top, away = tmp_path / "top", tmp_path / "away"
    place(top, "z/one.wav", "z/y/two.wav")
    place(away, "three.wav", "four.wav")
    (top / "a").symlink_to(top / "z")  # has its own place, though it comes later
    (top / "a.wav").symlink_to(top / "z/one.wav")
    (top / "b").symlink_to(away)
    (top / "c").symlink_to(away)
    (top / "d.wav").symlink_to(away / "three.wav")
    (top / "z/y/back").symlink_to(top)
    os.link(top / "z/one.wav", top / "z/same.wav")  # two names of one file are two files
    found, passed = look(top)
    assert found == ["d.wav", "b/four.wav", "z/one.wav", "z/same.wav", "z/y/two.wav"]
    assert passed == {BACK: ["a", "a.wav", "b/three.wav", "c", "z/y/back"]}


def test_the_output_is_no_input_wherever_it_lies(tmp_path: Path) -> None:
    place(tmp_path, "in/a.wav", "in/out/b.wav", "in/out/deep/c.wav")
    (tmp_path / "in/link.wav").symlink_to("out/deep/c.wav")
    (tmp_path / "in/to").symlink_to("out/deep")
    out = tmp_path / "in/out"
    assert look(tmp_path / "in", output=out) == (["a.wav"], {})
    assert look(tmp_path / "in", output=tmp_path / "elsewhere")[0] == ["a.wav", "out/b.wav", "out/deep/c.wav"]
    (out / "here.wav").symlink_to(tmp_path / "in/a.wav")
    (out / "deep/b.wav").symlink_to(out / "b.wav")
    # All of the input lies in the output folder: a link about it leads to no output.
    assert look(out / "deep", output=out)[0] == ["b.wav", "c.wav"]
    assert look(tmp_path / "in", output=tmp_path / "in")[0] == ["a.wav", "out/b.wav", "out/deep/c.wav"]


def test_files_beside_results_are_no_results(tmp_path: Path) -> None:
    place(tmp_path, "in/a.wav", "in/a.mix.wav", "in/page.wav", "in/below/b.wav", "in/below/c.wav")
    empty = {"config": "c", "inputs": {}, "outputs": {}}
    entry = {"size": 0, "hash": "h"}
    lines = [
        {**empty, "key": "a", "inputs": {"s": entry}, "outputs": {"a.wav": 0, "a.mix.wav": 0}, "beside": ["a.mix.wav"]},
        {**empty, "key": "b", "inputs": {"s": entry}, "outputs": {"below/b.wav": 0}},
        {**empty, "key": "page", "outputs": {"page.wav": 0, "below/c.wav": 0}},
    ]
    (tmp_path / "in/manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    everything = ["a.mix.wav", "a.wav", "page.wav", "below/b.wav", "below/c.wav"]
    assert look(tmp_path / "in") == (everything, {})
    beside = {BESIDE: ["a.mix.wav", "below/c.wav", "page.wav"]}
    assert look(tmp_path / "in", results_only=True) == (["a.wav", "below/b.wav"], beside)
    assert look(tmp_path, results_only=True)[0] == ["in/a.wav", "in/below/b.wav"]
    assert look(tmp_path / "in/below", results_only=True) == (["b.wav"], {BESIDE: ["c.wav"]})


def test_a_folder_that_cannot_be_listed_is_said_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path, "a/b/1.wav", "c/2.wav")
    scandir = os.scandir

    def refusing(folder: str) -> Any:
        if folder.endswith("b"):
            raise PermissionError(13, "Permission denied", folder)
        if folder.endswith("c"):
            raise OSError("no number")
        return scandir(folder)

    place(tmp_path, "d/3.wav")
    monkeypatch.setattr(os, "scandir", refusing)
    passed = Passed()
    assert [rel for _, rel in find_files(tmp_path, (".wav",), passed)] == ["d"]
    assert passed.unreadable == [
        (tmp_path / "a/b", "a/b", "Permission denied"),
        (tmp_path / "c", "c", "no number"),
    ]


def test_two_paths_to_one_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    assert same_folder(tmp_path / "a", tmp_path / "b")
    assert not same_folder(tmp_path, tmp_path / "a")
    assert not same_folder(tmp_path / "none", tmp_path / "nothing")


def test_a_link_to_what_is_hidden_is_read(tmp_path: Path) -> None:
    place(tmp_path, ".a.wav", ".store/b.wav")
    (tmp_path / "a.wav").symlink_to(".a.wav")
    (tmp_path / "b.wav").symlink_to(".store/b.wav")
    (tmp_path / "c").symlink_to(".store")
    assert look(tmp_path) == (["a.wav", "b.wav"], {HIDDEN: [".a.wav"], BACK: ["c/b.wav"]})
