"""A step of training and the making of a result can be followed in few files."""

from __future__ import annotations

from pathlib import Path

from files_opened import MOST_OF_GENERATION, MOST_OF_STEP, of_generation, of_training_step


def test_a_training_step(tmp_path: Path) -> None:
    files = of_training_step(tmp_path)
    assert {"training/loop.py", "training/update.py", "systems/cyclegan/objective.py"} <= files
    assert len(files) <= MOST_OF_STEP, sorted(files)


def test_a_result_of_caw(tmp_path: Path) -> None:
    files = of_generation(tmp_path)
    assert {"systems/caw/generate.py", "systems/caw/sampler.py", "audio/encoders.py"} <= files
    assert len(files) <= MOST_OF_GENERATION, sorted(files)
