"""Items from arguments: files, folders, lists; what is told apart, left out and said."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gantools.chunks.finding import NO_FILE, Passed
from gantools.chunks.item import Item
from gantools.cli import inputs
from gantools.cli.flags import Run
from gantools.cli.inputs import gather, gather_sets
from gantools.cli.lists import Listed
from gantools.errors import ConfigError

WAV = (".wav", ".mel.wav")
Gather = Callable[..., list[Item]]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with songs in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("in/a/x.wav", "in/y.WAV", "in/z.mel.wav", "in/n.flac", "else/w.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(name)
    return tmp_path


def listed(monkeypatch: pytest.MonkeyPatch, *entries: Listed | str) -> None:
    """Let standard input be a list."""
    found = [Listed(entry) if isinstance(entry, str) else entry for entry in entries]
    monkeypatch.setattr(inputs, "read_stdin", lambda *, null: found)
    monkeypatch.setattr("sys.stdin", type("Pipe", (), {"isatty": lambda self: False})())


def places(items: Sequence[Item]) -> list[tuple[str, str, str]]:
    return [(str(item.path), item.rel, item.stem) for item in items]


def keys(*arguments: str, **options: Any) -> list[str]:
    return [item.key for item in gather(arguments, WAV, Run(**options))]


def test_files_and_folders(there: Path) -> None:
    found = gather(["else/w.wav", "in", "in/n.flac"], WAV, Run())
    assert places(found) == [
        ("else/w.wav", "", "w"),
        ("in/y.WAV", "", "y"),
        ("in/z.mel.wav", "", "z"),  # the longer of two endings
        ("in/a/x.wav", "a", "x"),
        ("in/n.flac", "", "n"),  # what is named is taken, whatever its ending
    ]
    (there / "plain").touch()
    assert places(gather(["plain"], WAV, Run())) == [("plain", "", "plain")]


def test_names_of_a_list_keep_their_folders(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, "in/a/x.wav", "./in/y.WAV", "else", "in/gone.wav")
    for arguments in (["-"], [], None):
        assert places(gather(arguments, WAV, Run())) == [
            ("in/a/x.wav", "in/a", "x"),
            ("in/y.WAV", "in", "y"),
            ("else/w.wav", "", "w"),
            ("in/gone.wav", "in", "gone"),  # its turn tells that it is missing
        ]


def test_names_from_elsewhere_count_from_their_common_folder(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, f"{there}/in/a/x.wav", f"{there}/in/y.WAV", "else/w.wav")
    assert [item.rel for item in gather(["-"], WAV, Run())] == ["a", "", "else"]
    monkeypatch.chdir(there / "else")
    listed(monkeypatch, "../in/a/x.wav", f"{there}/else/w.wav", "w2.wav")
    assert [item.rel for item in gather(["-"], WAV, Run())] == ["in/a", "else", ""]


def test_records_say_place_role_and_song(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(
        monkeypatch,
        Listed("in/y.WAV", "there", "bass", "s"),
        Listed("in/a/x.wav", "", "drums"),
        Listed("else/w.wav", "", "", "song"),
        Listed("in/z.mel.wav", ""),
    )
    found = gather(["-"], WAV, Run())
    assert [(i.rel, i.role, i.song, i.named.known) for i in found] == [
        ("there", "bass", "s", True),
        ("", "drums", "x", True),
        ("", "mix", "song", True),
        ("", "mix", "z", False),
    ]


def test_a_playlist_counts_from_its_folder(there: Path) -> None:
    (there / "in/List.M3U").write_text("a/x.wav\n")
    assert places(gather(["in/List.M3U"], WAV, Run())) == [("in/a/x.wav", "in/a", "x")]


def test_pipes_are_refused_and_in_lists_passed_over(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(there / "p.wav")
    with pytest.raises(ConfigError, match=r"p\.wav: is a pipe or device; name a file"):
        gather(["p.wav"], WAV, Run())
    listed(monkeypatch, "p.wav", "else/w.wav")
    passed = Passed()
    (found,) = gather_sets([["-"]], WAV, Run(quiet=True), passed=passed)
    assert (places(found), passed.counts) == ([("else/w.wav", "else", "w")], {NO_FILE: ["p.wav"]})


def test_what_is_no_input_starts_nothing(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="missing: no such file or folder"):
        gather(["missing"], WAV, Run())
    with pytest.raises(ConfigError, match="in: is the output folder"):
        gather(["in"], WAV, Run(out=there / "in"))
    with pytest.raises(ConfigError, match=r"no input in in, else; looked for .ogg, .mp3"):
        gather(["in", "else"], (".ogg", ".mp3"), Run(quiet=True))
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    with pytest.raises(ConfigError, match="no input; name files or folders"):
        gather([], WAV, Run())
    os.symlink("gone", there / "dead.wav")
    assert places(gather(["dead.wav"], WAV, Run())) == [("dead.wav", "", "dead")]  # its turn tells


def test_a_pipe_may_have_nothing_new_for_a_folder_that_was_written(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (there / "out").mkdir()
    listed(monkeypatch)
    for arguments, said in ((["-"], "standard input"), (None, "standard input"), (["in", "-"], "in, standard input")):
        with pytest.raises(ConfigError, match=f"no input in {said}; looked"):
            gather(arguments, (".ogg",), Run(out=there / "out", quiet=True))
    (there / "out/manifest.jsonl").touch()
    for arguments in (["-"], None):
        assert gather(arguments, WAV, Run(out=there / "out")) == []
    with pytest.raises(ConfigError, match="no input in else"):
        gather(["else"], (".ogg",), Run(out=there / "out", quiet=True))
    with pytest.raises(ConfigError, match="no input in standard input"):
        gather(["-"], WAV, Run())


def test_what_is_passed_over_is_said_once_and_not_with_quiet(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (there / "in/.h.wav").touch()
    (there / "else/.h.wav").touch()
    gather_sets([["in"], ["else", "else/w.wav"]], WAV, Run(verb="v"))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gantools v: passed over: 1 file given twice, done once (w.wav); 1 file of a kind")
    assert "2 hidden files" in line
    gather(["in"], WAV, Run(quiet=True))
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_read_is_an_error_of_its_own(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    run = Run(verb="v", json=True, quiet=True)
    assert len(gather(["in"], WAV, run)) == 2
    said = capsys.readouterr()
    assert said.err == "gantools v: in/a: cannot be read (Permission denied); left out\n"
    assert json.loads(said.out) == {
        "action": "v",
        "status": "error",
        "path": None,
        "source": "in/a",
        "rel": "a",
        "error": "cannot be read (Permission denied)",
    }
    assert run.missed == ["in/a"]


def test_parts_share_the_inputs_and_the_limit_cuts_them(there: Path) -> None:
    for number in range(20):
        (there / f"else/{number}.wav").touch()
    everything = keys("else")
    assert len(everything) == 21
    parts = [keys("else", shard=(index, 3)) for index in (1, 2, 3)]
    assert sorted(key for part in parts for key in part) == sorted(everything)
    assert all(parts)
    # Another file moves none of them.
    (there / "else/new.wav").touch()
    assert [[k for k in keys("else", shard=(index, 3)) if k != "new"] for index in (1, 2, 3)] == parts
    (there / "else/new.wav").unlink()
    assert keys("else", limit=2) == everything[:2]
    assert keys("else", shard=(2, 3), limit=1) == parts[1][:1]


def test_names_that_meet_are_told_apart_and_holders_keep_theirs(there: Path) -> None:
    (there / "in/y.flac").touch()
    both = ["in/y.WAV", "in/y.flac"]
    assert keys(*both) == ["y-WAV", "y-flac"]
    out = there / "out"
    assert keys(*both, out=out) == ["y-WAV", "y-flac"]
    out.mkdir()
    record: dict[str, Any] = {"key": "k", "item": "y", "source": "in/y.flac", "config": "", "inputs": {}, "outputs": {}}
    lines = [record, {**record, "key": "page", "item": None}, {**record, "key": "other"}]
    del lines[1]["item"]
    (out / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert keys(*both, out=out) == ["y-WAV", "y"]


def test_the_key_has_the_folder_and_the_mark() -> None:
    item = Item(Path("x.wav"), "", "x", "mix", "x")
    assert (item.key, dataclasses.replace(item, rel="a/b", mark="-wav").key) == ("x", "a/b/x-wav")


def songs(there: Path, *names: str) -> None:
    for name in names:
        path = there / "songs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def unknown(capsys: pytest.CaptureFixture[str], run: Run) -> str:
    gather(["songs"], WAV, run)
    return capsys.readouterr().err


def test_parts_that_no_name_tells_are_said_where_roles_are_read(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    songs(there, "s/Kick.wav", "s/Bass.wav", *(f"s/odd {n}.wav" for n in "abc"))
    heard = Run(verb="v", map="")
    names = ", ".join(f"songs/s/odd {n}.wav" for n in "abc")
    start = "gantools v: no part that is known by name, taken as mixes"
    assert unknown(capsys, heard) == f"{start}: {names}; say what they are, such as --map 'odd a=drums'\n"
    songs(there, "s/odd d.wav", "s/odd e.wav")
    assert f"{names} and 2 more; say" in unknown(capsys, heard)
    assert unknown(capsys, Run(verb="v")) == ""
    assert "odd a" not in unknown(capsys, Run(verb="v", map="odd=other"))


def test_one_known_part_makes_no_song_folder(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    songs(there, "s/Kick.wav", "s/odd.wav", "t/odd.wav", "u/one bass.wav", "u/two bass.wav", "u/odd.wav")
    assert unknown(capsys, Run(map="")) == ""


def test_roles_come_from_names_of_folder_and_map(there: Path) -> None:
    songs(there, "s/Kick.wav", "s/01 Bass.wav", "s/odd.wav")
    found = {i.stem: (i.role, i.song) for i in gather(["songs"], WAV, Run(map="odd=vocals"))}
    assert found == {"Kick": ("drums", "s"), "01 Bass": ("bass", "s"), "odd": ("vocals", "s")}
    # The folder itself as input: the song is the folder's.
    assert {i.song for i in gather(["songs/s"], WAV, Run(map="odd=vocals"))} == {"s"}


def test_results_of_a_folder_are_found_without_what_lies_beside_them_and_never_those_of_this_run(there: Path) -> None:
    made = there / "in/made"
    made.mkdir()
    for name in ("mix.wav", "stem.wav"):
        (made / name).touch()
    source = {"size": 1, "mtime_ns": 1, "hash": "0"}
    record = {"key": "k", "config": "", "inputs": {"source": source}, "outputs": {}, "beside": ["mix.wav"]}
    (made / "manifest.jsonl").write_text(json.dumps(record) + "\n")
    everything = [item.key for item in gather(["in"], WAV, Run(quiet=True))]
    assert [key for key in everything if "made" in key] == ["made/mix", "made/stem"]
    (results,) = gather_sets([["in"]], WAV, Run(quiet=True), results_only=True)
    assert [item.key for item in results] == [key for key in everything if key != "made/mix"]
    assert keys("in", out=made, quiet=True) == [key for key in everything if "made" not in key]
