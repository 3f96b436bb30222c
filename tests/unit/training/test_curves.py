"""The curves of a journal beside what the run itself knew, and the picture in a model folder."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from collapsing_toy import collapsing

from gantools.errors import InputError, ModelError
from gantools.metrics.training.figure import draw, write_picture
from gantools.metrics.training.reading import describe, labels, read_history
from gantools.training.folder import PICTURE, own_files, remove_model
from gantools.training.loop import train


def journal(path: Path, lines: Sequence[tuple[str, int, dict[str, Any]]]) -> Path:
    """Write a journal of lines (kind, step, values), a second each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = [
        json.dumps({"kind": kind, "step": step, "seconds": n, **rest}) for n, (kind, step, rest) in enumerate(lines)
    ]
    path.write_text("\n".join([*text, '{"kind": "tra']))
    return path


def test_the_best_step_is_the_one_that_training_chose(tmp_path: Path) -> None:
    runs = {"back": {}, "ill": {"ill_until": 12, "collapse_from": 99}, "plain": {"collapse_from": 99}}
    for name, values in runs.items():
        summary = train(collapsing(**values), tmp_path / name)
        history = read_history(tmp_path / name / "metrics.jsonl")
        assert (history.best_step, history.steps) == (summary.best_step, summary.step)
        assert history.best_score == pytest.approx(summary.best_score)
        assert len(history.returns) == summary.rollbacks
        assert history.symptoms == {"back": {"silence": 1}, "ill": {"noise": 3}, "plain": {}}[name]


def test_a_run_that_gave_up_ends_where_it_was_healthy(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        train(collapsing(cured_by=9), tmp_path / "m")
    history = read_history(tmp_path / "m/metrics.jsonl")
    assert history.steps == 8
    assert history.returns == [(12, 8)] * 3


def test_what_was_undone_is_told_from_what_stands(tmp_path: Path) -> None:
    path = journal(
        tmp_path / "a/metrics.jsonl",
        [
            ("start", 0, {"precision": "float32", "threads": 2}),
            ("validation", 0, {"score": 9.0}),
            ("train", 4, {"generator": 1.0, "note": "text", "flag": True}),
            ("validation", 4, {"score": 5.0}),
            ("train", 8, {"generator": 2.0}),
            ("validation", 8, {"score": 1.0}),
            ("collapse", 8, {"reasons": {"noise": "hiss"}, "back_to": 4}),
            ("train", 6, {"generator": None, "rollbacks": 1}),
            ("skipped", 7, {"phase": "generator", "rollbacks": 1}),
            ("validation", 6, {"score": 6.0, "rollbacks": 1}),
        ],
    )
    history = read_history(path)
    assert [(step, stands) for step, _, _, stands in history.terms["generator"]] == [(4, True), (8, False), (6, True)]
    assert math.isnan(history.terms["generator"][2][2])
    assert set(history.terms) == {"generator"}
    # The validation that collapsed was ill: its score is not the best, though it is the lowest.
    assert (history.best_step, history.best_score, history.steps, history.skipped) == (4, 5.0, 7, 1)
    found = describe(path, "a")
    assert (found["last_score"], found["last_validation"], found["rollbacks"]) == (6.0, 6, 1)
    assert draw([found], "score", "black") is not None
    assert draw([found, found], "score", "black") is not None


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    for text in ("", "[1]\n", '{"kind": "train"}\n', '{"kind": "train", "step": "x", "seconds": 1}\n', "\x00\xff"):
        path.write_text(text)
        with pytest.raises(InputError, match="no line of a training"):
            read_history(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_history(tmp_path / "absent.jsonl")


def test_names_of_models_are_as_short_as_tells_them_apart() -> None:
    assert labels([Path("/m/a/metrics.jsonl"), Path("/m/b/metrics.jsonl")]) == ["a", "b"]
    assert labels([Path("/m/a/metrics.jsonl"), Path("/n/a/metrics.jsonl")]) == ["m/a", "n/a"]


def test_the_picture_goes_with_its_model_and_another_of_its_name_stays(tmp_path: Path) -> None:
    model = tmp_path / "m"
    train(collapsing(steps=4), model)
    assert write_picture(model)
    assert model / PICTURE in own_files(model)
    first = (model / PICTURE).read_bytes()
    assert write_picture(model)
    assert (model / PICTURE).read_bytes() == first
    train(collapsing(steps=4), model, resume="never")
    assert not (model / PICTURE).exists()  # it was of the old model
    (model / PICTURE).write_bytes(b"\x89PNG of the user's own")
    assert not write_picture(model)
    remove_model(model)
    assert (model / PICTURE).exists()
    assert not (model / "config.json").exists()


def test_models_of_several_scales_have_a_line_each(tmp_path: Path) -> None:
    for scale in ("00500hz", "01000hz"):
        journal(tmp_path / f"scales/{scale}/metrics.jsonl", [("validation", 2, {"score": 1.0})])
    journal(tmp_path / "scales/02000hz/metrics.jsonl", [])
    assert write_picture(tmp_path)
    assert not write_picture(tmp_path / "scales")
