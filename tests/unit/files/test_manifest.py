"""What a manifest proves, and how it outlives crashes, odd names and other writers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gantools.errors import InputError
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
