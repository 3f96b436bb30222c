"""`gantools evaluate training`, and the picture that `gantools train` leaves, through their real interfaces."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from gantools.training.folder import PICTURE, drew_picture

TINY = ["--preset", "small", "--width", "8", "--body-width", "8", "--blocks", "1", "--discriminator-width", "8"]
TINY += ["--texture-width", "4", "--batch-size", "2", "--micro-batch", "1", "--threads", "1", "--log-every", "1"]
TINY += ["--validation-windows", "2", "--validate-every", "2"]


def test_curves_of_models_that_were_just_trained(gantools: Callable, songs: Path, tmp_path: Path) -> None:
    shutil.copytree(songs / "chunks", tmp_path / "chunks")
    done = gantools("train", "cyclegan", "chunks", "-o", "models/1", *TINY, "--steps", "4")
    assert done.returncode == 0, done.stderr
    assert drew_picture(tmp_path / "models/1" / PICTURE)
    shutil.copytree(tmp_path / "models/1", tmp_path / "models/2")
    done = gantools("evaluate", "training", "models", "-o", "report", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert [(one["model"], one["system"], one["steps"]) for one in record["models"]] == [
        ("1", "cyclegan", 4),
        ("2", "cyclegan", 4),
    ]
    assert all(one["best_step"] in (2, 4) and one["symptoms"] == {} for one in record["models"])
    assert "curves" not in record
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert all(len(points) == 4 for one in report["curves"] for points in one["terms"].values())
    assert (tmp_path / "report/training.png").exists()
    assert "nothing to do" in gantools("evaluate", "training", "models", "-o", "report").stderr
    one = gantools("evaluate", "training", "models/1/metrics.jsonl", "--figure", "alignment")
    assert one.stdout.startswith("1 ")


def test_what_cannot_be_shown_is_said(gantools: Callable, tmp_path: Path) -> None:
    for name, text in (("a", '{"kind": "validation", "step": 2, "seconds": 1, "score": 2.0}\n'), ("b", "no journal\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.jsonl").write_text(text)
    done = gantools("evaluate", "training", "a", "b", "--json", "-q")
    assert (done.returncode, len(json.loads(done.stdout)["models"])) == (1, 1)
    (line,) = done.stderr.splitlines()
    assert "b/metrics.jsonl: holds no line of a training" in line
    assert gantools("evaluate", "training", "b").returncode == 1
    wrong = gantools("evaluate", "training", "a", "--figure", "scor")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean score?" in wrong.stderr
    (tmp_path / "empty").mkdir()
    none = gantools("evaluate", "training", "empty")
    assert none.returncode == 2
    assert "looked for metrics.jsonl" in none.stderr
