"""Names of outputs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.naming import distinct_outputs, output_name, output_names
from gantools.cli.tasks import Task
from gantools.errors import ConfigError

ITEM = Item(Path("/in/r/x.wav"), "r", "x", "bass", "s")


def named(template: str, extension: str = "flac", **changes: str) -> str:
    return output_name(Run(name=template), dataclasses.replace(ITEM, **changes), extension)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{rel}/{stem}.{ext}", "r/x.flac"),
        ("{song}-{role}", "s-bass"),
        ("/a//b/./c.{ext}", "a/b/c.flac"),
        ("a/../b", "b"),
        ("..b", "..b"),
    ],
)
def test_a_template_is_filled_in(template: str, name: str) -> None:
    assert named(template) == name


@pytest.mark.parametrize("template", ["{x}", "{0}", "{", "{stem.x}"])
def test_an_unknown_field_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="the fields are rel, stem, role, song and ext"):
        named(template)


def test_names_outside_or_without_a_file_are_refused() -> None:
    with pytest.raises(ConfigError, match="leads out of the output folder"):
        named("a/../../{stem}")
    for template in ("", "/", ".", "a/.."):
        with pytest.raises(ConfigError, match="names no file"):
            named(template)


def test_the_ending_tells_apart_what_would_meet() -> None:
    assert named("{stem}.{ext}", mark="-wav") == "x-wav.flac"
    assert named("{stem}.{ext}", mark="-flac") == "x.flac"


def test_long_names_keep_their_ending() -> None:
    exact = named("{stem}.{ext}", stem="x" * 250)
    assert exact == "x" * 250 + ".flac"
    cut = named("{stem}.{ext}", stem="x" * 251)
    assert (len(cut), cut[-5:], cut[:240]) == (255, ".flac", "x" * 240)
    assert len(named("{stem}", stem="x" * 300)) == 255
    folder, file = named("{rel}/{stem}.{ext}", rel="r" * 256).split("/")
    assert (len(folder), file) == (255, "x.flac")


def test_results_of_one_input_get_their_roles_where_the_template_has_none() -> None:
    roles = ("bass", "drums")
    assert output_names(Run(name="{stem}/{role}.{ext}"), ITEM, roles, "wav") == ("x/bass.wav", "x/drums.wav")
    assert output_names(Run(name="{stem}.{ext}"), ITEM, roles, "wav") == ("x.wav", "x.drums.wav")
    with pytest.raises(ConfigError, match="gives one name to several results"):
        output_names(Run(name="{stem}"), ITEM, ("bass", "drums", "drums"), "wav")


def task(source: str, *outputs: str, key: str = "", mark: str = "") -> Task:
    path = Path(source)
    return Task(Item(path, "", path.stem, "mix", path.stem, mark), outputs, key)


def distinct(*tasks: Task, **holders: str) -> list[tuple[tuple[str, ...], str]]:
    records = {key.replace("_", "."): {"source": source} for key, source in holders.items()}
    return [(task.outputs, task.key) for task in distinct_outputs(tasks, records)]


def test_outputs_that_do_not_meet_stay() -> None:
    tasks = [task("/a", "x", "x"), task("/b", "y", key="k")]
    assert distinct(*tasks) == [(("x", "x"), "x"), (("y",), "k")]


def test_outputs_that_meet_get_the_name_of_their_input() -> None:
    assert distinct(task("/a.wav", "f/o.mel.png", "n"), task("/b.wav", "f/o.mel.png")) == [
        (("f/o-a.mel.png", "n-a"), "f/o-a.mel.png"),
        (("f/o-b.mel.png",), "f/o-b.mel.png"),
    ]
    # A key that is no name stays; the mark of an input belongs to its name.
    assert distinct(task("/a.wav", "o.d.png", key="k", mark="-wav"), task("/b", "o.d.png"))[0] == (
        ("o.d-a-wav.png",),
        "k",
    )


def test_a_hash_where_the_name_is_taken_too() -> None:
    first, second, third = distinct(task("/a/x", "o.y"), task("/b/x", "o.y"), task("/c", "o-x.y"))
    assert third == (("o-x.y",), "o-x.y")
    for outputs, key in (first, second):
        assert outputs == (key,)
        assert key.startswith("o-x-")
        assert len(key) == len("o-x-.y") + 8
    assert first != second
    one, other = distinct(task("/a/x", "o.y"), task("/b/x", "o.y"))
    assert (one[1], other[1][:4], len(other[1])) == ("o-x.y", "o-x-", len("o-x-.y") + 8)


def test_long_names_that_meet_stay_within_the_limit() -> None:
    long = "f/" + "x" * 253 + ".y"
    for (name,), _ in distinct(task("/a", long), task("/b", long)):
        folder, last = name.split("/")
        assert (folder, len(last), last[-2:]) == ("f", 255, ".y")


def test_who_had_the_name_keeps_it_as_long_as_nobody_else_has_it() -> None:
    pair = (task("/a", "o.y"), task("/b", "o.y"))
    assert [key for _, key in distinct(*pair, o_y="/b")] == ["o-a.y", "o.y"]
    assert [key for _, key in distinct(*pair, o_y="/c")] == ["o-a.y", "o-b.y"]
    two = (task("/a", "o.y", "p.y"), task("/b", "o.y"), task("/a", "p.y", "o.y", key="z"))
    # The third held its key, but by then its names are taken.
    kept = distinct(*two, o_y="/a", z="/a")
    assert kept[0] == (("o.y", "p.y"), "o.y")
    assert kept[2][0] == ("p-a.y", "o-a.y")
