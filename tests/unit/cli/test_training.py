"""A training run as a command: what it is given, what it says on its way and at its end."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gantools.cli.flags import Run
from gantools.cli.training import Watch, run_training
from gantools.errors import DeviceError, ModelError, StoppedError
from gantools.training.config import TrainConfig
from gantools.training.report import Progress, Summary


def said(folder: Path, capsys: pytest.CaptureFixture[str], steps: int, total: int, **changes: Any) -> str:
    """Return what is said of a run that validates once and ends after `steps`."""
    summary = Summary("finished", folder, steps, total, steps, 5.4, 224.0, "float32", documented_steps=1200)
    (folder / "metrics.jsonl").write_text(f'{{"step": {steps}}}\n')

    def drive(*arguments: Any, report: Any, **options: Any) -> Summary:
        report(Progress("validate", 2, total, 9.0, values={"score": 3.0}))
        return dataclasses.replace(summary, **changes)

    code = run_training(
        Run(verb="train", out=folder / "model"),
        TrainConfig(documented_steps=1200),
        lambda config, device: SimpleNamespace(name="toy", documented_steps=1200, songs={}, notes=[], left_out=[]),  # type: ignore[arg-type, return-value]
        base=None,
        resume=True,
        sources=["chunks"],
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


class Shown:
    """What a bar is told."""

    def __init__(self) -> None:
        self.updates: list[tuple[Any, ...]] = []
        self.lines: list[str] = []

    def update(self, *given: Any) -> None:
        self.updates.append(given)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def remark(self, line: str) -> None:
        self.lines.append(f"remark {line}")


def test_progress_on_the_bar_and_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Shown()
    watch = Watch(Run(verb="train"), bar, 0, ["songs: 2", "and more"])  # type: ignore[arg-type]
    watch(Progress("resume", 3, 9, 1.0))
    assert capsys.readouterr().err == (
        "gantools train: songs: 2\ngantools train: and more\ngantools train: going on after step 3\n"
    )
    watch(Progress("collapse", 3, 9, 1.0, message="fell apart"))
    assert (watch.begun, bar.updates, bar.lines) == (False, [], ["remark gantools train: fell apart"])
    values = dict.fromkeys("abcde", 1.23456)
    watch(Progress("train", 4, 9, 1.0, values=values))
    watch(Progress("validate", 5, 0, 1.0, values={"score": 1.0}))
    watch(Progress("validate", 6, 9, 1.0))
    four = "a 1.23  b 1.23  c 1.23  d 1.23"
    assert watch.begun
    assert bar.updates == [(4, f"train  {four}", 9), (5, "validate  score 1", None), (6, "validate  ", 9)]
    assert bar.lines[1:] == ["gantools train: step 5 of ?: score 1"]
    assert capsys.readouterr().err == ""
    quiet = Shown()
    Watch(Run(quiet=True), quiet, 0, [])(Progress("validate", 5, 9, 1.0, values={"score": 1.0}))  # type: ignore[arg-type]
    assert (quiet.lines, len(quiet.updates)) == ([], 1)


@dataclasses.dataclass
class Toy:
    """A system as far as its command looks at it."""

    config: TrainConfig
    device: Any
    name: str = "toy"
    documented_steps: int = 0
    songs: dict[str, list[str]] = dataclasses.field(default_factory=lambda: {"training": ["a", "b"], "held out": ["c"]})
    notes: tuple[str, ...] = ("a note",)
    left_out: tuple[str, ...] = ("x: left out",)

    def facts(self) -> dict[str, Any]:
        return {"chunks": {"bass": 3}, "hours": 2}

    def describe(self) -> dict[str, Any]:
        return {"parameters": {"G": 1234, "D": 5}}


class Trained:
    """A training of `Toy` from its command line, less the options: what it was given, what it said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.summary = Summary("finished", folder, 8, 9, 6, 0.51234, 61.4, "float32", 5, 2, threads=3)
        self.given: dict[str, Any] = {}
        self.toy: dict[str, Any] = {}

    def drive(self, system: Toy, out: Path, **options: Any) -> Summary:
        self.given = {"system": system, "out": out, **options}
        return self.summary

    def __call__(self, drive: Any = None, resume: bool = True, base: Path | None = None, **run: Any) -> int:
        code = run_training(
            Run(**{"verb": "caw", "out": self.folder / "m", "seed": 5, "device": "cpu", "json": True, **run}),
            TrainConfig(seed=1),
            lambda config, device: Toy(config, device, **self.toy),  # type: ignore[arg-type, return-value]
            base=base,
            resume=resume,
            sources=["chunks"],
            role="bass",
            drive=drive or self.drive,
        )
        said = self.capsys.readouterr()
        self.lines = said.err.splitlines()
        self.record = json.loads(said.out) if said.out else None
        return code


@pytest.fixture
def trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Trained:
    return Trained(tmp_path, capsys)


