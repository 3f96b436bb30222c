"""Inputs of one name told apart."""

from __future__ import annotations

import os
from pathlib import Path

from gantools.chunks.finding import TWICE, Passed
from gantools.chunks.item import Item
from gantools.cli.distinct import distinct, once


def item(path: str, rel: str = "") -> Item:
    name = Path(path)
    return Item(name, rel, name.stem, "mix", name.stem)


def keys(*items: Item, holders: dict[str, str] | None = None) -> list[str]:
    found = distinct(items, holders or {})
    assert [one.path for one in found] == [one.path for one in items]
    return [one.key for one in found]


def test_names_that_do_not_meet_stay() -> None:
    assert keys(item("/in/x.wav"), item("/in/y.wav"), item("/in/a/x.wav", "a")) == ["x", "y", "a/x"]


def test_endings_tell_apart_what_lies_in_one_folder() -> None:
    assert keys(item("/in/x.wav"), item("/in/x"), item("/in/y.wav")) == ["x-wav", "x-file", "y"]


def test_folders_tell_apart_what_lies_in_several() -> None:
    assert keys(item("/q/A/x.wav"), item("/q/B/x.wav"), item("/q/B/y.wav")) == ["A/x", "B/x", "y"]
    # As much as it takes: CD1 is the name of both.
    assert keys(item("/q/A/CD1/x.wav"), item("/q/B/CD1/x.wav")) == ["A/CD1/x", "B/CD1/x"]
    # What the input folder gave stays whole.
    assert keys(item("/q/A/d/e/x.wav", "d/e"), item("/q/B/d/e/x.wav", "d/e")) == ["A/d/e/x", "B/d/e/x"]
    # A place that a list gave, and which is not the end of the folder, comes behind.
    assert keys(item("/q/A/x.wav", "r"), item("/q/B/x.wav", "r")) == ["A/r/x", "B/r/x"]


def test_folder_and_ending_where_both_meet() -> None:
    assert keys(item("/A/x.wav"), item("/A/x.flac"), item("/B/x.wav")) == ["A/x-wav", "A/x-flac", "B/x"]


def test_a_hash_where_nothing_else_helps() -> None:
    first, taken = keys(item("/in/x.wav"), item("/in/x-wav.mp3"), item("/in/x.flac"))[:2]
    assert taken == "x-wav"
    assert first.startswith("x-wav-")
    assert len(first) == len("x-wav-") + 8
    # In a folder of the root there is nothing to put before it.
    top = keys(item("/x.wav"), item("/B/x.wav"))[0]
    assert (top[:2], len(top)) == ("x-", 10)


def test_the_order_of_the_inputs_decides_nothing() -> None:
    items = [item("/A/x.wav"), item("/A/x.flac"), item("/B/x.wav"), item("/B/y.wav")]
    forth = dict(zip(items, keys(*items), strict=True))
    back = dict(zip(items[::-1], keys(*items[::-1]), strict=True))
    assert forth == back


def test_who_had_a_name_keeps_it() -> None:
    holders = {"x": "/in/x.flac"}
    assert keys(item("/in/x.wav"), item("/in/x.flac"), holders=holders) == ["x-wav", "x"]
    assert keys(item("/in/x.wav"), item("/in/x.flac"), holders={"x": "/in/x.mp3"}) == ["x-wav", "x-flac"]
    assert keys(item("/in/x.wav"), item("/in/x.flac"), holders={"y": "/in/x.flac"}) == ["x-wav", "x-flac"]


def test_two_ways_to_one_file_are_one(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    (tmp_path / "y.wav").touch()
    os.symlink("x.wav", tmp_path / "z.wav")
    items = [item(f"{tmp_path}/{name}") for name in ("x.wav", "z.wav", "y.wav", "x.wav")]
    passed = Passed()
    assert once(items, passed) == [items[0], items[2]]
    assert passed.counts == {TWICE: [f"{tmp_path}/z.wav", f"{tmp_path}/x.wav"]}
