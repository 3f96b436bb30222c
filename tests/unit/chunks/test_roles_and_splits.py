"""Roles and songs from names, and splits by song."""

from __future__ import annotations

import pytest

from gantools.chunks.cutting import spread, window_starts
from gantools.chunks.plan import shard_names
from gantools.chunks.roles import parse_map, read_folder, read_name, role_and_song
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
        ("My Song - Drums", ("drums", "My Song")),
        ("My Song Vocals.flac", ("vocals", "My Song")),
        ("album/130_drums_loop", ("drums", "album/130_loop")),
        ("song-11.bass.mel.safetensors", ("bass", "song-11")),
    ],
)
def test_role_and_song(rel: str, expected: tuple[str, str]) -> None:
    assert role_and_song(rel) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("Drum Ripper", "Bass Cannon", "Piano Man", "Voices of Spring", "All About That Bass", "Dance to the Drums"),
        *(
            "Panic Room",
            "white_room",
            "Ticket to Ride",
            "Oh Happy Day",
            "The Other",
            "clip_808",
            "Drums & Bass",
        ),
    ],
)
def test_a_part_inside_a_title_is_no_part(name: str) -> None:
    named = read_name(f"album/{name}.wav")
    assert (named.role, named.song, named.known) == ("mix", f"album/{name}", False)


@pytest.mark.parametrize(
    ("role", "names"),
    {
        "accompaniment": "no_vocals|no_drums|minus_vocals|Minus Vocals|without-bass|novocals|instrumental|karaoke|"
        "Karaoke Version|backing track|backing_track|Instrumental (1)",
        "drums": "Kick|01_KickIn|KICK_OUT|02 SnareTop|snare-bottom|OH|OHL|OH_R|Overheads|Toms|FloorTom|Hat|HiHat|Room|"
        "Perc|drums2|Drum Bus|16_Tambourine|Room Mics",
        "bass": "808|Bass DI|BassAmp|09_BassDI|sub bass|bass 2",
        "guitar": "Gtr|Gtr 1 L|ElecGtr1a|Acoustic|Acoustic Gtr|11_ElecGtrLead",
        "vocals": "Lead Vox|14_LeadVoxDT|BV|BVs|BGV 2|Backing Vox|Choir|vox|lead vocal (dry)",
        "keys": "Keys|Rhodes|Organ|12_Keyboard",
        "other": "Synth|Synth1|Pad|Strings|Brass|FX|19_Sax",
        "piano": "Piano L|GrandPiano",
    }.items(),
)
def test_channels_of_a_multitrack(role: str, names: str) -> None:
    for name in names.split("|"):
        named = read_name(f"album/song/{name}.wav")
        assert (named.role, named.song, named.known) == (role, "album/song", True), name


def test_a_role_folder_in_a_song_folder() -> None:
    assert role_and_song("song/Drums/Kick") == ("drums", "song")
    assert role_and_song("song/vocals/lead") == ("vocals", "song")


def test_numbers_are_tracks_or_songs_by_their_neighbours() -> None:
    def songs(*names: str) -> list[str]:
        return [named.song for named in read_folder([read_name(f"album/{name}") for name in names], "album")]

    assert songs("01_Kick", "02_Snare", "10_Bass") == ["album"] * 3
    assert songs("01_vocals", "02_drums", "03_bass") == ["album"] * 3
    assert songs("bass", "drums", "vocals_1", "vocals_2") == ["album"] * 4
    assert songs("01_bass", "01_drums", "02_bass") == ["album/01", "album/01", "album/02"]
    assert songs("01_drums", "02_drums") == ["album/01", "album/02"]
    assert songs("130_bass", "131_drums") == ["album/130", "album/131"]


def test_a_folder_of_parts_is_a_song_and_its_namesake_the_mix() -> None:
    def songs(*names: str) -> list[tuple[str, str]]:
        return [(n.role, n.song) for n in read_folder([read_name(name) for name in names], "album")]

    assert songs("bass", "drums") == [("bass", "album"), ("drums", "album")]
    assert songs("bass", "album") == [("bass", "bass"), ("mix", "album")]
    assert songs("x/bass", "x/drums", "x/album") == [("bass", "x"), ("drums", "x"), ("mix", "x")]
    assert songs("bass/one", "bass/two") == [("bass", "one"), ("bass", "two")]
    assert songs("one", "bass", "album") == [("mix", "one"), ("bass", "bass"), ("mix", "album")]


def test_a_map_adds_names_and_goes_before_the_known() -> None:
    more = parse_map("triangle=drums, lead synth=vocals,808=drums")
    assert role_and_song("song/Triangle 2", more) == ("drums", "song")
    assert role_and_song("song/LeadSynth", more) == ("vocals", "song")
    assert role_and_song("song/Lead_Synth.flac", more) == ("vocals", "song")
    assert role_and_song("song/808", more) == ("drums", "song")
    for text in ("kick", "kick=", "=drums", "a b c d e=drums"):
        with pytest.raises(ConfigError, match="NAME=ROLE"):
            parse_map(text)


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
