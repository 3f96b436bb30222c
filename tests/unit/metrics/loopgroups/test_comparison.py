"""The tests of groups against definitions, and what groups of known kinds must get."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from loop_files import loop_roll, write_detector, write_loop, write_loops
from scipy import stats

from gantools.errors import InputError
from gantools.metrics.loopgroups.comparison import compare_draws, compare_groups
from gantools.metrics.loopgroups.config import LoopGroupsConfig
from gantools.metrics.loopgroups.metric import short_names
from gantools.metrics.metric import Conditions
from gantools.metrics.pairing import ClipSets
from gantools.report.clip import Clip


def test_the_paired_test_is_that_of_the_differences() -> None:
    random = np.random.default_rng(0)
    first, other = random.gamma(1, 1, 30), random.gamma(1, 1.6, 30)
    found = compare_draws(first, other)
    # Student's t of the differences, by its definition.
    apart = first - other
    t = apart.mean() / (apart.std(ddof=1) / math.sqrt(30))
    assert found["t"] == pytest.approx(t)
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(t), 29))
    assert found["difference"] == pytest.approx(apart.mean())
    welch = apart.mean() / math.sqrt(first.var(ddof=1) / 30 + other.var(ddof=1) / 30)
    assert found["welch_t"] == pytest.approx(welch)
    # Another order changes the paired test alone.
    again = compare_draws(first, other[::-1])
    assert again["t"] != found["t"]
    assert [again["welch_p"], again["rank_p"]] == pytest.approx([found["welch_p"], found["rank_p"]])


def test_equal_draws_have_no_verdict_and_unlike_ones_have_one() -> None:
    same = compare_draws(np.ones(5), np.ones(5))
    assert math.isnan(same["p"])
    assert same["rank_p"] == 1.0
    apart = compare_draws(np.linspace(0, 1, 20), np.linspace(5, 6, 20) ** 2)
    assert max(apart["p"], apart["welch_p"], apart["rank_p"]) < 1e-6


def test_names_are_the_last_parts_where_they_tell_groups_apart() -> None:
    assert short_names(["a/loops", "b/songs/", "x.mid"]) == ["loops", "songs", "x.mid"]
    assert short_names(["a/loops", "b/loops"]) == ["a/loops", "b/loops"]
    assert short_names(["a", "b", "a"]) == ["a", "b", "a (2)"]


def unforgiving(path: Path, error: Exception) -> None:
    raise AssertionError(f"{path}: {error}")


def test_loops_score_lower_than_windows_of_other_music(tmp_path: Path) -> None:
    write_detector(tmp_path / "detector")
    write_loops(tmp_path / "loops", 12, first_seed=300)
    for seed in range(3):
        bars = [loop_roll(1000 + 20 * seed + bar, 1, pattern=(0,)) for bar in range(13)]
        write_loop(tmp_path / f"songs/{seed}.mid", np.concatenate(bars))
    groups = {
        name: [Clip(path, path.stem, "mix", path.stem) for path in sorted((tmp_path / name).iterdir())]
        for name in ("loops", "songs")
    }
    config = LoopGroupsConfig(detector=str(tmp_path / "detector"), samples=10)
    names = ["loops", "songs", "more"]
    sets = ClipSets({"generated": groups["loops"], "other 1": groups["songs"], "other 2": groups["songs"][:1]})
    result = compare_groups(sets, names, config, Conditions(unforgiving, seed=4))
    # A song of 13 bars has 6 windows, which bounds the draws.
    assert [group["windows"] for group in result["groups"]] == [12, 18, 6]
    assert (result["drawn"], [len(scores) for scores in result["scores"]]) == (6, [6, 6, 6])
    assert result["groups"][0]["mean"] == pytest.approx(np.mean(result["scores"][0]))
    assert result["groups"][0]["accepted"] > 0.5 > result["groups"][1]["accepted"]
    assert [test["group"] for test in result["tests"]] == ["songs", "more"]
    assert all(test["rank_p"] < 0.01 and test["difference"] < 0 for test in result["tests"])
    assert compare_groups(sets, names, config, Conditions(unforgiving, seed=4)) == result
    # Files that the detector can say nothing of leave nothing to compare.
    sets["other 2"] = groups["loops"][:1]
    with pytest.raises(InputError, match="more: 1 windows of 8 bars that sound; two are needed"):
        compare_groups(sets, names, config, Conditions(unforgiving))
