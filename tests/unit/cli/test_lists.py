"""Lists of inputs, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gantools.cli.lists import Listed, parse_list, read_playlist
from gantools.errors import InputError


def parsed(data: str | bytes, **options: object) -> list[Listed]:
    data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
    return list(parse_list(data, "the list", **options))  # type: ignore[arg-type]


def names(data: str | bytes, **options: object) -> list[str]:
    return [entry.name for entry in parsed(data, **options)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\nb\n", ["a", "b"]),
        ("a\r\n\r\n\nb\r\n", ["a", "b"]),
        ("a\r\nb", ["a", "b"]),  # the last line has no end
        ("a\r", ["a"]),
        ("a\r\nb\n", ["a", "b"]),
        ("a\nb\r", ["a", "b\r"]),  # one name of several that ends with a carriage return
        ("a\r\nb\nc\r\n", ["a\r", "b", "c\r"]),
        (" a \n", [" a "]),
        ("", []),
        ("\r\n", []),
        ("#EXTM3U\n#EXTINF:1,x\na\n #b\n", ["a", " #b"]),
        (" #extm3u\n#x\na", [" #extm3u", "a"]),
        ("#a\n#b", ["#a", "#b"]),
        ("file:///a%20b", ["file:///a%20b"]),
        ("#EXTM3U\nfile:///a%20b.wav\nfile://localhost/c%FF.wav\nd%20", ["/a b.wav", "/c\udcff.wav", "d%20"]),
    ],
)
def test_what_a_line_is(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_names_of_a_playlist_count_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    path = folder / "list.m3u"
    path.write_text("#EXTM3U\na.wav\n/b.wav\nfile:///c.wav\n{\n")
    (folder / "{").touch()  # a name, though it begins as a record does
    assert [e.name for e in read_playlist(path)] == [f"{folder}/a.wav", "/b.wav", "/c.wav", f"{folder}/" + "{"]
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read_playlist(folder)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_of_the_encoding_is_no_part_of_a_name(encoding: str) -> None:
    assert names("Tür\nb".encode(encoding)) == ["Tür", "b"]
    assert names("\ufeffTür".encode("utf-16-be")) == ["Tür"]


def test_names_that_end_with_nul_are_nothing_but_names() -> None:
    assert parsed('#EXTM3U\0a\nb\r\0\0{"path": "x"}', null=True) == [
        Listed("#EXTM3U"),
        Listed("a\nb\r"),
        Listed('{"path": "x"}'),
    ]


def test_records_give_a_path_and_what_is_known_of_it() -> None:
    lines = (
        '{"path": "x", "rel": "r", "role": "bass", "song": "s", "status": "ok", "more": 1}',
        '  {"path": "y", "status": "skipped"}',
        '{"path": "z", "rel": null}',
        '{"path": "failed", "status": "error"}',
        '{"path": "later", "status": "planned"}',
        '{"path": null, "status": "ok"}',
        '{"path": ""}',
    )
    assert parsed("\n".join(lines)) == [Listed("x", "r", "bass", "s"), Listed("y", ""), Listed("z", "")]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("{x", {}, "the list: not a JSON record, and no such file: '{x'"),
        ("{" + "x" * 99, {}, f"no such file: {'{' + 'x' * 59!r}$"),
        ('{"path": 5}', {}, "path is no text"),
        ('{"path": "x", "song": ["s"]}', {}, "song is no text"),
        ('{"path": "x", "rel": "a\\u0000b"}', {}, "rel is no text"),
        ('{"path": "\\ud800"}', {}, "path is no text"),
        ("a\0b", {}, "holds NUL bytes"),
        ("x" * 4097, {}, f"no file name: '{'x' * 60}'; give a name on each line, or -0"),
        ("x" * 4097, {"null": True}, "give a name on each line$"),
        ('{"path": "' + "x" * 4097 + '"}', {}, "can be no file name"),
        ("#EXTM3U\nfile:///a%00", {}, "holds NUL bytes"),
    ],
)
def test_what_is_no_list_is_refused(data: str, options: dict[str, bool], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parsed(data, **options)


def test_the_longest_path_that_there_is_is_a_name() -> None:
    assert names("x" * 4096) == ["x" * 4096]
