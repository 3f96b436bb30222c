"""Which clips a test has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from gantools.errors import ConfigError
from gantools.report.clip import Clip
from gantools.report.listening.config import ListenConfig
from gantools.report.listening.forms import FORMS
from gantools.report.listening.plan import ANCHORS_HZ, REFERENCE, Plan, plan_test


def clips(name: str, count: int, songs: int = 0) -> list[Clip]:
    """Return so many clips, of so many songs in turn."""
    numbers = range(count)
    return [Clip(Path(f"{name}/{n}.wav"), f"clip-{n}", "mix", f"song-{n % (songs or count)}") for n in numbers]


def plan(form: str, sets: dict[str, int], real: str = "real", songs: int = 0, **options: object) -> Plan:
    """Draw a test of sets of so many clips."""
    config = ListenConfig(form=form, **options)  # type: ignore[arg-type]
    given = {name: clips(name, count, songs) for name, count in sets.items()}
    return plan_test(given, real if real in sets else "", [], FORMS[form], config, 0)


def counts(test: Plan, block: int) -> Counter[str]:
    """Return how many clips of each set a block has."""
    return Counter(one.set for t in test.trials if t.block == block and not t.repeats for one in t.stimuli)


def test_the_thesis_sets_of_ten() -> None:
    """UMG: 8 new and 2 originals; VAR: 6 of one model, 2 of another, 2 originals."""
    assert counts(plan("songwriter", {"caw": 8, "real": 2}), 1) == {"caw": 8, "real": 2}
    assert counts(plan("songwriter", {"caw": 6, "jukebox": 2, "real": 2}), 1) == {"caw": 6, "jukebox": 2, "real": 2}
    two = plan("songwriter", {"caw": 12, "jukebox": 4, "real": 5})
    for block in (1, 2):
        assert counts(two, block) == {"caw": 6, "jukebox": 2, "real": 2}
    with pytest.raises(ConfigError, match="takes 10 clips, 2 of them real; there are 7 caw, 2 real"):
        plan("songwriter", {"caw": 7, "real": 2})


def test_one_clip_of_each_song() -> None:
    test = plan("grades", {"made": 40}, songs=9, one_per_song=True, practice=0, heard_twice=0)
    assert len(test.trials) == 9
    assert len({one.song for one in test.stimuli}) == 9


def test_practice_takes_what_is_left_and_repeats_what_counts() -> None:
    test = plan("grades", {"made": 6, "real": 6}, clips=4, practice=3, heard_twice=2)
    blocks = {block: [t for t in test.trials if t.block == block] for block in (0, 1)}
    twice = [t for t in blocks[1] if t.repeats]
    assert (len(blocks[0]), len(blocks[1]), len(twice)) == (3, 8 + 2, 2)
    files = {t.id: t.stimuli[0].clips for t in test.trials}
    assert {files[t.id] for t in blocks[0]}.isdisjoint({files[t.id] for t in blocks[1]})
    assert blocks[0][0].stimuli[0].set == "real"
    for trial in twice:
        assert files[trial.id] == files[trial.repeats]
        assert trial.stimuli[0].id != trial.stimuli[0].repeats
    # Where all clips count, practice is of them, under ids of its own.
    all_of_them = plan("grades", {"made": 4}, practice=2, heard_twice=0)
    assert len({one.id for t in all_of_them.trials for one in t.stimuli}) == 6


def test_mushra_hides_the_reference_and_two_anchors() -> None:
    test = plan("mushra", {"a": 3, "b": 4, "real": 3}, practice=0)
    assert len(test.trials) == 3
    for trial in test.trials:
        by_set = {one.set: one for one in trial.stimuli}
        assert by_set.keys() == {"a", "b", REFERENCE, *ANCHORS_HZ}
        shown = trial.references[0]
        assert shown.label == "Reference"
        assert {by_set[name].low_pass_hz for name in ANCHORS_HZ} == {3500, 7000}
        assert all(by_set[name].level_of == shown.id for name in (REFERENCE, *ANCHORS_HZ))
        assert len({clip.song for one in (*trial.stimuli, shown) for clip in one.clips}) == 1
        # The order of ids tells nothing of sets.
        assert [one.id for one in trial.stimuli] == sorted(one.id for one in trial.stimuli)


def test_pairs_are_of_one_song_where_sets_share_songs() -> None:
    test = plan("ab", {"a": 5, "b": 5, "c": 5}, practice=0, heard_twice=0)
    assert len(test.trials) == 15
    assert all(len({one.song for one in t.stimuli}) == 1 for t in test.trials)
    assert Counter(tuple(sorted(one.set for one in t.stimuli)) for t in test.trials) == dict.fromkeys(
        [("a", "b"), ("a", "c"), ("b", "c")], 5
    )
    strangers = {"a": clips("a", 4), "b": [replace(clip, song="x" + clip.song) for clip in clips("b", 3)]}
    form = FORMS["ab"]
    test = plan_test(strangers, "", [], form, ListenConfig(form="ab", practice=0, heard_twice=0), 0)
    assert len(test.trials) == 3


def test_mixes_are_heard_beside_their_dry_stems() -> None:
    dry = [Clip(Path(f"dry/{n}/{role}.wav"), f"{n}/{role}", role, f"song-{n}") for n in (0, 1) for role in ("a", "b")]
    sets = {"ours": clips("ours", 3), "theirs": clips("theirs", 3)}
    test = plan_test(sets, "", dry, FORMS["mix"], ListenConfig(form="mix"), 0)
    assert {t.stimuli[0].song for t in test.trials} == {"song-0", "song-1"}
    for trial in test.trials:
        whole, *single = trial.references
        assert [one.label for one in trial.references] == ["Dry", "Dry: a", "Dry: b"]
        assert {one.level_of for one in single} == {whole.id}
        assert len(whole.clips) == 2


def test_a_test_depends_on_seed_and_names_alone() -> None:
    config = ListenConfig(clips=3)
    sets = {"a": clips("a", 9), "real": clips("real", 9)}
    turned = {name: found[::-1] for name, found in sets.items()}
    first, same = (plan_test(one, "real", [], FORMS["grades"], config, 0).trials for one in (sets, turned))
    assert first == same
    other = plan_test(sets, "real", [], FORMS["grades"], config, 1)
    assert {t.id for t in other.trials}.isdisjoint({t.id for t in first})
