from __future__ import annotations

from pathlib import Path

import pytest

from gantools.chunks.roles import role_and_song
from gantools.errors import ConfigError
from gantools.metrics.pairing import ClipSets, neighbours, of_role, pair, triples
from gantools.report.clip import Clip


def clips(*names: str) -> list[Clip]:
    return [Clip(Path(f"{name}.wav"), name, *role_and_song(name)) for name in names]


def names(pairs: list[tuple[Clip, Clip]]) -> list[tuple[str, str]]:
    return [(a.name, b.name) for a, b in pairs]


def test_pairs_by_song_and_prefers_what_a_file_is_named_after() -> None:
    generated = clips("s1/bass.drums", "s2/bass.drums", "s3/bass.drums")
    songs = clips("s1/bass", "s1/drums", "s1/vocals", "s2/bass")
    assert names(pair(generated, songs, "source")) == [("s1/bass.drums", "s1/bass"), ("s2/bass.drums", "s2/bass")]
    assert names(pair(generated, songs, "real")) == [("s1/bass.drums", "s1/drums"), ("s2/bass.drums", "s2/bass")]
    assert names(pair(generated, of_role(songs, "drums"), "real")) == [("s1/bass.drums", "s1/drums")]


def test_a_source_is_no_other_part_of_its_own_role() -> None:
    songs = clips("s1/bass", "s1/drums", "s2/bass", "s2/drums")
    assert names(pair(clips("s1/drums", "s2/drums"), songs, "source")) == [
        ("s1/drums", "s1/bass"),
        ("s2/drums", "s2/bass"),
    ]


def test_role_folders_and_single_files() -> None:
    assert names(pair(clips("drums/one", "drums/two"), clips("bass/two", "bass/one"), "source")) == [
        ("drums/one", "bass/one"),
        ("drums/two", "bass/two"),
    ]
    assert names(pair(clips("new.drums"), clips("anything"), "source")) == [("new.drums", "anything")]


def test_refuses_what_it_would_have_to_guess() -> None:
    with pytest.raises(ConfigError, match="several source files fit"):
        pair(clips("s1/drums", "s2/drums"), clips("s1/bass", "s1/vocals"), "source")
    with pytest.raises(ConfigError, match="same name"):
        pair(clips("a/drums", "b/drums"), clips("c/bass", "d/bass"), "source")
    with pytest.raises(ConfigError, match="there are drums, mix"):
        of_role(clips("a/drums", "a/mix"), "bass")


def test_groups_for_the_report() -> None:
    generated, bass, real = clips("s1/bass.drums", "s2/bass.drums"), clips("s1/bass", "s2/bass"), clips("s2/drums")
    pairs = pair(generated, bass, "source")
    groups = triples(pairs, [(real[0], bass[1])])
    assert [[label for label, _ in group] for group in groups] == [
        ["input", "generated"],
        ["input", "generated", "real"],
    ]
    assert [len(group) for group in neighbours(generated, real)] == [1, 2]
    assert [group[0][0] for group in neighbours(generated, clips("x/drums"))] == ["generated", "generated", "real"]


def test_sets_keep_roles_and_count_what_is_left_out() -> None:
    sets = ClipSets({"generated": clips("s1/drums", "s1/bass", "s2/drums"), "real": clips("s1/drums", "s2/bass")})
    sets.keep_roles("drums")
    assert [clip.name for clip in (*sets["generated"], *sets["real"])] == ["s1/drums", "s2/drums", "s1/drums"]
    why = "files that are not drums, as their names say"
    assert sets.left_out == {f"generated {why}": 1, f"real {why}": 1}
    untold = ClipSets({"generated": clips("s1/drums"), "real": [Clip(Path("take.wav"), "take", "mix", "take")]})
    untold.keep_roles("drums")
    assert (len(untold["real"]), untold.left_out) == (1, {})  # no name of the real ones says a part
