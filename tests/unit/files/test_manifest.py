"""What a manifest proves, and how it outlives crashes, odd names and other writers."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gantools.errors import ConfigError, InputError
from gantools.files.manifest import Manifest, fingerprint
from gantools.files.ownership import describe_output


def record(folder: Path, key: str, config: str = "c", **more: Any) -> dict[str, Any]:
    """Return the record of an output of five bytes, made from an input that is written too."""
    folder.mkdir(exist_ok=True)
    (folder / "out.wav").write_bytes(b"12345")
    source = folder.parent / "source.wav"
    source.write_bytes(b"source")
    outputs = {"out.wav": describe_output(folder / "out.wav")}
    return {"key": key, "config": config, "inputs": {"a": fingerprint(source)}, "outputs": outputs} | more


def test_an_output_is_up_to_date_as_long_as_nothing_changed(tmp_path: Path) -> None:
    folder, source = tmp_path / "out", tmp_path / "source.wav"
    Manifest(folder).append(record(folder, "k"))

    def stands(config: str = "c", **inputs: Path) -> bool:
        return Manifest(folder).up_to_date("k", inputs or {"a": source}, config) is not None

    assert stands()
    assert not stands("d")
    assert not stands(a=source, b=source)
    assert Manifest(folder).up_to_date("other", {"a": source}, "c") is None
    os.utime(source, (1, 1))
    assert stands()  # another time, the same content
    source.write_bytes(b"soURce")
    assert not stands()
    source.unlink()
    assert not stands()
    source.write_bytes(b"source")
    (folder / "out.wav").write_bytes(b"1234")
    assert not stands()
    (folder / "out.wav").unlink()
    assert not stands()


def test_a_known_fingerprint_spares_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"abc")
    known = fingerprint(path) | {"hash": "as before"}
    assert fingerprint(path, known)["hash"] == "as before"
    assert fingerprint(path, known | {"size": 4})["hash"] != "as before"
    assert fingerprint(path, known | {"mtime_ns": 1})["hash"] != "as before"
    with pytest.raises((InputError, OSError)):
        fingerprint(tmp_path / "none.wav")


def test_the_last_line_of_a_key_counts_and_torn_ones_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    manifest = Manifest(folder)
    manifest.append(record(folder, "k", "old"))
    odd = "\udcff\n.wav"  # a name that is no UTF-8
    manifest.append(record(folder, odd))
    with open(manifest.path, "a") as file:
        file.write('{"key": "torn')
    manifest.append(record(folder, "k", "new"))
    read = Manifest(folder)
    assert {key: found["config"] for key, found in read.records.items()} == {"k": "new", odd: "c"}
    assert len(manifest.path.read_bytes().splitlines()) == 4
    read.forget(set())  # drops what newer lines replaced, and what was torn
    assert [json.loads(line)["config"] for line in manifest.path.read_bytes().splitlines()] == ["new", "c"]
    assert Manifest(folder).records == read.records


@pytest.mark.parametrize("again", ["k", "torn"])
def test_each_line_that_is_of_no_use_is_dropped_in_time(tmp_path: Path, again: str) -> None:
    folder = tmp_path / "out"
    manifest = Manifest(folder)
    manifest.append(record(folder, "k", "old"))
    if again == "k":
        manifest.append(record(folder, "k", "new"))
    else:
        with open(manifest.path, "a") as file:
            file.write("torn\n")
        manifest = Manifest(folder)
    before = manifest.path.stat().st_ino
    manifest.forget(set())
    assert len(manifest.path.read_bytes().splitlines()) == 1
    assert manifest.path.stat().st_ino != before
    before = manifest.path.stat().st_ino
    manifest.forget({"unknown"})
    assert manifest.path.stat().st_ino == before  # nothing to do


def test_forgetting_keeps_what_another_process_added(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    one, other = Manifest(folder), Manifest(folder)
    one.append(record(folder, "a"))
    other.append(record(folder, "b"))
    one.forget({"a"})
    assert set(Manifest(folder).records) == set(one.records) == {"b"}


def test_bytes_that_changed_at_the_same_size_and_time_are_found_by_a_check(tmp_path: Path) -> None:
    folder, inputs = tmp_path / "out", {"a": tmp_path / "source.wav"}
    made = record(folder, "k")
    manifest = Manifest(folder)
    manifest.append(made)
    (folder / "out.wav").write_bytes(b"54321")
    os.utime(folder / "out.wav", ns=(1, made["outputs"]["out.wav"]["mtime_ns"]))
    assert manifest.up_to_date("k", inputs, "c")
    assert not manifest.up_to_date("k", inputs, "c", check=True)
    assert [manifest.state("out.wav", check=check) for check in (False, True)] == ["ours", "damaged"]


RECORD: dict[str, Any] = {
    "key": "k",
    "config": "c",
    "inputs": {"a": {"size": 1, "hash": "h"}},
    "outputs": {"x": {"size": 0}, "old": 5},
}


@pytest.mark.parametrize(("wrong", "said"), [
    ([1], "a line is no object"),
    ({"key": 1}, "a line without key"),
    ({"config": None}, "a line without config"),
    ({"inputs": []}, "a line without inputs"),
    ({"outputs": "x"}, "a line without outputs"),
    ({"fields": []}, "fields or source of another type"),
    ({"source": 1}, "fields or source of another type"),
    ({"outputs": {"../x": 1}}, "the output '../x' is no plain name below the folder"),
    ({"outputs": {"x": -1}}, "the output 'x' has no size"),
    ({"outputs": {"x": True}}, "the output 'x' has no size"),
    ({"outputs": {"x": {"size": 0.5}}}, "the output 'x' has no size"),
    ({"outputs": {"x": {"size": 1, "hash": 1}}}, "the output 'x' has no hash"),
    ({"inputs": {"a": 1}}, "the input 'a' without size and hash"),
    ({"inputs": {"a": {"size": 1}}}, "the input 'a' without size and hash"),
    ({"inputs": {"a": {"size": "1", "hash": "h"}}}, "the input 'a' without size and hash"),
])  # fmt: skip
def test_a_line_that_is_no_record_is_said_in_its_words(tmp_path: Path, wrong: Any, said: str) -> None:
    line = json.dumps({**RECORD, **wrong} if isinstance(wrong, dict) else wrong)
    (tmp_path / "manifest.jsonl").write_text(line + "\n")
    with pytest.raises(ConfigError) as refused:
        Manifest(tmp_path)
    assert refused.value.message.startswith(f"is no manifest of gantools ({said}); choose another --out")


def test_records_of_earlier_versions_and_blank_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text(f"\n{json.dumps(RECORD)}\n \n")
    (found,) = Manifest(tmp_path).records.values()
    assert (found["source"], found["fields"], found["outputs"]) == ("", {}, {"x": {"size": 0}, "old": {"size": 5}})


def test_a_file_that_is_no_manifest_is_never_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    for text in ("notes", "notes\n", "notes\nmore\n"):
        path.write_text(text)
        with pytest.raises(ConfigError, match="is no manifest of gantools; choose another --out"):
            Manifest(tmp_path)
    path.write_text('{"key": "to')  # the first line, torn
    assert not Manifest(tmp_path).records
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        Manifest(tmp_path)


def test_what_other_processes_did_to_the_file_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    one, other = Manifest(folder), Manifest(folder)
    for key in "ab":
        other.append(record(folder, key))
    one.refresh()
    assert (set(one.records), one.has_made("out.wav")) == ({"a", "b"}, True)
    other.forget({"a"})  # a new file of the same name
    one.refresh()
    assert set(one.records) == {"b"}
    one.path.write_bytes(b"")  # the same file, cut
    one.refresh()
    assert not one.records
    other.append(record(folder, "c"))
    one.refresh()
    one.path.unlink()
    one.refresh()
    assert (one.records, one.has_made("out.wav")) == ({}, False)


def test_one_record_is_one_line_however_often_it_is_added(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    manifest, made = Manifest(folder), record(folder, "k")
    with manifest.locked():
        manifest.append(made)
        manifest.append(made)
    assert len(manifest.path.read_bytes().splitlines()) == 1
    for number, (part, value) in enumerate((("config", "d"), ("inputs", {}), ("outputs", {})), 2):
        made[part] = value
        manifest.append(made)
        assert len(manifest.path.read_bytes().splitlines()) == number


def test_files_of_others_stay_until_forced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    manifest, made = Manifest(folder), {"key": "k", "config": "c", "inputs": {}}

    def staged(text: str) -> dict[str, Path]:
        (tmp_path / "new").write_text(text)
        return {"a": tmp_path / "new"}

    manifest.publish(made, staged("first"))
    before = (folder / "a").stat()
    manifest.publish(made | {"config": "d"}, staged("first"))
    assert (folder / "a").stat() == before  # what stands there already keeps its time
    assert manifest.records["k"]["outputs"]["a"]["mtime_ns"] == before.st_mtime_ns
    manifest.publish(made, staged("second"))
    assert (folder / "a").read_text() == "second"
    (folder / "a").write_text("edited")
    assert "a was changed since gantools made it" in manifest.kept(["none", "a"])
    assert manifest.kept(["none"]) == manifest.kept(["a"], force=True) == ""
    with pytest.raises(InputError, match="was changed since"):
        manifest.publish(made, staged("third"))
    for names in (["b", "a"], iter(["a"])):
        with pytest.raises(InputError, match="was changed since"), manifest.publishing(made, names):
            pytest.fail("work begins that will be refused")
    with manifest.publishing(made, ["a", "b"], force=True) as scratch:
        assert scratch.parent == folder
        (scratch / "a").write_text("forced")
    assert {path.name for path in folder.iterdir()} == {"a", "manifest.jsonl"}
    assert (folder / "a").read_text() == "forced"
    assert set(manifest.records["k"]["outputs"]) == {"a"}


def test_what_a_kill_left_in_place_keeps_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    manifest = Manifest(folder)
    manifest.append(record(folder, "k"))
    manifest.append(record(folder, "k") | {"outputs": {"out.wav": {"size": 9, "hash": "never moved"}}})
    manifest.append(record(folder, "other") | {"outputs": {}})
    manifest.forget({"other"})
    assert len(manifest.path.read_bytes().splitlines()) == 2
    assert Manifest(folder).state("out.wav") == "ours"


def test_lines_are_sorted_so_that_equal_records_are_equal_lines(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    manifest = Manifest(folder)
    for key in "zya":
        manifest.append({"z": 1, "y": {"b": 1, "a": float("nan")}} | record(folder, key))
    for _ in "before", "after":
        lines = manifest.path.read_text().splitlines()
        assert lines == [json.dumps(json.loads(line), sort_keys=True) for line in lines]
        manifest.forget({"y"})
    assert [json.loads(line)["key"] for line in lines] == ["z", "a"]
    assert json.loads(lines[0])["y"] == {"a": None, "b": 1}
    manifest.path.write_text("\n \n")
    assert not Manifest(folder).records  # empty lines are no other file


def test_who_holds_the_lock_holds_it_alone(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)

    def free() -> bool:
        with open(manifest.path, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with manifest.locked():
        assert not free()
        with manifest.locked():
            assert not free()
        assert not free()
    assert free()
