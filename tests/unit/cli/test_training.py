"""What a training run says when it is over, beside what the documentation's figures took."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gantools.cli.flags import Run
from gantools.cli.training import run_training
from gantools.training.config import TrainConfig
from gantools.training.report import Progress, Summary


def said(folder: Path, capsys: pytest.CaptureFixture[str], steps: int, total: int, **changes: Any) -> str:
    """Return what is said of a run that validates once and ends after `steps`."""
    summary = Summary("finished", folder, steps, total, steps, 5.4, 224.0, "float32", documented_steps=1200)

    def drive(*arguments: Any, report: Any, **options: Any) -> Summary:
        report(Progress("validate", 2, total, 9.0, values={"score": 3.0}))
        return dataclasses.replace(summary, **changes)

    code = run_training(
        Run(verb="train", out=folder / "model"),
        TrainConfig(documented_steps=1200),
        lambda config, device: SimpleNamespace(name="toy", documented_steps=1200, songs={}, notes=[]),  # type: ignore[arg-type, return-value]
        base=None,
        resume=True,
        source="chunks",
        drive=drive,
    )
    assert code == 0
    return capsys.readouterr().err


def test_few_steps_are_named_beside_the_documented_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(tmp_path, capsys, 4, 4)
    assert "done in 224 s: 4 of about 1,200 steps: expect noise; best after 4 (score 5.4)" in text
    assert "step 2 of 4 (the documentation's figures: about 1,200): score 3" in text
    text = said(tmp_path, capsys, 400, 400, status="skipped")
    assert "up to date: 400 of about 1,200 steps: expect less than the documentation shows; best" in text


def test_enough_steps_need_no_comment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(tmp_path, capsys, 700, 700)
    assert "done in 224 s: 700 steps; best" in text
    assert "step 2 of 700: score 3" in text
