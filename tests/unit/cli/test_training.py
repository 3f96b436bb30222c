"""What a training run says when it is over."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from gantools.cli.flags import Run
from gantools.cli.training import run_training
from gantools.training.config import TrainConfig
from gantools.training.report import Summary


@pytest.mark.parametrize(
    ("budget", "steps", "said"), [("4m", 1, True), ("4m", 300, False), ("", 1, False)], ids=["few", "many", "by steps"]
)
def test_a_budget_that_allowed_next_to_nothing_is_named(
    budget: str, steps: int, said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = Summary("finished", tmp_path, steps, steps, steps, 5.4, 224.0, "float32")
    code = run_training(
        Run(verb="train", out=tmp_path / "model"),
        TrainConfig(budget=budget),
        lambda config, device: SimpleNamespace(name="toy"),  # type: ignore[arg-type, return-value]
        base=None,
        resume=True,
        source="chunks",
        drive=lambda *arguments, **options: summary,
    )
    assert code == 0
    assert ("only 1 step fitted into 4m" in capsys.readouterr().err) is said