def test_a_run_is_given_its_options_and_becomes_a_record(trained: Trained) -> None:
    common = {"action": "train", "path": str(trained.folder / "m"), "source": "chunks", "rel": "", "role": "bass"}
    assert trained() == 0
    given = dict(trained.given)
    report = given.pop("report")
    assert (given.pop("system").config.seed, report.documented_steps) == (5, 0)
    assert report.remarks == ["a note", "songs: training 2, held out 1"]
    assert given == {"out": trained.folder / "m", "resume": "auto", "base_model": None}
    assert trained.lines == [
        "gantools train: x: left out",
        "gantools train: done in 61 s: 8 steps; best after 6 (score 0.5123)",
    ]
    figures = {"step": 8, "best_step": 6, "best_score": 0.51234, "seconds": 61.4, "precision": "float32"}
    more = {"healthy_step": 5, "rollbacks": 2, "symptoms": {}, "documented_steps": 0, "threads": 3, "system": "toy"}
    assert trained.record == {**common, "status": "ok", **figures, **more}
    trained.summary = dataclasses.replace(trained.summary, status="skipped", best_step=None, symptoms={"NaN": "is NaN"})
    assert trained(resume=False, base=Path("base"), quiet=False) == 0
    assert (trained.given["resume"], trained.given["base_model"]) == ("never", Path("base"))
    assert trained.lines[1:] == [
        "gantools train: never healthy (NaN: is NaN); the weights are kept; train longer, or with other settings",
        "gantools train: up to date: 8 steps",
    ]
    assert (trained.record or {})["status"] == "skipped"


def test_a_run_of_a_hundred_steps_that_was_never_healthy_fails(trained: Trained) -> None:
    finished = trained.summary
    line = "never healthy (noise: flat; silence: still); the weights are kept; train longer, or with other settings"
    for status in ("finished", "skipped"):
        ill = {"noise": "flat", "silence": "still"}
        trained.summary = dataclasses.replace(finished, status=status, step=100, healthy_step=None, symptoms=ill)
        assert trained(quiet=True) == 1
        assert trained.lines == ["gantools train: x: left out", f"gantools train: {line}"]
        record = trained.record or {}
        assert (record["status"], record["error"], record["symptoms"], record["best_step"]) == ("error", line, ill, 6)
        assert trained(json=False) == 1
        assert trained.record is None
    trained.summary = dataclasses.replace(trained.summary, step=99)
    assert trained() == 0
    assert (trained.record or {})["status"] == "skipped"


def test_a_dry_run_says_what_would_be_trained(trained: Trained) -> None:
    def drive(*given: Any, **options: Any) -> Any:
        raise AssertionError("nothing is trained")

    assert trained(drive, dry_run=True) == 0
    assert trained.lines[:6] == [
        "gantools train: x: left out",
        "gantools train: a note",
        "gantools train: songs: training 2, held out 1",
        "gantools train: parameters: G 1,234, D 5",
        "gantools train: chunks: bass 3",
        "gantools train: hours: 2",
    ]
    assert trained.lines[6].startswith("gantools train: options: ")
    assert " seed=5 " in f"{trained.lines[6]} "
    record = trained.record or {}
    assert record.pop("config")["seed"] == 5
    assert record == {
        "action": "train",
        "status": "planned",
        "path": str(trained.folder / "m"),
        "source": "chunks",
        "rel": "",
        "role": "bass",
        "system": "toy",
        "parameters": {"G": 1234, "D": 5},
        "songs": {"training": 2, "held out": 1},
        "chunks": {"bass": 3},
        "hours": 2,
        "notes": ["a note"],
        "left_out": ["x: left out"],
    }
    trained.toy = {"songs": {}, "notes": (), "left_out": ()}
    trained(drive, dry_run=True)
    assert not {"songs", "notes", "left_out"} & set(trained.record or {})
    assert trained.lines[0].startswith("gantools train: parameters")


def test_an_interrupted_run_says_how_to_go_on(trained: Trained) -> None:
    trained.summary = dataclasses.replace(trained.summary, status="interrupted")
    with pytest.raises(StoppedError, match="interrupted after 8 of 9 steps; the same command goes on"):
        trained()


@pytest.mark.parametrize("kind", [ModelError, DeviceError])
def test_an_error_before_anything_was_trained_is_one_of_the_start(trained: Trained, kind: type[Exception]) -> None:
    def early(*given: Any, **options: Any) -> Any:
        raise kind("is wrong")

    def late(*given: Any, report: Any, **options: Any) -> Any:
        report(Progress("train", 1, 9, 1.0))
        raise kind("is wrong")

    with pytest.raises(kind, match="is wrong"):
        trained(early)
    trained.capsys.readouterr()
    assert trained(late) == 1
    assert trained.lines[-1] == "gantools train: is wrong"
    record = trained.record or {}
    assert (record["status"], record["error"], record["system"]) == ("error", "is wrong", "toy")


def test_only_the_first_rank_speaks(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantools.runtime.ranks.is_first_rank", lambda: False)
    assert trained() == 0
    assert (trained.lines, trained.record) == ([], None)
    assert trained.given["report"].bar._quiet
    assert trained(quiet=True) == 0
    monkeypatch.setattr("gantools.runtime.ranks.is_first_rank", lambda: True)
    trained()
    assert not trained.given["report"].bar._quiet
    trained(quiet=True)
    assert trained.given["report"].bar._quiet
    assert trained.lines == ["gantools train: x: left out"]


def test_a_model_is_checked_where_it_is_gone_on_with(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[Path] = []
    monkeypatch.setattr("gantools.models.folder.check_model", checked.append)
    for check, resume in ((False, True), (True, False), (True, True)):
        trained(check=check, resume=resume)
    assert checked == [trained.folder / "m"]
