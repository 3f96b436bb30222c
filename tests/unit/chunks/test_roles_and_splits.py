"""Roles and songs from names, and splits by song."""

from __future__ import annotations

import pytest

from gantools.chunks.cutting import spread, window_starts
from gantools.chunks.plan import shard_names
from gantools.chunks.roles import Named, parse_map, read_folder, read_name, role_and_song
from gantools.chunks.splits import assign, split_of
from gantools.errors import ConfigError
from gantools.parsing import shares as parse_shares


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


#: Name -> role, song, part, flags (k: a role is known, c: one channel of it), number, folder, and the name left bare.
READ: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "a/01_Kick.wav": ("drums", "a", "kick", "kc", "01", "a", "01_Kick"),
    "a/1_Kick": ("drums", "a", "kick", "kc", "1", "a", "1_Kick"),
    "a/123_Kick": ("drums", "a/123", "kick", "kc", "123", "a", "123_Kick"),
    "album/x/Drums/Kick In": ("drums", "album/x", "kick in", "kc", "", "album/x", "Kick In"),
    "a/bass/b/c": ("bass", "a/b", "c", "k", "", "", ""),
    "bass/b/c/d": ("bass", "b/c/d", "d", "k", "", "", ""),
    "bass/drums/c": ("drums", "bass", "c", "k", "", "", ""),
    "vocals/lead": ("vocals", "lead", "lead", "k", "", "", ""),
    "x/vocals/lead": ("vocals", "x", "lead", "k", "", "", ""),
    "a/Drum Mix": ("drums", "a", "drum", "k", "", "a", "Drum Mix"),
    "mix drums": ("drums", "mix drums", "drums", "k", "", "", "mix drums"),
    "My Song (Lead Vox)": ("vocals", "My Song", "lead vox", "kc", "", "", "My Song (Lead Vox)"),
    "02_Bass DI": ("bass", "02_Bass DI", "bass di", "kc", "02", "", "02_Bass DI"),
    "song/12_drums": ("drums", "song/12", "drums", "k", "12", "song", "12_drums"),
    "drums_01": ("drums", "01", "drums", "k", "01", "", "drums_01"),
    "a/drums 01": ("drums", "a", "drums 01", "k", "", "a", "drums 01"),
    "a/drums 123": ("drums", "a/123", "drums", "k", "123", "a", "drums 123"),
    "kick_01": ("drums", "kick_01", "kick 01", "kc", "", "", "kick_01"),
    "a/Gtr2": ("guitar", "a", "gtr 2", "kc", "", "a", "Gtr2"),
    "bass (1)": ("bass", "bass (1)", "bass", "k", "", "", "bass (1)"),
    "a/lead (2)": ("mix", "a/lead (2)", "lead (2)", "", "", "a", "lead (2)"),
    "a.mp3.wav": ("mix", "a", "a", "", "", "", "a"),
    "x/Song.V2.wav.mel.safetensors": ("mix", "x/Song.V2", "song.v2", "", "", "x", "Song.V2"),
    "song/Drums+Bass": ("mix", "song/Drums+Bass", "drums+bass", "", "", "song", "Drums+Bass"),
    "song/Drums & Bass": ("mix", "song/Drums & Bass", "drums & bass", "", "", "song", "Drums & Bass"),
    "song/Bass + Bass DI": ("bass", "song", "bass di", "kc", "", "song", "Bass + Bass DI"),
    "A+B - Drums": ("drums", "A+B", "drums", "k", "", "", "A+B - Drums"),
    "song/bass drums": ("drums", "song", "drums", "k", "", "song", "bass drums"),
    "x/left": ("mix", "x/left", "left", "", "", "x", "left"),
    "x/Acoustic 2 L": ("guitar", "x", "acoustic", "kc", "", "x", "Acoustic 2 L"),
    "Band - Song - Other": ("other", "Song", "other", "k", "", "", "Band - Song - Other"),
    "Song_Other": ("other", "Song", "other", "k", "", "", "Song_Other"),
    "Song Other": ("mix", "Song Other", "song other", "", "", "", "Song Other"),
    "The Band": ("mix", "The Band", "the band", "", "", "", "The Band"),
    "Song - Ride": ("drums", "Song", "ride", "kc", "", "", "Song - Ride"),
    "Song_Ride": ("mix", "Song_Ride", "song_ride", "", "", "", "Song_Ride"),
    "a/Song.Ride.wav": ("drums", "a/Song", "ride", "kc", "", "a", "Song.Ride"),
    "a/b/(bass)": ("bass", "a/b", "bass", "k", "", "a/b", "(bass)"),
    "...bass": ("bass", "...bass", "bass", "k", "", "", "...bass"),
    "x/kickIn2": ("drums", "x", "kick in 2", "kc", "", "x", "kickIn2"),
    "01 Bass_Drums": ("drums", "01", "drums", "k", "01", "", "01 Bass_Drums"),
    "a/Song (Instrumental)": ("accompaniment", "a/Song", "instrumental", "k", "", "a", "Song (Instrumental)"),
    "song/Drums/drum mix": ("drums", "song", "drum", "k", "", "song", "drum mix"),
    "vocals & bass/song": ("bass", "song", "song", "k", "", "", ""),
    "bass 01/song": ("bass", "song", "song", "k", "", "", ""),
    "drum ripper/song": ("mix", "drum ripper/song", "song", "", "", "drum ripper", "song"),
    "song/Bass/Drums": ("drums", "song/Bass", "drums", "k", "", "song/Bass", "Drums"),
    "x/lead vocals dry stem": ("vocals", "x", "lead vocals dry", "kc", "", "x", "lead vocals dry stem"),
    "Song_lead_bass": ("bass", "Song", "lead bass", "kc", "", "", "Song_lead_bass"),
    "Song_lead_2_bass": ("bass", "Song_lead_2", "bass", "k", "", "", "Song_lead_2_bass"),
    "song OH L": ("drums", "song", "oh l", "kc", "", "", "song OH L"),
    "song oh l": ("mix", "song oh l", "song oh l", "", "", "", "song oh l"),
    "The Bass": ("mix", "The Bass", "the bass", "", "", "", "The Bass"),
    "the_bass": ("bass", "the", "bass", "k", "", "", "the_bass"),
    "Song_With Drums": ("mix", "Song_With Drums", "song_with drums", "", "", "", "Song_With Drums"),
    "Song with Drums": ("mix", "Song with Drums", "song with drums", "", "", "", "Song with Drums"),
    "one - Drums (2)": ("drums", "one", "drums", "k", "", "", "one - Drums (2)"),
    "bass - one": ("bass", "one", "bass", "k", "", "", "bass - one"),
    "bass_one_two": ("bass", "one_two", "bass", "k", "", "", "bass_one_two"),
    "a/_bass_": ("bass", "a", "bass", "k", "", "a", "_bass_"),
    "Drums/Song Drums/x": ("drums", "Song Drums", "x", "k", "", "", ""),
    "x/drums/Drums/Snare": ("drums", "x", "snare", "kc", "", "x", "Snare"),
    "x/Bass/Snare": ("drums", "x/Bass", "snare", "kc", "", "x/Bass", "Snare"),
    "a/GtrLead": ("guitar", "a", "gtr lead", "kc", "", "a", "GtrLead"),
    "a/LeadGtrX": ("guitar", "a", "lead gtr x", "kc", "", "a", "LeadGtrX"),
    "Kick2Bass": ("bass", "Kick2Bass", "bass", "k", "", "", "Kick2Bass"),
    "Song_Vocals_x": ("vocals", "Song", "vocals x", "kc", "", "", "Song_Vocals_x"),
    "x/Room Mics": ("drums", "x", "room mics", "kc", "", "x", "Room Mics"),
    "no drums/one": ("accompaniment", "one", "one", "k", "", "", ""),
    "a/KickÜ": ("mix", "a/KickÜ", "kickü", "", "", "a", "KickÜ"),
    "bass one drums two": ("mix", "bass one drums two", "bass one drums two", "", "", "", "bass one drums two"),
    "new bass 2": ("bass", "new", "bass 2", "k", "", "", "new bass 2"),
    "one_Vocal take 3_x": ("vocals", "one", "vocal take 3 x", "kc", "", "", "one_Vocal take 3_x"),
    "(bass) one": ("bass", "one", "bass", "k", "", "", "(bass) one"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_all_that_a_name_says(name: str) -> None:
    role, song, part, flags, number, folder, bare = READ[name]
    assert read_name(name) == Named(role, song, part, "k" in flags, "c" in flags, number, folder, bare)


#: Folder, the names in it, and what they say together: role:song:folder of each, and a mark where it is a part.
TOGETHER: list[tuple[str, str, str]] = [
    ("album", "album/01_Kick|album/02_Bass|album/x", "drums:album:album! bass:album:album! mix:album/x:album"),
    ("album", "album/01_drums|album/bass", "drums:album:album! bass:album:album!"),
    ("album", "album/01_drums|album/vox_x", "drums:album:album! vocals:album:album!"),
    ("album", "album/1_drums", "drums:album/1:album!"),
    ("album", "album/01_drums|album/01_bass", "drums:album/01:album! bass:album/01:album!"),
    ("album", "album/01_drums|album/02_drums", "drums:album/01:album! drums:album/02:album!"),
    ("album", "album/130_bass|album/131_drums", "bass:album/130:album! drums:album/131:album!"),
    ("album", "album/12_bass|album/130_drums", "bass:album/12:album! drums:album/130:album!"),
    ("album", "bass|drums|album|one", "bass:album:album! drums:album:album! mix:album:! mix:one:"),
    ("", "bass|drums", "bass:bass:! drums:drums:!"),
    ("album", "bass", "bass:bass:!"),
    ("album", "x/bass|x/drums|x/album|album", "bass:x:x! drums:x:x! mix:x:x! mix:album:!"),
    ("album", "x/album|x/bass", "mix:x/album:x bass:x:x!"),
    ("album", "bass|drums|x_keys", "bass:album:album! drums:album:album! keys:x:!"),
    ("album", "bass|bass|album", "bass:bass:! bass:bass:! mix:album:"),
    ("album", "01_bass|02_drums|x", "bass:album:album! drums:album:album! mix:x:"),
    ("album", "album/01_bass|album/Kick|album/130_keys", "bass:album:album! drums:album:album! keys:album/130:album!"),
]  # fmt: skip


@pytest.mark.parametrize(("folder", "names", "read"), TOGETHER)
def test_all_that_names_say_together(folder: str, names: str, read: str) -> None:
    found = read_folder([read_name(name) for name in names.split("|")], folder)
    assert read.split() == [f"{name.role}:{name.song}:{name.folder}{'!' * name.known}" for name in found]


def test_a_map_of_folders_and_of_four_words() -> None:
    more = parse_map("tri angle of steel=Perc_2,,bass=drums, my bus=vocals")
    assert {words: (word.role, word.channel) for words, word in more.items()} == {
        ("tri", "angle", "of", "steel"): ("perc_2", False),
        ("bass",): ("drums", False),
        ("my", "bus"): ("vocals", False),
    }
    assert role_and_song("a/My Bus/one", more) == ("vocals", "a/one")
    assert role_and_song("song/bass/Bass 2", more) == ("drums", "song")
    for text in ("a=b c", "a=-b", "a=", "=b", "a"):
        with pytest.raises(ConfigError, match="NAME=ROLE"):
            parse_map(text)
