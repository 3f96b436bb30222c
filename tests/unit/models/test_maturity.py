"""What a model's steps are worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gantools.cli.evaluation import _made_by
from gantools.metrics.registry import load
from gantools.models.maturity import Maturity, of_model, of_records


@pytest.mark.parametrize(
    ("steps", "documented", "words"),
    [
        (4, 1200, "4 of about 1,200 steps: expect noise"),
        (119, 1200, "119 of about 1,200 steps: expect noise"),
        (120, 1200, "120 of about 1,200 steps: expect less than the documentation shows"),
        (599, 1200, "599 of about 1,200 steps: expect less than the documentation shows"),
        (600, 1200, ""),
        (5, 0, ""),
        (0, 1200, ""),
    ],
)
def test_words(steps: int, documented: int, words: str) -> None:
    assert Maturity(steps, documented).words == words


def test_a_model_tells_by_its_journal(tmp_path: Path) -> None:
    model = {"config": {"documented_steps": 1200}}
    assert of_model(tmp_path, model) == Maturity(0, 1200)
    (tmp_path / "metrics.jsonl").write_text('{"step": 3}\n{"step": 40, "kind": "validation"}\n{"kin')
    assert of_model(tmp_path, model) == Maturity(40, 1200)
    assert of_model(tmp_path, {"config": {}}) == Maturity(40, 0)


def test_of_several_scales_the_least_trained_counts(tmp_path: Path) -> None:
    for rate, steps in ((500, 200), (1000, 7), (16000, 300)):
        (tmp_path / f"scales/{rate:05d}hz").mkdir(parents=True)
        (tmp_path / f"scales/{rate:05d}hz/metrics.jsonl").write_text(f'{{"step": {steps}}}\n')
    found = of_model(tmp_path, {"config": {"documented_steps": 240}})
    assert found == Maturity(7, 240, "1000 Hz")
    assert found.words == "7 of about 240 steps at 1000 Hz: expect noise"


def test_the_least_trained_of_several_models_counts() -> None:
    records = [{"model_steps": steps, "documented_steps": 1200} for steps in (900, 30, 800)]
    assert of_records([{}, {"model_steps": "many"}, *records]) == Maturity(30, 1200)
    assert of_records([{}]).words == ""


def test_an_evaluation_says_who_made_the_clips(tmp_path: Path) -> None:
    fields = {"model_steps": 4, "documented_steps": 1200}
    record = {"key": "a.wav", "source": "b.wav", "config": "0", "seed": 0, "version": "1", "inputs": {}, "outputs": {}}
    (tmp_path / "manifest.jsonl").write_text(json.dumps({**record, "fields": fields}) + "\n")
    facts = _made_by(str(tmp_path))
    assert facts == {"made_by": "4 of about 1,200 steps: expect noise"}
    assert _made_by(str(tmp_path / "absent")) == {}
    (tmp_path / "other").mkdir()
    (tmp_path / "other/manifest.jsonl").write_text('{"of": "another program"}\n')
    assert _made_by(str(tmp_path / "other")) == {}
    numbers = dict.fromkeys(
        ("own", "other", "z", "rank", "p", "copy_distance", "copy_distance_db", "onset_f", "onset_f_other"), 0.5
    )
    table = load("rhythm").table({"n": 3, "db_range": [-60, 30], **numbers, **facts})
    assert table.rows[-1] == ("the model's training", "4 of about 1,200 steps", "expect noise")
