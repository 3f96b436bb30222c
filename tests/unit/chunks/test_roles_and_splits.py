"""Roles and songs from names, and splits by song."""

from __future__ import annotations

import pytest

from gantools.chunks.cutting import spread, window_starts
from gantools.chunks.plan import shard_names
from gantools.chunks.roles import role_and_song
from gantools.chunks.splits import assign, parse_shares, split_of
from gantools.errors import ConfigError


@pytest.mark.parametrize(
    ("rel", "expected"),
    [
        ("caesium/bass", ("bass", "caesium")),
        ("bass/song one", ("bass", "song one")),
        ("new_bass", ("bass", "new")),
        ("album/song1.drums", ("drums", "album/song1")),
        ("caesium/bass.drums", ("drums", "caesium")),
        ("album/Tür", ("mix", "album/Tür")),
        ("a/bassoon solo", ("mix", "a/bassoon solo")),
        ("bass", ("bass", "bass")),
    ],
)
def test_role_and_song(rel: str, expected: tuple[str, str]) -> None:
    assert role_and_song(rel) == expected


def test_shares_hold_on_many_songs_and_adding_one_moves_none() -> None:
    songs = [f"song {i}" for i in range(5000)]
    splits = [split_of(song) for song in songs]
    assert splits.count("train") / 5000 == pytest.approx(0.8, abs=0.02)
    assert splits.count("val") / 5000 == pytest.approx(0.1, abs=0.015)
    assert [split_of(song) for song in [*songs, "new"]][:-1] == splits
    assert assign("song 1", (80, 10, 10), ["song 1"], []) == "val"
    assert {split_of(song, (0, 0, 1)) for song in songs} == {"test"}


@pytest.mark.parametrize("text", ["80/20", "a/b/c", "0/0/0", "-1/1/1", "nan/1/1"])
def test_bad_shares(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_shares(text)


def test_windows_of_the_paper() -> None:
    assert window_starts(1000, 256, 206) == [0, 206, 412, 618]
    assert window_starts(255, 256, 206) == []
    assert spread(range(100), 3) == [0, 50, 99]
    assert spread([4, 5], 3) == [4, 5]


def test_parts_of_a_job_array_never_share_a_number() -> None:
    first = shard_names(["a", "b", "c"], {}, 1, 2)
    second = shard_names(["d", "e"], {}, 2, 2)
    assert not set(first.values()) & set(second.values())
    later = shard_names(["a", "x"], {"a": "shard-00007.safetensors", "b": "shard-00000.safetensors"}, 1, 1)
    assert later == {"a": "shard-00007.safetensors", "x": "shard-00001.safetensors"}
